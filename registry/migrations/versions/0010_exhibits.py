"""Exhibits: the evidence of cases, and for how long it is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.add_column("cases", sa.Column("retention", sa.String(32), nullable=False, server_default="half_year"))
    op.add_column("cases", sa.Column("hold", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("cases", sa.Column("missing", sa.Text(), nullable=True))
    op.create_table(
        "exhibits",
        sa.Column("case", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=256), nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name="fk_exhibits_case"),
        sa.PrimaryKeyConstraint("case", "name", name="pk_exhibits"),
    )
    op.create_index("ix_exhibits_digest", "exhibits", ["digest"])


def downgrade() -> None:
    """Go back; what is in the evidence store is not known any more."""
    op.drop_table("exhibits")
    for column in ("missing", "hold", "retention"):
        op.drop_column("cases", column)
