"""Cases: what was done to streams, for people to decide; those of the cuts that are there are opened."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
WORD = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward."""
    _cases()
    _words()
    _notes()
    _views()
    _open_for_cuts()


def downgrade() -> None:
    """Go back; what was decided is lost here and stays in the ledger."""
    for table in ("case_views", "case_notes", "case_words", "cases"):
        op.drop_table(table)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("cut", sa.String(length=40), nullable=True),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("avatar_name", sa.String(length=256), nullable=False),
        sa.Column("operators", DOCUMENT, nullable=False),
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("server", sa.String(length=256), nullable=True),
        sa.Column("app", sa.String(length=256), nullable=True),
        sa.Column("stream", sa.String(length=256), nullable=True),
        sa.Column("rule", sa.String(length=256), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("driver", sa.String(32), nullable=True),
        sa.Column("p_human", sa.Float(), nullable=True),
        sa.Column("policy", sa.String(length=256), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("four_eyes", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposal", sa.String(32), nullable=True),
        sa.Column("proposed_by", sa.String(length=256), nullable=True),
        sa.Column("proposed_because", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=256), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("restored_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["cut"], ["cuts.id"], name="fk_cases_cut"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_cases_session"),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_cases_avatar"),
        sa.PrimaryKeyConstraint("seq", name="pk_cases"),
        sa.UniqueConstraint("id", name="uq_cases_id"),
        sa.UniqueConstraint("cut", name="uq_cases_cut"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cases_session", "cases", ["session"])
    for column in ("state", "rule", "avatar", "account", "server"):
        op.create_index(f"ix_cases_{column}_seq", "cases", [column, "seq"])
    op.create_index("ix_cases_opened_at", "cases", ["opened_at"])
    where = sa.text("state = 'overturned' AND restored_at IS NULL")
    op.create_index("ix_cases_unrestored", "cases", ["seq"], sqlite_where=where, postgresql_where=where)


def _words() -> None:
    op.create_table(
        "case_words",
        sa.Column("word", WORD, nullable=False),
        sa.Column("case", SEQUENCE, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.seq"], name="fk_case_words_case"),
        sa.PrimaryKeyConstraint("word", "case", name="pk_case_words"),
    )
    op.create_index("ix_case_words_case_word", "case_words", ["case", "word"])


def _notes() -> None:
    op.create_table(
        "case_notes",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("case", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=256), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name="fk_case_notes_case"),
        sa.PrimaryKeyConstraint("seq", name="pk_case_notes"),
        sa.UniqueConstraint("id", name="uq_case_notes_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_notes_case", "case_notes", ["case"])


def _views() -> None:
    op.create_table(
        "case_views",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("case", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=256), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name="fk_case_views_case"),
        sa.PrimaryKeyConstraint("seq", name="pk_case_views"),
        sa.UniqueConstraint("id", name="uq_case_views_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_views_case", "case_views", ["case"])


_CUTS = """
SELECT cuts.*, avatars.name AS avatar_name, sessions.account, sessions.policy_name, sessions.policy_version
FROM cuts JOIN sessions ON sessions.id = cuts.session JOIN avatars ON avatars.id = cuts.avatar ORDER BY cuts.seq
"""


def _open_for_cuts() -> None:
    """A case for each cut of before, found by its ids; what was restored counts as overturned."""
    connection = op.get_bind()
    cases, words = (sa.Table(name, sa.MetaData(), autoload_with=connection) for name in ("cases", "case_words"))
    for cut in connection.execute(sa.text(_CUTS)).mappings().all():
        row = _opened(cut)
        seq = connection.execute(sa.insert(cases).values(row).returning(cases.c.seq)).scalar_one()
        found_by = {row[name].casefold() for name in ("id", "cut", "session", "avatar", "rule")}
        connection.execute(sa.insert(words), [{"word": word, "case": seq} for word in sorted(found_by)])


def _opened(cut: Any) -> dict[str, Any]:
    restored = cut["state"] == "restored"
    same = ("session", "avatar", "avatar_name", "account", "server", "app", "stream", "rule", "cause")
    return {name: cut[name] for name in same} | {
        "id": f"case_{cut['id'].partition('_')[2] or cut['id']}",
        "act": "cut",
        "cut": cut["id"],
        "operators": [],
        "policy": f"{cut['policy_name']}@{cut['policy_version']}",
        "opened_at": _moment(cut["decided_at"]),
        "four_eyes": cut["until"] is None,
        "state": "overturned" if restored else "open",
        "version": 1,
        "decided_by": "before cases were kept" if restored else None,
        "restored_at": _moment(cut["decided_at"]) if restored else None,
    }


def _moment(stored: Any) -> Any:
    """SQLite gives text where a query is written as text."""
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored
