"""Bookings: what a publish hook is answered by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "bookings",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("server", sa.String(length=256), nullable=False),
        sa.Column("app", sa.String(length=256), nullable=False),
        sa.Column("stream", sa.String(length=256), nullable=False),
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("roster", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("policy", sa.String(length=256), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_bookings_avatar"),
        sa.PrimaryKeyConstraint("seq", name="pk_bookings"),
        sa.UniqueConstraint("id", name="uq_bookings_id"),
        sa.UniqueConstraint("server", "app", "stream", name="uq_bookings_server_app_stream"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bookings_avatar", "bookings", ["avatar"])


def downgrade() -> None:
    """Go back; the bookings are lost."""
    op.drop_table("bookings")
