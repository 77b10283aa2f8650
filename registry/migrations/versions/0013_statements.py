"""Statements of reasons: when each was sent; those of before count as sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("cases", sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE cases SET stated_at = opened_at")
    where = sa.text("stated_at IS NULL")
    op.create_index("ix_cases_unstated", "cases", ["seq"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_cases_unstated", "cases")
    op.drop_column("cases", "stated_at")
