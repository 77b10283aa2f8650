"""Appeals against cases, and what people report."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "appeals",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("case", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=256), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("fast", sa.Boolean(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name="fk_appeals_case"),
        sa.PrimaryKeyConstraint("seq", name="pk_appeals"),
        sa.UniqueConstraint("id", name="uq_appeals_id"),
        sa.UniqueConstraint("case", name="uq_appeals_case"),
        sqlite_autoincrement=True,
    )
    _waiting("appeals", "decided_at IS NULL")
    op.create_table(
        "reports",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.Column("found", DOCUMENT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=256), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_reports"),
        sa.UniqueConstraint("id", name="uq_reports_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_at", "reports", ["at"])
    _waiting("reports", "answered_at IS NULL")


def downgrade() -> None:
    """Go back; what was asked and reported is lost here and stays in the ledger."""
    op.drop_table("reports")
    op.drop_table("appeals")


def _waiting(table: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(f"ix_{table}_waiting", table, ["due_at"], sqlite_where=where, postgresql_where=where)
