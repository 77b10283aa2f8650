"""Shifts: who stands behind which session; a person in one live session at a time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "shifts",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("channel_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("passkey", sa.String(length=40), nullable=True),
        sa.Column("proof", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("lapsed_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_shifts_session"),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_shifts_operator"),
        sa.PrimaryKeyConstraint("seq", name="pk_shifts"),
        sa.UniqueConstraint("id", name="uq_shifts_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shifts_session", "shifts", ["session"])
    op.create_index("ix_shifts_operator", "shifts", ["operator"])
    for name, columns, where in (
        ("uq_shifts_operator", ["operator"], "ended_at IS NULL AND lapsed_at IS NULL"),
        ("uq_shifts_session_operator", ["session", "operator"], "ended_at IS NULL"),
    ):
        clause = sa.text(where)
        op.create_index(name, "shifts", columns, unique=True, sqlite_where=clause, postgresql_where=clause)


def downgrade() -> None:
    """Go back; who stood behind which session is in the ledger still."""
    op.drop_table("shifts")
