"""The states that registered things stand in."""

from enum import StrEnum


class AssetKind(StrEnum):
    """What an avatar's model may be known by: the SHA-256 of its VRM file, the id of its VTube Studio model."""

    VRM = "vrm"
    VTUBE_STUDIO = "vtube_studio"


class ConflictReason(StrEnum):
    """Why a submitted avatar needs a person's review."""

    LIKENESS = "likeness"
    ASSET = "asset"


class Resolution(StrEnum):
    """What became of a conflict."""

    APPROVED = "approved"
    REJECTED = "rejected"
    MERGED = "merged"


class OperatorState(StrEnum):
    """Whether an operator may drive."""

    ACTIVE = "active"
    REVOKED = "revoked"


class CutState(StrEnum):
    """How far a cut has come; FAILED may still be confirmed late, RESTORED is undone and stays on record."""

    INTENDED = "intended"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    RESTORED = "restored"


class LinkedBy(StrEnum):
    """By what a stream was recognised that is forbidden elsewhere."""

    AVATAR = "avatar"
    PICTURE = "picture"
    OPERATOR = "operator"
    ACCOUNT = "account"


class EventState(StrEnum):
    """Where a webhook event stands; DEAD was given up on."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Purpose(StrEnum):
    """What a ceremony is for, a passkey's or an OpenID provider's: an answer to one is none to another."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    SHIFT = "shift"
    TOUCH = "touch"
    HANDOVER = "handover"
    STEP_UP = "step_up"
    OPENID_SIGN_IN = "openid_sign_in"
    OPENID_STEP_UP = "openid_step_up"


class Role(StrEnum):
    """What an account may do: look; decide; decide what is hard to undo; look at the ledger as well; everything."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    SENIOR = "senior"
    AUDITOR = "auditor"
    ADMIN = "admin"


class AccountState(StrEnum):
    """Whether an account may sign in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class SignInMethod(StrEnum):
    """How somebody signed in."""

    PASSKEY = "passkey"
    OPENID = "openid"


class AppealOutcome(StrEnum):
    """What became of an appeal."""

    GRANTED = "granted"
    REJECTED = "rejected"


class ReportKind(StrEnum):
    """What is reported: something on air, a likeness that was taken, or a stream that the monitor cannot watch."""

    STREAM = "stream"
    LIKENESS = "likeness"
    QUARANTINE = "quarantine"


class Retention(StrEnum):
    """For how long the evidence of a case is kept; a legal hold keeps it until it is lifted."""

    HALF_YEAR = "half_year"
    THREE_YEARS = "three_years"
