"""Places of shifts: a person is in as many live sessions at once as the policies of all of them allow."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_LIVE = sa.text("ended_at IS NULL AND lapsed_at IS NULL")


def upgrade() -> None:
    """Go forward; whoever is in a session has the first place, and no other."""
    op.add_column("shifts", sa.Column("place", sa.Integer(), server_default="0", nullable=False))
    op.add_column("shifts", sa.Column("at_once", sa.Integer(), server_default="1", nullable=False))
    op.drop_index("uq_shifts_operator", "shifts")
    columns = ["operator", "place"]
    op.create_index("uq_shifts_operator", "shifts", columns, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)


def downgrade() -> None:
    """Go back; shifts in further places lapse."""
    op.drop_index("uq_shifts_operator", "shifts")
    op.execute("UPDATE shifts SET lapsed_at = began_at WHERE place > 0 AND ended_at IS NULL AND lapsed_at IS NULL")
    op.create_index(
        "uq_shifts_operator", "shifts", ["operator"], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    )
    op.drop_column("shifts", "at_once")
    op.drop_column("shifts", "place")
