"""The tables. One noun of the vocabulary is one table; rows never leave this package.

``seq`` is the order of arrival, for listing and cursors; ``id`` is what the world sees. Every change made here needs
a migration in ``registry/migrations``; a test compares the two.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    false,
    text,
)

from protocols.avatar import AvatarRole, AvatarState
from protocols.bulk import BatchState, EditAct
from protocols.case import CaseAct, CaseDecision, CaseState
from protocols.measure import MeasureKind, StrikeSubject
from protocols.session import SessionState, SourceKind
from registry.column import Choice, Document, Instant
from registry.state import (
    AccountState,
    AppealOutcome,
    AssetKind,
    ConflictReason,
    CutState,
    EventState,
    LinkedBy,
    OperatorState,
    Purpose,
    ReportKind,
    Resolution,
    Retention,
    Role,
    SignInMethod,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = 40
_NAME = 256


class Arriving(TypedColumns):
    """What is listed in the order in which it came."""

    seq = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    id: Named[str] = Column(String(_ID), unique=True)


class AvatarColumns(Arriving):
    """``name_key`` is the name as people compare names: without regard to case or width.

    ``since``, ``because`` and ``decided_by`` are of the last change of ``state``; what was registered before they
    were kept has none, and is valid from its registration on. ``submitted_by``: who registered it, where it was kept.
    """

    owner: Named[str] = Column(String(_NAME), index=True)
    name: Named[str] = Column(String(_NAME))
    name_key: Named[str] = Column(String(_NAME))
    role: Named[AvatarRole] = Column(Choice(AvatarRole), server_default=AvatarRole.AVATAR.value)
    state: Named[AvatarState] = Column(Choice(AvatarState))
    since: Named[datetime | None] = Column(Instant)
    because: Named[str | None] = Column(Text)
    decided_by: Named[str | None] = Column(String(_NAME))
    submitted_by: Named[str | None] = Column(String(_NAME))
    abilities: Named[list[str]] = Column(Document)
    code: Named[str | None] = Column(String(_NAME))
    valid_from: Named[datetime | None] = Column(Instant)
    valid_until: Named[datetime | None] = Column(Instant)
    policy: Named[str | None] = Column(String(_NAME))
    needs_consent: Named[bool] = Column(Boolean, server_default=false())
    model: Named[str] = Column(String(_NAME))
    registered_at: Named[datetime] = Column(Instant)


class AliasColumns(TypedColumns):
    """A further display name of an avatar."""

    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), primary_key=True)
    name_key: Named[str] = Column(String(_NAME), primary_key=True)
    name: Named[str] = Column(String(_NAME))


class AssetColumns(TypedColumns):
    """What an avatar's model is known by: the SHA-256 of a VRM file, the id of a VTube Studio model."""

    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), primary_key=True)
    kind: Named[AssetKind] = Column(Choice(AssetKind), primary_key=True)
    value: Named[str] = Column(String(_NAME), primary_key=True)


class PictureColumns(TypedColumns):
    """A reference picture: the digest of the file that was sent, and the picture as reviewers see it.

    ``content`` is a small JPEG encoded anew from the pixels; null for what was registered before pictures were kept.
    """

    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), primary_key=True)
    digest: Named[bytes] = Column(LargeBinary(32), primary_key=True)
    outfit: Named[str] = Column(String(_NAME), server_default="default")
    content: Named[bytes | None] = Column(LargeBinary)


class VectorColumns(TypedColumns):
    """One likeness vector: ``vector`` is little-endian float32, ``dimension`` numbers of it, of ``picture``."""

    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), primary_key=True)
    model: Named[str] = Column(String(_NAME), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    dimension: Named[int]
    vector: Named[bytes] = Column(LargeBinary)
    picture: Named[bytes | None] = Column(LargeBinary(32))


class ConsentColumns(Arriving):
    """The consent of a person whom an avatar resembles; ``subject`` and ``guardian`` are references, never names."""

    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), index=True)
    subject: Named[str] = Column(String(_NAME), index=True)
    purpose: Named[str] = Column(Text)
    scope: Named[str] = Column(Text)
    guardian: Named[str | None] = Column(String(_NAME))
    obtained_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant)
    withdrawn_at: Named[datetime | None] = Column(Instant)


