"""Whom to tell that a cut was undone."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "undoings",
        sa.Column("cut", sa.String(length=40), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["cut"], ["cuts.id"], name="fk_undoings_cut_cuts"),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_undoings_operator_operators"),
        sa.PrimaryKeyConstraint("cut", "operator", name="pk_undoings"),
    )
    waiting = sa.text("told_at IS NULL")
    op.create_index("ix_undoings_operator", "undoings", ["operator"], sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    """Go back; who was not told yet is not told."""
    op.drop_table("undoings")
