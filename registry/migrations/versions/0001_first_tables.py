"""The first tables: avatars, operators, policies, sessions, cuts, blocks, and what the service keeps for itself."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Go forward."""
    for table in CREATE:
        table()


def downgrade() -> None:
    """Go back; whatever the tables hold is lost."""
    for table in reversed(CREATE):
        op.drop_table(table.__name__.removeprefix("_"))


def _avatars() -> None:
    op.create_table(
        "avatars",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("abilities", DOCUMENT, nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("registered_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_avatars"),
        sa.UniqueConstraint("id", name="uq_avatars_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_avatars_owner", "avatars", ["owner"])
    op.create_index(
        "uq_avatars_owner_name", "avatars", ["owner", "name_key"], unique=True, **_where("state <> 'revoked'")
    )


def _pictures() -> None:
    op.create_table(
        "pictures",
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_pictures_avatar"),
        sa.PrimaryKeyConstraint("avatar", "digest", name="pk_pictures"),
    )
    op.create_index("ix_pictures_digest", "pictures", ["digest"])


def _vectors() -> None:
    op.create_table(
        "vectors",
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_vectors_avatar"),
        sa.PrimaryKeyConstraint("avatar", "model", "position", name="pk_vectors"),
    )
    op.create_index("ix_vectors_model", "vectors", ["model"])


def _operators() -> None:
    op.create_table(
        "operators",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("pseudonym", sa.String(length=256), nullable=False),
        sa.Column("issuer", sa.String(length=256), nullable=False),
        sa.Column("assurance", sa.String(length=256), nullable=False),
        sa.Column("verified_at", INSTANT, nullable=False),
        sa.Column("enrolled_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_operators"),
        sa.UniqueConstraint("id", name="uq_operators_id"),
        sa.UniqueConstraint("issuer", "pseudonym", name="uq_operators_issuer_pseudonym"),
        sqlite_autoincrement=True,
    )


def _device_keys() -> None:
    op.create_table(
        "device_keys",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_device_keys_operator"),
        sa.PrimaryKeyConstraint("key", name="pk_device_keys"),
    )
    op.create_index("ix_device_keys_operator", "device_keys", ["operator"])


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("put_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_policies"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("server", sa.String(length=256), nullable=True),
        sa.Column("app", sa.String(length=256), nullable=True),
        sa.Column("stream", sa.String(length=256), nullable=True),
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("policy_name", sa.String(length=256), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("attached_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("verdict", DOCUMENT, nullable=True),
        sa.Column("verdict_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_sessions_avatar"),
        sa.ForeignKeyConstraint(
            ["policy_name", "policy_version"],
            ["policies.name", "policies.version"],
            name="fk_sessions_policy_name_policy_version",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_sessions"),
        sa.UniqueConstraint("id", name="uq_sessions_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])
    op.create_index("ix_sessions_avatar", "sessions", ["avatar"])
    op.create_index("ix_sessions_state", "sessions", ["state"])
    op.create_index(
        "uq_sessions_placement", "sessions", ["server", "app", "stream"], unique=True, **_where("ended_at IS NULL")
    )
    op.create_index("uq_sessions_source", "sessions", ["source"], unique=True, **_where("ended_at IS NULL"))


def _rosters() -> None:
    op.create_table(
        "rosters",
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operators.id"], name="fk_rosters_operator"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_rosters_session"),
        sa.PrimaryKeyConstraint("session", "position", name="pk_rosters"),
    )
    op.create_index("ix_rosters_operator", "rosters", ["operator"])


def _cuts() -> None:
    op.create_table(
        "cuts",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("avatar", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=256), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("evidence", DOCUMENT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("enforcer", sa.String(length=256), nullable=False),
        sa.Column("steps", DOCUMENT, nullable=False),
        sa.Column("server", sa.String(length=256), nullable=True),
        sa.Column("app", sa.String(length=256), nullable=True),
        sa.Column("stream", sa.String(length=256), nullable=True),
        sa.ForeignKeyConstraint(["avatar"], ["avatars.id"], name="fk_cuts_avatar"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_cuts_session"),
        sa.PrimaryKeyConstraint("seq", name="pk_cuts"),
        sa.UniqueConstraint("id", name="uq_cuts_id"),
        sa.UniqueConstraint("session", "epoch", name="uq_cuts_session_epoch"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cuts_avatar", "cuts", ["avatar"])
    op.create_index("ix_cuts_state", "cuts", ["state"])


def _blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("server", sa.String(length=256), nullable=False),
        sa.Column("app", sa.String(length=256), nullable=False),
        sa.Column("stream", sa.String(length=256), nullable=False),
        sa.Column("cut", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["cut"], ["cuts.id"], name="fk_blocks_cut"),
        sa.PrimaryKeyConstraint("seq", name="pk_blocks"),
        sa.UniqueConstraint("id", name="uq_blocks_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_blocks_cut", "blocks", ["cut"])
    op.create_index("ix_blocks_place", "blocks", ["server", "app", "stream"], **_where("lifted_at IS NULL"))


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", DOCUMENT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_api_keys"),
        sa.UniqueConstraint("id", name="uq_api_keys_id"),
        sqlite_autoincrement=True,
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("api_key", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=256), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ticket", sa.String(length=40), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", DOCUMENT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("api_key", "idempotency_key", name="pk_requests"),
    )
    op.create_index("ix_requests_expires_at", "requests", ["expires_at"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=256), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.UniqueConstraint("id", name="uq_events_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_pending", "events", ["session", "seq"], **_where("state = 'pending'"))


CREATE = (
    _avatars,
    _pictures,
    _vectors,
    _operators,
    _device_keys,
    _policies,
    _sessions,
    _rosters,
    _cuts,
    _blocks,
    _api_keys,
    _requests,
    _events,
)
