"""The tables of cases: what people decide about cuts, and what others say of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    false,
)

from protocols.case import CaseAct, CaseDecision, CaseState
from registry.column import Choice, Document, Instant
from registry.schema.table import ID, NAME, Arriving, metadata, where
from registry.state import AppealOutcome, ReportKind, Retention


class CaseColumns(Arriving):
    """What was done to a stream, for a person to decide; ``version`` rises with every act.

    What is listed and searched by stands here as it was when the case was opened. ``proposal`` and what goes with it
    waits for a second person; ``restored_at``: when an overturned cut was undone on its media server.
    ``missing`` says why there is no evidence.
    """

    act: Named[CaseAct] = Column(Choice(CaseAct))
    cut: Named[str | None] = Column(String(ID), ForeignKey("cuts.id"), unique=True)
    session: Named[str] = Column(String(ID), ForeignKey("sessions.id"), index=True)
    avatar: Named[str] = Column(String(ID), ForeignKey("avatars.id"))
    avatar_name: Named[str] = Column(String(NAME))
    operators: Named[list[str]] = Column(Document)
    account: Named[str] = Column(String(NAME))
    server: Named[str | None] = Column(String(NAME))
    app: Named[str | None] = Column(String(NAME))
    stream: Named[str | None] = Column(String(NAME))
    rule: Named[str] = Column(String(NAME))
    cause: Named[str] = Column(Text)
    driver: Named[str | None] = Column(String(32))
    p_human: Named[float | None] = Column(Float)
    policy: Named[str] = Column(String(NAME))
    opened_at: Named[datetime] = Column(Instant)
    four_eyes: Named[bool] = Column(Boolean)
    state: Named[CaseState] = Column(Choice(CaseState))
    version: Named[int]
    proposal: Named[CaseDecision | None] = Column(Choice(CaseDecision))
    proposed_by: Named[str | None] = Column(String(NAME))
    proposed_because: Named[str | None] = Column(Text)
    decided_by: Named[str | None] = Column(String(NAME))
    because: Named[str | None] = Column(Text)
    decided_at: Named[datetime | None] = Column(Instant)
    restored_at: Named[datetime | None] = Column(Instant)
    retention: Named[Retention] = Column(Choice(Retention), server_default=Retention.HALF_YEAR.value)
    hold: Named[bool] = Column(Boolean, server_default=false())
    missing: Named[str | None] = Column(Text)
    stated_at: Named[datetime | None] = Column(Instant)


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
    Index("ix_cases_unstated", "seq", **where("stated_at IS NULL")),
    Index("ix_cases_unrestored", "seq", **where("state = 'overturned' AND restored_at IS NULL")),
    sqlite_autoincrement=True,
)


class CaseWordColumns(TypedColumns):
    """A word that a case is found by; the same in any database, and in order of arrival for each word."""

    word: Named[str] = Column(String(64).with_variant(String(64, collation="C"), "postgresql"), primary_key=True)
    case: Named[int] = Column(
        BigInteger().with_variant(Integer(), "sqlite"),
        ForeignKey("cases.seq"),
        primary_key=True,
        autoincrement=False,
    )


case_words = Table("case_words", metadata, CaseWordColumns, Index("ix_case_words_case_word", "case", "word"))


class CaseNoteColumns(Arriving):
    """What a moderator wrote beside a case."""

    case: Named[str] = Column(String(ID), ForeignKey("cases.id"), index=True)
    by: Named[str] = Column(String(NAME))
    at: Named[datetime] = Column(Instant)
    text: Named[str] = Column(Text)


case_notes = Table("case_notes", metadata, CaseNoteColumns, sqlite_autoincrement=True)


class CaseViewColumns(Arriving):
    """Who looked at a case, and for how many seconds as far as is known."""

    case: Named[str] = Column(String(ID), ForeignKey("cases.id"), index=True)
    by: Named[str] = Column(String(NAME))
    at: Named[datetime] = Column(Instant)
    seconds: Named[float] = Column(Float)


case_views = Table("case_views", metadata, CaseViewColumns, sqlite_autoincrement=True)


class ExhibitColumns(TypedColumns):
    """A piece of a case's evidence: what is in the evidence store by this SHA-256."""

    case: Named[str] = Column(String(ID), ForeignKey("cases.id"), primary_key=True)
    name: Named[str] = Column(String(NAME), primary_key=True)
    digest: Named[bytes] = Column(LargeBinary(32), index=True)
    size: Named[int] = Column(BigInteger)
    media_type: Named[str] = Column(String(NAME))
    deleted_at: Named[datetime | None] = Column(Instant)


exhibits = Table("exhibits", metadata, ExhibitColumns)


class AppealColumns(Arriving):
    """An appeal against a case, once; ``due_at``: until when it is to be decided."""

    case: Named[str] = Column(String(ID), ForeignKey("cases.id"), unique=True)
    by: Named[str] = Column(String(NAME))
    text: Named[str] = Column(Text)
    at: Named[datetime] = Column(Instant)
    fast: Named[bool] = Column(Boolean)
    due_at: Named[datetime] = Column(Instant)
    outcome: Named[AppealOutcome | None] = Column(Choice(AppealOutcome))
    decided_at: Named[datetime | None] = Column(Instant)


appeals = Table(
    "appeals",
    metadata,
    AppealColumns,
    Index("ix_appeals_waiting", "due_at", **where("decided_at IS NULL")),
    sqlite_autoincrement=True,
)


class ReportColumns(Arriving):
    """What somebody reports; who they are is not kept: ``secret`` is the SHA-256 of what tells them how it stands.

    ``found``: the avatars that a likeness was found to be like, with their sessions; ``seen``: the pictures on air.
    """

    kind: Named[ReportKind] = Column(Choice(ReportKind))
    session: Named[str | None] = Column(String(ID))
    text: Named[str] = Column(Text)
    standing: Named[str | None] = Column(Text)
    secret: Named[bytes] = Column(LargeBinary(32))
    found: Named[list[dict[str, Any]]] = Column(Document)
    seen: Named[list[dict[str, Any]] | None] = Column(Document)
    at: Named[datetime] = Column(Instant, index=True)
    due_at: Named[datetime] = Column(Instant)
    answer: Named[str | None] = Column(Text)
    answered_by: Named[str | None] = Column(String(NAME))
    answered_at: Named[datetime | None] = Column(Instant)


reports = Table(
    "reports",
    metadata,
    ReportColumns,
    Index("ix_reports_waiting", "due_at", **where("answered_at IS NULL")),
    sqlite_autoincrement=True,
)
