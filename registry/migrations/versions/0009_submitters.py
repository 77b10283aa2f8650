"""Who registered an avatar, so that somebody else approves it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; of whoever was registered before it is not known."""
    op.add_column("avatars", sa.Column("submitted_by", sa.String(length=256), nullable=True))


def downgrade() -> None:
    """Go back; it is in the ledger still."""
    op.drop_column("avatars", "submitted_by")
