"""Lives of avatars: roles, validity, further names, assets, kept pictures, consents and conflicts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def _columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    """The new columns of each table."""
    return {
        "avatars": (
            sa.Column("role", sa.String(32), nullable=False, server_default="avatar"),
            sa.Column("since", INSTANT, nullable=True),
            sa.Column("because", sa.Text(), nullable=True),
            sa.Column("decided_by", sa.String(length=256), nullable=True),
            sa.Column("code", sa.String(length=256), nullable=True),
            sa.Column("valid_from", INSTANT, nullable=True),
            sa.Column("valid_until", INSTANT, nullable=True),
            sa.Column("policy", sa.String(length=256), nullable=True),
            sa.Column("needs_consent", sa.Boolean(), nullable=False, server_default=sa.false()),
        ),
        "pictures": (
            sa.Column("outfit", sa.String(length=256), nullable=False, server_default="default"),
            sa.Column("content", sa.LargeBinary(), nullable=True),
        ),
        "vectors": (sa.Column("picture", sa.LargeBinary(length=32), nullable=True),),
    }


def upgrade() -> None:
    """Go forward."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    where = sa.text("state <> 'revoked'")
    op.create_index("uq_avatars_code", "avatars", ["code"], unique=True, sqlite_where=where, postgresql_where=where)
    _aliases()
    _assets()
    _consents()
    _conflicts()


def downgrade() -> None:
    """Go back. Nothing comes on air by it: what the older version has no word for is suspended or revoked."""
    for table in ("conflicts", "consents", "assets", "aliases"):
        op.drop_table(table)
    op.execute("UPDATE avatars SET state = 'revoked' WHERE role <> 'avatar'")
    op.execute("UPDATE avatars SET state = 'suspended' WHERE state IN ('submitted', 'review', 'approved', 'expired')")
    op.drop_index("uq_avatars_code", "avatars")
    for table, columns in _columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)


def _aliases() -> None:
    op.create_table(
        "aliases",
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_aliases_avatar"),
        sa.PrimaryKeyConstraint("avatar", "name_key", name="pk_aliases"),
    )
    op.create_index("ix_aliases_name_key", "aliases", ["name_key"])


def _assets() -> None:
    op.create_table(
        "assets",
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_assets_avatar"),
        sa.PrimaryKeyConstraint("avatar", "kind", "value", name="pk_assets"),
    )
    op.create_index("ix_assets_value", "assets", ["value"])


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("guardian", sa.String(length=256), nullable=True),
        sa.Column("obtained_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_consents_avatar"),
        sa.PrimaryKeyConstraint("seq", name="pk_consents"),
        sa.UniqueConstraint("id", name="uq_consents_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consents_avatar", "consents", ["avatar"])
    op.create_index("ix_consents_subject", "consents", ["subject"])


def _conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("other", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("picture", sa.LargeBinary(length=32), nullable=True),
        sa.Column("other_picture", sa.LargeBinary(length=32), nullable=True),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("resolution", sa.String(32), nullable=True),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_conflicts_avatar"),
        sa.ForeignKeyConstraint(["other"], ["avatars.id"], name="fk_conflicts_other"),
        sa.PrimaryKeyConstraint("seq", name="pk_conflicts"),
        sa.UniqueConstraint("id", name="uq_conflicts_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_conflicts_avatar", "conflicts", ["avatar"])
    op.create_index("ix_conflicts_other", "conflicts", ["other"])