class ConflictColumns(Arriving):
    """What the check found an avatar too like to: ``other``, by which of their pictures, and what became of it."""

    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), index=True)
    other: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), index=True)
    reason: Named[ConflictReason] = Column(Choice(ConflictReason))
    similarity: Named[float | None] = Column(Float)
    probability: Named[float | None] = Column(Float)
    picture: Named[bytes | None] = Column(LargeBinary(32))
    other_picture: Named[bytes | None] = Column(LargeBinary(32))
    found_at: Named[datetime] = Column(Instant)
    resolution: Named[Resolution | None] = Column(Choice(Resolution))
    resolved_at: Named[datetime | None] = Column(Instant)


class OperatorColumns(Arriving):
    """A person under the pseudonym that the issuer of the identity check gave; no name, no id number, ever."""

    pseudonym: Named[str] = Column(String(_NAME))
    issuer: Named[str] = Column(String(_NAME))
    assurance: Named[str] = Column(String(_NAME))
    verified_at: Named[datetime] = Column(Instant)
    enrolled_at: Named[datetime] = Column(Instant)
    state: Named[OperatorState] = Column(Choice(OperatorState))
    cannot: Named[list[str] | None] = Column(Document)
    reminded_at: Named[datetime | None] = Column(Instant)


class DeviceKeyColumns(TypedColumns):
    """An Ed25519 public key of an operator's device; a key belongs to one operator only."""

    key: Named[bytes] = Column(LargeBinary(32), primary_key=True)
    operator: Named[str] = Column(String(_ID), ForeignKey("operators.id"), index=True)
    position: Named[int]
    added_at: Named[datetime] = Column(Instant)


class PasskeyColumns(Arriving):
    """A passkey of whoever ``holder`` is the id of; ``key`` is its public key (COSE), ``credential`` its id."""

    holder: Named[str] = Column(String(_ID), index=True)
    credential: Named[bytes] = Column(LargeBinary(1023), unique=True)
    key: Named[bytes] = Column(LargeBinary)
    sign_count: Named[int] = Column(BigInteger)
    synced: Named[bool]
    aaguid: Named[str] = Column(String(_ID))
    added_at: Named[datetime] = Column(Instant)
    used_at: Named[datetime | None] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)


class CeremonyColumns(TypedColumns):
    """A ceremony with a passkey that was begun and not ended; it is ended once, before ``expires_at``."""

    id: Named[str] = Column(String(_ID), primary_key=True)
    purpose: Named[Purpose] = Column(Choice(Purpose))
    challenge: Named[bytes] = Column(LargeBinary(32))
    holder: Named[str | None] = Column(String(_ID))
    context: Named[dict[str, Any]] = Column(Document)
    expires_at: Named[datetime] = Column(Instant, index=True)


class InvitationColumns(Arriving):
    """Somebody may register a passkey once; ``digest`` is the SHA-256 of the code, which is nowhere."""

    holder: Named[str] = Column(String(_ID), index=True)
    digest: Named[bytes] = Column(LargeBinary(32), unique=True)
    expires_at: Named[datetime] = Column(Instant)
    used_at: Named[datetime | None] = Column(Instant)


class AccessColumns(TypedColumns):
    """Somebody looked at something of an operator; rows are only ever added."""

    seq = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    operator: Named[str] = Column(String(_ID), ForeignKey("operators.id"), index=True)
    by: Named[str] = Column(String(_NAME))
    what: Named[str] = Column(String(_NAME))
    at: Named[datetime] = Column(Instant)


class ReactionColumns(TypedColumns):
    """After how many ``seconds`` an operator answered questions of a kind, the newest last."""

    operator: Named[str] = Column(String(_ID), ForeignKey("operators.id"), primary_key=True)
    kind: Named[str] = Column(String(_NAME), primary_key=True)
    seconds: Named[list[float]] = Column(Document)
    at: Named[datetime] = Column(Instant)


class PolicyColumns(TypedColumns):
    """One version of a policy, never changed."""

    name: Named[str] = Column(String(_NAME), primary_key=True)
    version: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    document: Named[dict[str, Any]] = Column(Document)
    digest: Named[bytes] = Column(LargeBinary(32))
    put_at: Named[datetime] = Column(Instant)


