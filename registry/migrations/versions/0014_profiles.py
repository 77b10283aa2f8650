"""Profiles: what an operator cannot do, and is never asked for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("operators", sa.Column("cannot", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True))


def downgrade() -> None:
    """Go back; whoever was spared a gesture has to say so again."""
    op.drop_column("operators", "cannot")
