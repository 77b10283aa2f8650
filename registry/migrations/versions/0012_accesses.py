"""Accesses: who looked at what of an operator, which the operator may read."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "accesses",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=256), nullable=False),
        sa.Column("what", sa.String(length=256), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_accesses_operator"),
        sa.PrimaryKeyConstraint("seq", name="pk_accesses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_accesses_operator", "accesses", ["operator"])


def downgrade() -> None:
    """Go back; who looked is forgotten."""
    op.drop_table("accesses")