class SessionColumns(Arriving):
    """``source`` tells one live stream from another; while ``ended_at`` is null, source and placement are taken.

    ``holder`` is the service that watches it, until ``held_until`` unless it renews that; null: nobody in particular.
    """

    kind: Named[SourceKind] = Column(Choice(SourceKind))
    url: Named[str | None] = Column(Text)
    source: Named[str | None] = Column(Text)
    server: Named[str | None] = Column(String(_NAME))
    app: Named[str | None] = Column(String(_NAME))
    stream: Named[str | None] = Column(String(_NAME))
    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), index=True)
    policy_name: Named[str] = Column(String(_NAME))
    policy_version: Named[int]
    state: Named[SessionState] = Column(Choice(SessionState), index=True)
    because: Named[str | None] = Column(Text)
    since: Named[datetime] = Column(Instant)
    epoch: Named[int]
    account: Named[str] = Column(String(_NAME), index=True)
    callback_url: Named[str | None] = Column(Text)
    attached_at: Named[datetime] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    verdict: Named[dict[str, Any] | None] = Column(Document)
    verdict_at: Named[datetime | None] = Column(Instant)
    holder: Named[str | None] = Column(String(_NAME))
    held_until: Named[datetime | None] = Column(Instant)


class RosterColumns(TypedColumns):
    """The operators of a session, in the order given."""

    session: Named[str] = Column(String(_ID), ForeignKey("sessions.id"), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    operator: Named[str] = Column(String(_ID), ForeignKey("operators.id"), index=True)


class ShiftColumns(Arriving):
    """An operator behind a session; one that has neither ended nor lapsed has a ``place`` of its operator for itself.

    ``at_once``: in how many the operator may be, as the policy of this session says.
    """

    session: Named[str] = Column(String(_ID), ForeignKey("sessions.id"), index=True)
    operator: Named[str] = Column(String(_ID), ForeignKey("operators.id"), index=True)
    channel_key: Named[bytes] = Column(LargeBinary(32))
    passkey: Named[str | None] = Column(String(_ID))
    proof: Named[dict[str, Any] | None] = Column(Document)
    place: Named[int] = Column(Integer, server_default="0")
    at_once: Named[int] = Column(Integer, server_default="1")
    began_at: Named[datetime] = Column(Instant)
    lapsed_at: Named[datetime | None] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    because: Named[str | None] = Column(Text)


class CutColumns(Arriving):
    """A stream taken off air; there is one per session and epoch."""

    session: Named[str] = Column(String(_ID), ForeignKey("sessions.id"))
    epoch: Named[int]
    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), index=True)
    rule: Named[str] = Column(String(_NAME))
    cause: Named[str] = Column(Text)
    evidence: Named[dict[str, Any]] = Column(Document)
    decided_at: Named[datetime] = Column(Instant)
    state: Named[CutState] = Column(Choice(CutState), index=True)
    confirmed_at: Named[datetime | None] = Column(Instant)
    seconds: Named[float | None] = Column(Float)
    until: Named[datetime | None] = Column(Instant)
    enforcer: Named[str] = Column(String(_NAME))
    steps: Named[list[dict[str, Any]]] = Column(Document)
    server: Named[str | None] = Column(String(_NAME))
    app: Named[str | None] = Column(String(_NAME))
    stream: Named[str | None] = Column(String(_NAME))
    measure: Named[MeasureKind] = Column(Choice(MeasureKind), server_default=MeasureKind.FORBID.value)
    decided_by: Named[str] = Column(String(_NAME), server_default="policy")
    strike: Named[int] = Column(Integer, server_default="0")


class StrikeColumns(Arriving):
    """A cut that stands against an avatar, an operator or an account, until it is taken back."""

    cut: Named[str] = Column(String(_ID), ForeignKey("cuts.id"))
    kind: Named[StrikeSubject] = Column(Choice(StrikeSubject))
    subject: Named[str] = Column(String(_NAME))
    rule: Named[str] = Column(String(_NAME))
    at: Named[datetime] = Column(Instant)
    taken_back_at: Named[datetime | None] = Column(Instant)


