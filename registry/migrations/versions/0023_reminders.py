"""Reminders: when an operator's backend was told that they are to be verified anew."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; nobody was reminded yet."""
    op.add_column("operators", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Go back; whoever is due is told of once more after the next upgrade."""
    op.drop_column("operators", "reminded_at")
