"""Accounts that an OpenID provider names, and sign-ins by it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("accounts", sa.Column("issuer", sa.String(length=256), nullable=True))
    op.add_column("accounts", sa.Column("subject", sa.LargeBinary(length=32), nullable=True))
    op.create_index("uq_accounts_subject", "accounts", ["subject"], unique=True)
    op.add_column("signins", sa.Column("provider", sa.String(length=256), nullable=True))


def downgrade() -> None:
    """Go back; accounts of a provider stay and cannot sign in, whoever is signed in by one is signed out."""
    op.execute("DELETE FROM signins WHERE method = 'openid'")
    op.drop_column("signins", "provider")
    op.drop_index("uq_accounts_subject", "accounts")
    op.drop_column("accounts", "subject")
    op.drop_column("accounts", "issuer")