class LinkColumns(TypedColumns):
    """A session that is the return of the stream of ``cut``, under another key, room or account."""

    session: Named[str] = Column(String(_ID), ForeignKey("sessions.id"), primary_key=True)
    cut: Named[str] = Column(String(_ID), ForeignKey("cuts.id"), primary_key=True)
    by: Named[LinkedBy] = Column(Choice(LinkedBy))
    at: Named[datetime] = Column(Instant)


class UndoingColumns(TypedColumns):
    """That ``cut`` was undone, for an operator of its session to be told (``told_at``: and was)."""

    cut: Named[str] = Column(String(_ID), ForeignKey("cuts.id"), primary_key=True)
    operator: Named[str] = Column(String(_ID), ForeignKey("operators.id"), primary_key=True)
    at: Named[datetime] = Column(Instant)
    told_at: Named[datetime | None] = Column(Instant)


class PrintColumns(TypedColumns):
    """A turn of an operator's head: its number, in which session, and when (seconds since 1970, UTC)."""

    key: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    session: Named[str] = Column(String(_ID), ForeignKey("sessions.id"), primary_key=True)
    at: Named[float] = Column(Float, primary_key=True, index=True)


class BlockColumns(Arriving):
    """A place that may not publish until ``until`` (null: until lifted)."""

    server: Named[str] = Column(String(_NAME))
    app: Named[str] = Column(String(_NAME))
    stream: Named[str] = Column(String(_NAME))
    cut: Named[str | None] = Column(String(_ID), ForeignKey("cuts.id"), index=True)
    reason: Named[str] = Column(Text)
    since: Named[datetime] = Column(Instant)
    until: Named[datetime | None] = Column(Instant)
    lifted_at: Named[datetime | None] = Column(Instant)


class BookingColumns(Arriving):
    """Which avatar goes on air at a place; ``roster`` holds the operators with their shifts.

    ``policy`` is empty where the avatar's own profile applies.
    """

    server: Named[str] = Column(String(_NAME))
    app: Named[str] = Column(String(_NAME))
    stream: Named[str] = Column(String(_NAME))
    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"), index=True)
    roster: Named[list[dict[str, Any]]] = Column(Document)
    policy: Named[str] = Column(String(_NAME))
    url: Named[str | None] = Column(Text)
    callback_url: Named[str | None] = Column(Text)
    account: Named[str] = Column(String(_NAME))
    booked_at: Named[datetime] = Column(Instant)


class ApiKeyColumns(Arriving):
    """``digest`` is the SHA-256 of the secret; the secret itself is nowhere."""

    name: Named[str] = Column(String(_NAME))
    digest: Named[bytes] = Column(LargeBinary(32))
    scopes: Named[list[str]] = Column(Document)
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)


class RequestColumns(TypedColumns):
    """A request that carried an Idempotency-Key; ``status`` is null while it is being answered."""

    api_key: Named[str] = Column(String(_ID), primary_key=True)
    idempotency_key: Named[str] = Column(String(_NAME), primary_key=True)
    digest: Named[bytes] = Column(LargeBinary(32))
    ticket: Named[str] = Column(String(_ID))
    begun_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant, index=True)
    status: Named[int | None]
    headers: Named[dict[str, str] | None] = Column(Document)
    body: Named[bytes | None] = Column(LargeBinary)


class EventColumns(Arriving):
    """A webhook event; ``body`` holds the exact bytes that are signed and sent."""

    session: Named[str] = Column(String(_ID))
    kind: Named[str] = Column(String(_NAME))
    url: Named[str] = Column(Text)
    body: Named[bytes] = Column(LargeBinary)
    state: Named[EventState] = Column(Choice(EventState))
    created_at: Named[datetime] = Column(Instant)
    next_at: Named[datetime] = Column(Instant)
    attempts: Named[int]
    error: Named[str | None] = Column(Text)
    settled_at: Named[datetime | None] = Column(Instant)


