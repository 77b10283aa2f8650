"""The tables of operators: how they are known, what they come in by, and what is remembered of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    Named,
    String,
    Table,
    TypedColumns,
    UniqueConstraint,
)

from registry.column import Choice, Document, Instant
from registry.schema.table import ID, NAME, Arriving, metadata
from registry.state import OperatorState, Purpose


class OperatorColumns(Arriving):
    """A person under the pseudonym that the issuer of the identity check gave; no name, no id number, ever."""

    pseudonym: Named[str] = Column(String(NAME))
    issuer: Named[str] = Column(String(NAME))
    assurance: Named[str] = Column(String(NAME))
    verified_at: Named[datetime] = Column(Instant)
    enrolled_at: Named[datetime] = Column(Instant)
    state: Named[OperatorState] = Column(Choice(OperatorState))
    cannot: Named[list[str] | None] = Column(Document)
    reminded_at: Named[datetime | None] = Column(Instant)


operators = Table(
    "operators",
    metadata,
    OperatorColumns,
    UniqueConstraint("issuer", "pseudonym"),
    sqlite_autoincrement=True,
)


class DeviceKeyColumns(TypedColumns):
    """An Ed25519 public key of an operator's device; a key belongs to one operator only."""

    key: Named[bytes] = Column(LargeBinary(32), primary_key=True)
    operator: Named[str] = Column(String(ID), ForeignKey("operators.id"), index=True)
    position: Named[int]
    added_at: Named[datetime] = Column(Instant)


device_keys = Table("device_keys", metadata, DeviceKeyColumns)


class PasskeyColumns(Arriving):
    """A passkey of whoever ``holder`` is the id of; ``key`` is its public key (COSE), ``credential`` its id."""

    holder: Named[str] = Column(String(ID), index=True)
    credential: Named[bytes] = Column(LargeBinary(1023), unique=True)
    key: Named[bytes] = Column(LargeBinary)
    sign_count: Named[int] = Column(BigInteger)
    synced: Named[bool]
    aaguid: Named[str] = Column(String(ID))
    added_at: Named[datetime] = Column(Instant)
    used_at: Named[datetime | None] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)


passkeys = Table("passkeys", metadata, PasskeyColumns, sqlite_autoincrement=True)


class CeremonyColumns(TypedColumns):
    """A ceremony with a passkey that was begun and not ended; it is ended once, before ``expires_at``."""

    id: Named[str] = Column(String(ID), primary_key=True)
    purpose: Named[Purpose] = Column(Choice(Purpose))
    challenge: Named[bytes] = Column(LargeBinary(32))
    holder: Named[str | None] = Column(String(ID))
    context: Named[dict[str, Any]] = Column(Document)
    expires_at: Named[datetime] = Column(Instant, index=True)


ceremonies = Table("ceremonies", metadata, CeremonyColumns)


class InvitationColumns(Arriving):
    """Somebody may register a passkey once; ``digest`` is the SHA-256 of the code, which is nowhere."""

    holder: Named[str] = Column(String(ID), index=True)
    digest: Named[bytes] = Column(LargeBinary(32), unique=True)
    expires_at: Named[datetime] = Column(Instant)
    used_at: Named[datetime | None] = Column(Instant)


invitations = Table("invitations", metadata, InvitationColumns, sqlite_autoincrement=True)


class AccessColumns(TypedColumns):
    """Somebody looked at something of an operator; rows are only ever added."""

    seq = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    operator: Named[str] = Column(String(ID), ForeignKey("operators.id"), index=True)
    by: Named[str] = Column(String(NAME))
    what: Named[str] = Column(String(NAME))
    at: Named[datetime] = Column(Instant)


accesses = Table("accesses", metadata, AccessColumns, sqlite_autoincrement=True)


class ReactionColumns(TypedColumns):
    """After how many ``seconds`` an operator answered questions of a kind, the newest last."""

    operator: Named[str] = Column(String(ID), ForeignKey("operators.id"), primary_key=True)
    kind: Named[str] = Column(String(NAME), primary_key=True)
    seconds: Named[list[float]] = Column(Document)
    at: Named[datetime] = Column(Instant)


reactions = Table("reactions", metadata, ReactionColumns)


class HabitColumns(TypedColumns):
    """How often an operator makes a gesture unasked: the ``sizes`` of each time within ``watched`` seconds."""

    operator: Named[str] = Column(String(ID), ForeignKey("operators.id"), primary_key=True)
    gesture: Named[str] = Column(String(NAME), primary_key=True)
    watched: Named[float] = Column(Float)
    sizes: Named[list[float]] = Column(Document)
    at: Named[datetime] = Column(Instant)


habits = Table("habits", metadata, HabitColumns)


class PrintColumns(TypedColumns):
    """A turn of an operator's head: its number, in which session, and when (seconds since 1970, UTC)."""

    key: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    session: Named[str] = Column(String(ID), ForeignKey("sessions.id"), primary_key=True)
    at: Named[float] = Column(Float, primary_key=True, index=True)


prints = Table("prints", metadata, PrintColumns, sqlite_with_rowid=False)
