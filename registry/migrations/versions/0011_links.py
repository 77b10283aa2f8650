"""Links between sessions and the cuts whose streams they are the return of."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "links",
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("cut", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_links_session"),
        sa.ForeignKeyConstraint(["cut"], ["cuts.id"], name="fk_links_cut"),
        sa.PrimaryKeyConstraint("session", "cut", name="pk_links"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("links")