class CaseColumns(Arriving):
    """What was done to a stream, for a person to decide; ``version`` rises with every act.

    What is listed and searched by stands here as it was when the case was opened. ``proposal`` and what goes with it
    waits for a second person; ``restored_at``: when an overturned cut was undone on its media server.
    ``missing`` says why there is no evidence.
    """

    act: Named[CaseAct] = Column(Choice(CaseAct))
    cut: Named[str | None] = Column(String(_ID), ForeignKey("cuts.id"), unique=True)
    session: Named[str] = Column(String(_ID), ForeignKey("sessions.id"), index=True)
    avatar: Named[str] = Column(String(_ID), ForeignKey("avatars.id"))
    avatar_name: Named[str] = Column(String(_NAME))
    operators: Named[list[str]] = Column(Document)
    account: Named[str] = Column(String(_NAME))
    server: Named[str | None] = Column(String(_NAME))
    app: Named[str | None] = Column(String(_NAME))
    stream: Named[str | None] = Column(String(_NAME))
    rule: Named[str] = Column(String(_NAME))
    cause: Named[str] = Column(Text)
    driver: Named[str | None] = Column(String(32))
    p_human: Named[float | None] = Column(Float)
    policy: Named[str] = Column(String(_NAME))
    opened_at: Named[datetime] = Column(Instant)
    four_eyes: Named[bool] = Column(Boolean)
    state: Named[CaseState] = Column(Choice(CaseState))
    version: Named[int]
    proposal: Named[CaseDecision | None] = Column(Choice(CaseDecision))
    proposed_by: Named[str | None] = Column(String(_NAME))
    proposed_because: Named[str | None] = Column(Text)
    decided_by: Named[str | None] = Column(String(_NAME))
    because: Named[str | None] = Column(Text)
    decided_at: Named[datetime | None] = Column(Instant)
    restored_at: Named[datetime | None] = Column(Instant)
    retention: Named[Retention] = Column(Choice(Retention), server_default=Retention.HALF_YEAR.value)
    hold: Named[bool] = Column(Boolean, server_default=false())
    missing: Named[str | None] = Column(Text)
    stated_at: Named[datetime | None] = Column(Instant)


class ExhibitColumns(TypedColumns):
    """A piece of a case's evidence: what is in the evidence store by this SHA-256."""

    case: Named[str] = Column(String(_ID), ForeignKey("cases.id"), primary_key=True)
    name: Named[str] = Column(String(_NAME), primary_key=True)
    digest: Named[bytes] = Column(LargeBinary(32), index=True)
    size: Named[int] = Column(BigInteger)
    media_type: Named[str] = Column(String(_NAME))
    deleted_at: Named[datetime | None] = Column(Instant)


class AppealColumns(Arriving):
    """An appeal against a case, once; ``due_at``: until when it is to be decided."""

    case: Named[str] = Column(String(_ID), ForeignKey("cases.id"), unique=True)
    by: Named[str] = Column(String(_NAME))
    text: Named[str] = Column(Text)
    at: Named[datetime] = Column(Instant)
    fast: Named[bool] = Column(Boolean)
    due_at: Named[datetime] = Column(Instant)
    outcome: Named[AppealOutcome | None] = Column(Choice(AppealOutcome))
    decided_at: Named[datetime | None] = Column(Instant)


class ReportColumns(Arriving):
    """What somebody reports; who they are is not kept: ``secret`` is the SHA-256 of what tells them how it stands.

    ``found``: the avatars that a likeness was found to be like, with their sessions; ``seen``: the pictures on air.
    """

    kind: Named[ReportKind] = Column(Choice(ReportKind))
    session: Named[str | None] = Column(String(_ID))
    text: Named[str] = Column(Text)
    standing: Named[str | None] = Column(Text)
    secret: Named[bytes] = Column(LargeBinary(32))
    found: Named[list[dict[str, Any]]] = Column(Document)
    seen: Named[list[dict[str, Any]] | None] = Column(Document)
    at: Named[datetime] = Column(Instant, index=True)
    due_at: Named[datetime] = Column(Instant)
    answer: Named[str | None] = Column(Text)
    answered_by: Named[str | None] = Column(String(_NAME))
    answered_at: Named[datetime | None] = Column(Instant)


class CaseWordColumns(TypedColumns):
    """A word that a case is found by; the same in any database, and in order of arrival for each word."""

    word: Named[str] = Column(String(64).with_variant(String(64, collation="C"), "postgresql"), primary_key=True)
    case: Named[int] = Column(
        BigInteger().with_variant(Integer(), "sqlite"),
        ForeignKey("cases.seq"),
        primary_key=True,
        autoincrement=False,
    )


