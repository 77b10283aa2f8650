"""The tables of cuts: what was done to a stream, what stands against whom for it, and how it is undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)

from protocols.measure import MeasureKind, StrikeSubject
from registry.column import Choice, Document, Instant
from registry.schema.table import ID, NAME, Arriving, metadata, where
from registry.state import CutState, LinkedBy


class CutColumns(Arriving):
    """A stream taken off air; there is one per session and epoch."""

    session: Named[str] = Column(String(ID), ForeignKey("sessions.id"))
    epoch: Named[int]
    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"), index=True)
    rule: Named[str] = Column(String(NAME))
    cause: Named[str] = Column(Text)
    evidence: Named[dict[str, Any]] = Column(Document)
    decided_at: Named[datetime] = Column(Instant)
    state: Named[CutState] = Column(Choice(CutState), index=True)
    confirmed_at: Named[datetime | None] = Column(Instant)
    seconds: Named[float | None] = Column(Float)
    until: Named[datetime | None] = Column(Instant)
    enforcer: Named[str] = Column(String(NAME))
    steps: Named[list[dict[str, Any]]] = Column(Document)
    server: Named[str | None] = Column(String(NAME))
    app: Named[str | None] = Column(String(NAME))
    stream: Named[str | None] = Column(String(NAME))
    measure: Named[MeasureKind] = Column(Choice(MeasureKind), server_default=MeasureKind.FORBID.value)
    decided_by: Named[str] = Column(String(NAME), server_default="policy")
    strike: Named[int] = Column(Integer, server_default="0")


cuts = Table("cuts", metadata, CutColumns, UniqueConstraint("session", "epoch"), sqlite_autoincrement=True)


class StrikeColumns(Arriving):
    """A cut that stands against an avatar, an operator or an account, until it is taken back."""

    cut: Named[str] = Column(String(ID), ForeignKey("cuts.id"))
    kind: Named[StrikeSubject] = Column(Choice(StrikeSubject))
    subject: Named[str] = Column(String(NAME))
    rule: Named[str] = Column(String(NAME))
    at: Named[datetime] = Column(Instant)
    taken_back_at: Named[datetime | None] = Column(Instant)


strikes = Table(
    "strikes",
    metadata,
    StrikeColumns,
    UniqueConstraint("cut", "kind", "subject"),
    Index("ix_strikes_kind_subject", "kind", "subject"),
    sqlite_autoincrement=True,
)


class LinkColumns(TypedColumns):
    """A session that is the return of the stream of ``cut``, under another key, room or account."""

    session: Named[str] = Column(String(ID), ForeignKey("sessions.id"), primary_key=True)
    cut: Named[str] = Column(String(ID), ForeignKey("cuts.id"), primary_key=True)
    by: Named[LinkedBy] = Column(Choice(LinkedBy))
    at: Named[datetime] = Column(Instant)


links = Table("links", metadata, LinkColumns)


class UndoingColumns(TypedColumns):
    """That ``cut`` was undone, for an operator of its session to be told (``told_at``: and was)."""

    cut: Named[str] = Column(String(ID), ForeignKey("cuts.id"), primary_key=True)
    operator: Named[str] = Column(String(ID), ForeignKey("operators.id"), primary_key=True)
    at: Named[datetime] = Column(Instant)
    told_at: Named[datetime | None] = Column(Instant)


undoings = Table(
    "undoings", metadata, UndoingColumns, Index("ix_undoings_operator", "operator", **where("told_at IS NULL"))
)


class BlockColumns(Arriving):
    """A place that may not publish until ``until`` (null: until lifted)."""

    server: Named[str] = Column(String(NAME))
    app: Named[str] = Column(String(NAME))
    stream: Named[str] = Column(String(NAME))
    cut: Named[str | None] = Column(String(ID), ForeignKey("cuts.id"), index=True)
    reason: Named[str] = Column(Text)
    since: Named[datetime] = Column(Instant)
    until: Named[datetime | None] = Column(Instant)
    lifted_at: Named[datetime | None] = Column(Instant)


blocks = Table(
    "blocks",
    metadata,
    BlockColumns,
    Index("ix_blocks_place", "server", "app", "stream", **where("lifted_at IS NULL")),
    sqlite_autoincrement=True,
)
