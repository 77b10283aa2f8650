import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from registry.error import Refused
from registry.migrations import configuration, downgrade, upgrade
from registry.registry import Registry
from registry.schema import metadata
from tests.unit.registry.conftest import NOW


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield engine
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_expects(engine: Engine) -> None:
    with engine.begin() as connection:
        upgrade(connection)
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    # A type of ours and the plain type that a migration names are the same column.
    assert [difference for difference in differences if "modify_type" not in str(difference)] == []


def test_partial_indexes_are_migrated_as_the_code_has_them(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        upgrade(connection)
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.sqlite'}")
    metadata.create_all(plain)
    definitions = []
    for side in (engine, plain):
        with side.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
            )
            definitions.append([(name, " ".join(sql.split())) for name, sql in rows])
    plain.dispose()
    assert definitions[0] == definitions[1]


def test_every_revision_goes_up_and_down(engine: Engine) -> None:
    revisions = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()]
    for revision in reversed(revisions):
        with engine.begin() as connection:
            upgrade(connection, revision)
    with engine.begin() as connection:
        assert set(metadata.tables) < set(inspect(connection).get_table_names())
    for revision in [*revisions[1:], "base"]:
        with engine.begin() as connection:
            downgrade(connection, revision)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        upgrade(connection)
        assert set(metadata.tables) < set(inspect(connection).get_table_names())


async def test_two_that_open_a_new_registry_at_once_both_succeed(url: str) -> None:
    opened = await asyncio.gather(*(Registry.open(url) for _ in range(4)))
    assert await opened[0].policies.put("standard", {}, at=NOW) == "standard@1"
    assert (await opened[3].policies.get("standard")).id == "standard@1"
    for registry in opened:
        await registry.close()


async def test_a_database_of_a_newer_version_is_refused(url: str, tmp_path: Path) -> None:
    await (await Registry.open(url)).close()
    with sqlite3.connect(tmp_path / "registry.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Refused, match="newer"):
        await Registry.open(url)


async def test_a_migration_that_fails_leaves_the_tables_as_they_were(url: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "registry.sqlite") as connection:
        connection.execute("CREATE TABLE blocks (mine TEXT)")  # the first migration will stumble over it
    connection.close()
    with pytest.raises(Exception, match="already exists"):
        await Registry.open(url)
    with sqlite3.connect(tmp_path / "registry.sqlite") as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema")]
    connection.close()
    assert names == ["blocks"]