class CaseNoteColumns(Arriving):
    """What a moderator wrote beside a case."""

    case: Named[str] = Column(String(_ID), ForeignKey("cases.id"), index=True)
    by: Named[str] = Column(String(_NAME))
    at: Named[datetime] = Column(Instant)
    text: Named[str] = Column(Text)


class CaseViewColumns(Arriving):
    """Who looked at a case, and for how many seconds as far as is known."""

    case: Named[str] = Column(String(_ID), ForeignKey("cases.id"), index=True)
    by: Named[str] = Column(String(_NAME))
    at: Named[datetime] = Column(Instant)
    seconds: Named[float] = Column(Float)


class AccountColumns(Arriving):
    """Somebody who moderates; ``name`` is a handle that colleagues know, never a person's name."""

    name: Named[str] = Column(String(_NAME))
    name_key: Named[str] = Column(String(_NAME), unique=True)
    role: Named[Role] = Column(Choice(Role))
    state: Named[AccountState] = Column(Choice(AccountState))
    created_at: Named[datetime] = Column(Instant)
    created_by: Named[str] = Column(String(_NAME))
    issuer: Named[str | None] = Column(String(_NAME))
    subject: Named[bytes | None] = Column(LargeBinary(32))
    """Digest of the OpenID provider's issuer and subject: the account is found by it, neither can be read from it."""


class SignInColumns(Arriving):
    """An account that is signed in on one browser; ``digest`` is the SHA-256 of its cookie's token."""

    account: Named[str] = Column(String(_ID), ForeignKey("accounts.id"), index=True)
    digest: Named[bytes] = Column(LargeBinary(32), unique=True)
    method: Named[SignInMethod] = Column(Choice(SignInMethod))
    begun_at: Named[datetime] = Column(Instant)
    seen_at: Named[datetime] = Column(Instant)
    stepped_up_at: Named[datetime | None] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    provider: Named[str | None] = Column(String(_NAME))


class EditColumns(TypedColumns):
    """Registrations that one key or account has changed by itself of late."""

    seq: Named[int] = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    by: Named[str] = Column(String(_NAME), index=True)
    at: Named[datetime] = Column(Instant)
    count: Named[int] = Column(Integer)


class BatchColumns(Arriving):
    """One act on many registrations, which waits for another key or account."""

    act: Named[EditAct] = Column(Choice(EditAct))
    subjects: Named[list[str]] = Column(Document)
    because: Named[str] = Column(Text)
    by: Named[str] = Column(String(_NAME))
    at: Named[datetime] = Column(Instant)
    state: Named[BatchState] = Column(Choice(BatchState))
    settled_by: Named[str | None] = Column(String(_NAME))
    settled_because: Named[str | None] = Column(Text)
    settled_at: Named[datetime | None] = Column(Instant)
    outcome: Named[dict[str, str]] = Column(Document)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


