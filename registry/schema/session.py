"""The tables of sessions: by which policy, with whom and where they are, and what is sent of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)

from protocols.session import SessionState, SourceKind
from registry.column import Choice, Document, Instant
from registry.schema.table import ID, NAME, Arriving, metadata, where
from registry.state import EventState


class PolicyColumns(TypedColumns):
    """One version of a policy, never changed."""

    name: Named[str] = Column(String(NAME), primary_key=True)
    version: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    document: Named[dict[str, Any]] = Column(Document)
    digest: Named[bytes] = Column(LargeBinary(32))
    put_at: Named[datetime] = Column(Instant)


policies = Table("policies", metadata, PolicyColumns)


class SessionColumns(Arriving):
    """``source`` tells one live stream from another; while ``ended_at`` is null, source and placement are taken.

    ``holder`` is the service that watches it, until ``held_until`` unless it renews that; null: nobody in particular.
    """

    kind: Named[SourceKind] = Column(Choice(SourceKind))
    url: Named[str | None] = Column(Text)
    source: Named[str | None] = Column(Text)
    server: Named[str | None] = Column(String(NAME))
    app: Named[str | None] = Column(String(NAME))
    stream: Named[str | None] = Column(String(NAME))
    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), index=True)
    policy_name: Named[str] = Column(String(NAME))
    policy_version: Named[int]
    state: Named[SessionState] = Column(Choice(SessionState), index=True)
    because: Named[str | None] = Column(Text)
    since: Named[datetime] = Column(Instant)
    epoch: Named[int]
    account: Named[str] = Column(String(NAME), index=True)
    callback_url: Named[str | None] = Column(Text)
    attached_at: Named[datetime] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    verdict: Named[dict[str, Any] | None] = Column(Document)
    verdict_at: Named[datetime | None] = Column(Instant)
    holder: Named[str | None] = Column(String(NAME))
    held_until: Named[datetime | None] = Column(Instant)


sessions = Table(
    "sessions",
    metadata,
    SessionColumns,
    ForeignKeyConstraint(["policy_name", "policy_version"], ["policies.name", "policies.version"]),
    Index("uq_sessions_source", "source", unique=True, **where("ended_at IS NULL")),
    Index("uq_sessions_placement", "server", "app", "stream", unique=True, **where("ended_at IS NULL")),
    sqlite_autoincrement=True,
)


class RosterColumns(TypedColumns):
    """The operators of a session, in the order given."""

    session: Named[str] = Column(String(ID), ForeignKey("sessions.id"), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    operator: Named[str] = Column(String(ID), ForeignKey("operators.id"), index=True)


rosters = Table("rosters", metadata, RosterColumns)


class ShiftColumns(Arriving):
    """An operator behind a session; one that has neither ended nor lapsed has a ``place`` of its operator for itself.

    ``at_once``: in how many the operator may be, as the policy of this session says.
    """

    session: Named[str] = Column(String(ID), ForeignKey("sessions.id"), index=True)
    operator: Named[str] = Column(String(ID), ForeignKey("operators.id"), index=True)
    channel_key: Named[bytes] = Column(LargeBinary(32))
    passkey: Named[str | None] = Column(String(ID))
    proof: Named[dict[str, Any] | None] = Column(Document)
    place: Named[int] = Column(Integer, server_default="0")
    at_once: Named[int] = Column(Integer, server_default="1")
    began_at: Named[datetime] = Column(Instant)
    lapsed_at: Named[datetime | None] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    because: Named[str | None] = Column(Text)


shifts = Table(
    "shifts",
    metadata,
    ShiftColumns,
    Index("uq_shifts_operator", "operator", "place", unique=True, **where("ended_at IS NULL AND lapsed_at IS NULL")),
    Index("uq_shifts_session_operator", "session", "operator", unique=True, **where("ended_at IS NULL")),
    sqlite_autoincrement=True,
)


class BookingColumns(Arriving):
    """Which avatar goes on air at a place; ``roster`` holds the operators with their shifts.

    ``policy`` is empty where the avatar's own profile applies.
    """

    server: Named[str] = Column(String(NAME))
    app: Named[str] = Column(String(NAME))
    stream: Named[str] = Column(String(NAME))
    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), index=True)
    roster: Named[list[dict[str, Any]]] = Column(Document)
    policy: Named[str] = Column(String(NAME))
    url: Named[str | None] = Column(Text)
    callback_url: Named[str | None] = Column(Text)
    account: Named[str] = Column(String(NAME))
    booked_at: Named[datetime] = Column(Instant)


bookings = Table(
    "bookings", metadata, BookingColumns, UniqueConstraint("server", "app", "stream"), sqlite_autoincrement=True
)


class EventColumns(Arriving):
    """A webhook event; ``body`` holds the exact bytes that are signed and sent."""

    session: Named[str] = Column(String(ID))
    kind: Named[str] = Column(String(NAME))
    url: Named[str] = Column(Text)
    body: Named[bytes] = Column(LargeBinary)
    state: Named[EventState] = Column(Choice(EventState))
    created_at: Named[datetime] = Column(Instant)
    next_at: Named[datetime] = Column(Instant)
    attempts: Named[int]
    error: Named[str | None] = Column(Text)
    settled_at: Named[datetime | None] = Column(Instant)


events = Table(
    "events",
    metadata,
    EventColumns,
    Index("ix_events_pending", "session", "seq", **where("state = 'pending'")),
    sqlite_autoincrement=True,
)
