"""The history of the tables. ``upgrade`` runs whenever a registry is opened."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection

from registry.error import Refused

# Any number, the same in every process: PostgreSQL lets one of them migrate at a time.
_ADVISORY_LOCK = 0x6E616B61


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the scripts in this package."""
    config = Config()
    config.set_main_option("script_location", str(files(__package__)).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables up to ``revision`` in the transaction of ``connection``."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = configuration(connection)
    present = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(config)
    if revision == "head" and present == scripts.get_current_head():
        return
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise Refused(
            f"The database stands at revision {present}, which this version does not know; "
            "it was written by a newer one. Install that version, or restore a backup."
        ) from error


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Take the tables back to ``revision`` in the transaction of ``connection``."""
    command.downgrade(configuration(connection), revision)
