"""Registrations changed in bulk: what each changed by itself, and batches that another one approves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "edits",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("by", sa.String(length=256), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_edits"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_edits_by", "edits", ["by"])
    op.create_table(
        "batches",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("subjects", DOCUMENT, nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=256), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("settled_by", sa.String(length=256), nullable=True),
        sa.Column("settled_because", sa.Text(), nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("outcome", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_batches"),
        sa.UniqueConstraint("id", name="uq_batches_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Go back; what waits is lost."""
    op.drop_table("batches")
    op.drop_table("edits")
