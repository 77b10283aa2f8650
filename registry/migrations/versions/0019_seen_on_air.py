"""Reports tell which pictures on air a reported likeness is like."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Go forward; reports of before were not compared."""
    op.add_column("reports", sa.Column("seen", DOCUMENT, nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("reports", "seen")
