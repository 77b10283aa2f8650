"""Reactions: after how many seconds each operator has answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "reactions",
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=256), nullable=False),
        sa.Column("seconds", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_reactions_operator"),
        sa.PrimaryKeyConstraint("operator", "kind", name="pk_reactions"),
    )


def downgrade() -> None:
    """Go back; everybody is taken as people are."""
    op.drop_table("reactions")
