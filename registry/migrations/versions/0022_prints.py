"""Prints: numbers by which the motion of an operator is known again, and nothing of the motion itself."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; nothing is remembered yet."""
    op.create_table(
        "prints",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_prints_session"),
        sa.PrimaryKeyConstraint("key", "session", "at", name="pk_prints"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_prints_at", "prints", ["at"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_prints_at", table_name="prints")
    op.drop_table("prints")
