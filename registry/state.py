"""The states that registered things stand in."""

from enum import StrEnum


class AvatarState(StrEnum):
    """Whether an avatar may be on air; what is revoked does not come back."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


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


class EventState(StrEnum):
    """Where a webhook event stands; DEAD was given up on."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