avatars = Table(
    "avatars",
    metadata,
    AvatarColumns,
    Index("uq_avatars_owner_name", "owner", "name_key", unique=True, **_where("state <> 'revoked'")),
    Index("uq_avatars_code", "code", unique=True, **_where("state <> 'revoked'")),
    sqlite_autoincrement=True,
)
aliases = Table("aliases", metadata, AliasColumns, Index("ix_aliases_name_key", "name_key"))
assets = Table("assets", metadata, AssetColumns, Index("ix_assets_value", "value"))
consents = Table("consents", metadata, ConsentColumns, sqlite_autoincrement=True)
conflicts = Table("conflicts", metadata, ConflictColumns, sqlite_autoincrement=True)
pictures = Table("pictures", metadata, PictureColumns, Index("ix_pictures_digest", "digest"))
vectors = Table("vectors", metadata, VectorColumns, Index("ix_vectors_model", "model"))
operators = Table(
    "operators",
    metadata,
    OperatorColumns,
    UniqueConstraint("issuer", "pseudonym"),
    sqlite_autoincrement=True,
)
device_keys = Table("device_keys", metadata, DeviceKeyColumns)
accesses = Table("accesses", metadata, AccessColumns, sqlite_autoincrement=True)
reactions = Table("reactions", metadata, ReactionColumns)
passkeys = Table("passkeys", metadata, PasskeyColumns, sqlite_autoincrement=True)
ceremonies = Table("ceremonies", metadata, CeremonyColumns)
invitations = Table("invitations", metadata, InvitationColumns, sqlite_autoincrement=True)
policies = Table("policies", metadata, PolicyColumns)
sessions = Table(
    "sessions",
    metadata,
    SessionColumns,
    ForeignKeyConstraint(["policy_name", "policy_version"], ["policies.name", "policies.version"]),
    Index("uq_sessions_source", "source", unique=True, **_where("ended_at IS NULL")),
    Index("uq_sessions_placement", "server", "app", "stream", unique=True, **_where("ended_at IS NULL")),
    sqlite_autoincrement=True,
)
rosters = Table("rosters", metadata, RosterColumns)
shifts = Table(
    "shifts",
    metadata,
    ShiftColumns,
    Index("uq_shifts_operator", "operator", "place", unique=True, **_where("ended_at IS NULL AND lapsed_at IS NULL")),
    Index("uq_shifts_session_operator", "session", "operator", unique=True, **_where("ended_at IS NULL")),
    sqlite_autoincrement=True,
)
cuts = Table("cuts", metadata, CutColumns, UniqueConstraint("session", "epoch"), sqlite_autoincrement=True)
strikes = Table(
    "strikes",
    metadata,
    StrikeColumns,
    UniqueConstraint("cut", "kind", "subject"),
    Index("ix_strikes_kind_subject", "kind", "subject"),
    sqlite_autoincrement=True,
)
links = Table("links", metadata, LinkColumns)
undoings = Table(
    "undoings", metadata, UndoingColumns, Index("ix_undoings_operator", "operator", **_where("told_at IS NULL"))
)
prints = Table("prints", metadata, PrintColumns, sqlite_with_rowid=False)
blocks = Table(
    "blocks",
    metadata,
    BlockColumns,
    Index("ix_blocks_place", "server", "app", "stream", **_where("lifted_at IS NULL")),
    sqlite_autoincrement=True,
)
bookings = Table(
    "bookings", metadata, BookingColumns, UniqueConstraint("server", "app", "stream"), sqlite_autoincrement=True
)
api_keys = Table("api_keys", metadata, ApiKeyColumns, sqlite_autoincrement=True)
accounts = Table(
    "accounts",
    metadata,
    AccountColumns,
    Index("uq_accounts_subject", "subject", unique=True),
    sqlite_autoincrement=True,
)
signins = Table("signins", metadata, SignInColumns, sqlite_autoincrement=True)
edits = Table("edits", metadata, EditColumns, sqlite_autoincrement=True)
batches = Table("batches", metadata, BatchColumns, sqlite_autoincrement=True)
requests = Table("requests", metadata, RequestColumns)
events = Table(
    "events",
    metadata,
    EventColumns,
    Index("ix_events_pending", "session", "seq", **_where("state = 'pending'")),
    sqlite_autoincrement=True,
)
cases = Table(
    "cases",
    metadata,
    CaseColumns,
    Index("ix_cases_state_seq", "state", "seq"),
    Index("ix_cases_rule_seq", "rule", "seq"),
    Index("ix_cases_avatar_seq", "avatar", "seq"),
    Index("ix_cases_account_seq", "account", "seq"),
    Index("ix_cases_server_seq", "server", "seq"),
    Index("ix_cases_opened_at", "opened_at"),
    Index("ix_cases_unstated", "seq", **_where("stated_at IS NULL")),
    Index("ix_cases_unrestored", "seq", **_where("state = 'overturned' AND restored_at IS NULL")),
    sqlite_autoincrement=True,
)
case_words = Table("case_words", metadata, CaseWordColumns, Index("ix_case_words_case_word", "case", "word"))
case_notes = Table("case_notes", metadata, CaseNoteColumns, sqlite_autoincrement=True)
case_views = Table("case_views", metadata, CaseViewColumns, sqlite_autoincrement=True)
exhibits = Table("exhibits", metadata, ExhibitColumns)
appeals = Table(
    "appeals",
    metadata,
    AppealColumns,
    Index("ix_appeals_waiting", "due_at", **_where("decided_at IS NULL")),
    sqlite_autoincrement=True,
)
reports = Table(
    "reports",
    metadata,
    ReportColumns,
    Index("ix_reports_waiting", "due_at", **_where("answered_at IS NULL")),
    sqlite_autoincrement=True,
)
