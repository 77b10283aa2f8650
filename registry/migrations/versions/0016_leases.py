"""Leases of sessions: which service watches one, and until when unless it renews that."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; nobody holds anything yet."""
    op.add_column("sessions", sa.Column("holder", sa.String(length=256), nullable=True))
    op.add_column("sessions", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("sessions", "held_until")
    op.drop_column("sessions", "holder")
