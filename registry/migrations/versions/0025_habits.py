"""Habits: how often each operator makes each gesture unasked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "habits",
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("gesture", sa.String(length=256), nullable=False),
        sa.Column("watched", sa.Float(), nullable=False),
        sa.Column("sizes", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_habits_operator"),
        sa.PrimaryKeyConstraint("operator", "gesture", name="pk_habits"),
    )


def downgrade() -> None:
    """Go back; everybody is taken as people are."""
    op.drop_table("habits")
