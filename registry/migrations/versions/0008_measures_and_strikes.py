"""Measures of cuts, who decided them, and strikes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward. Every cut of before has forbidden, by its policy."""
    op.add_column("cuts", sa.Column("measure", sa.String(32), nullable=False, server_default="forbid"))
    op.add_column("cuts", sa.Column("decided_by", sa.String(length=256), nullable=False, server_default="policy"))
    op.add_column("cuts", sa.Column("strike", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "strikes",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("cut", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("rule", sa.String(length=256), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("taken_back_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["cut"], ["cuts.id"], name="fk_strikes_cut"),
        sa.PrimaryKeyConstraint("seq", name="pk_strikes"),
        sa.UniqueConstraint("id", name="uq_strikes_id"),
        sa.UniqueConstraint("cut", "kind", "subject", name="uq_strikes_cut_kind_subject"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_strikes_kind_subject", "strikes", ["kind", "subject"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("strikes")
    for column in ("strike", "decided_by", "measure"):
        op.drop_column("cuts", column)
