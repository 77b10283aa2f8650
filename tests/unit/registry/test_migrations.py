import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

from registry.database import Database
from registry.error import Refused
from registry.migrations import configuration, downgrade, upgrade
from registry.registry import Registry
from registry.schema import metadata
from tests.unit.registry.conftest import NOW


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of each kind without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'registry.sqlite'}"
        return
    async with request.getfixturevalue("postgresql").database() as url:
        yield url


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Database]:
    opened = Database.at(database)
    yield opened
    await opened.close()


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


async def test_the_migrations_make_the_tables_that_the_code_expects(opened: Database) -> None:
    await opened.migrate(upgrade)
    differences: list[object] = []
    await opened.migrate(lambda c: differences.extend(compare_metadata(MigrationContext.configure(c), metadata)))
    # A type of ours and the plain type that a migration names are the same column.
    assert [difference for difference in differences if "modify_type" not in str(difference)] == []


def test_partial_indexes_are_migrated_as_the_code_has_them(tmp_path: Path) -> None:
    definitions = []
    for name, step in (("migrated", upgrade), ("plain", metadata.create_all)):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        with engine.begin() as connection:
            step(connection)  # type: ignore[operator]
            rows = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
            )
            definitions.append([(name, " ".join(sql.split())) for name, sql in rows])
        engine.dispose()
    assert definitions[0] == definitions[1]


async def test_every_revision_goes_up_and_down(opened: Database) -> None:
    revisions = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()]
    found: list[set[str]] = []
    for revision in reversed(revisions):
        await opened.migrate(lambda c, to=revision: upgrade(c, to))  # type: ignore[misc]
    await opened.migrate(lambda c: found.append(tables(c)))
    for revision in [*revisions[1:], "base"]:
        await opened.migrate(lambda c, to=revision: downgrade(c, to))  # type: ignore[misc]
    await opened.migrate(lambda c: found.append(tables(c)))
    await opened.migrate(upgrade)
    await opened.migrate(lambda c: found.append(tables(c)))
    assert found == [set(metadata.tables), set(), set(metadata.tables)]


OLD = """INSERT INTO avatars (id, owner, name, name_key, state, abilities, model, registered_at)
    VALUES ('av_old', 'o', 'Old', 'old', 'active', '["head"]', 'm', '2026-11-01 10:00:00')"""
NEW = """INSERT INTO avatars (id, owner, name, name_key, role, state, abilities, model, registered_at, needs_consent)
    VALUES ('{0}', 'o', '{0}', '{0}', '{1}', '{2}', '[]', 'm', '2026-11-01 10:00:00', false)"""


async def test_what_was_registered_before_goes_on_and_nothing_comes_on_air_by_going_back(
    opened: Database, database: str
) -> None:
    await opened.migrate(lambda c: upgrade(c, "0002"))
    async with opened.writing() as connection:
        await connection.execute(text(OLD))
        await connection.execute(text("INSERT INTO pictures (avatar, digest) VALUES ('av_old', :d)"), {"d": bytes(32)})
    registry = await Registry.open(database)
    [old] = (await registry.avatars.list()).items
    assert (old.id, old.state, old.role, old.outfits) == ("av_old", "active", "avatar", ("default",))
    assert old.tenure.bar(NOW) is None
    assert old.valid_from == old.registered_at
    await registry.close()
    async with opened.writing() as connection:
        await connection.execute(text(NEW.format("pro", "protected", "active")))
        await connection.execute(text(NEW.format("rev", "avatar", "review")))
    await opened.migrate(lambda c: downgrade(c, "0002"))
    async with opened.reading() as connection:
        states = {row.id: row.state for row in await connection.execute(text("SELECT id, state FROM avatars"))}
    assert states == {"av_old": "active", "pro": "revoked", "rev": "suspended"}


async def test_two_that_open_a_new_registry_at_once_both_succeed(database: str) -> None:
    opened = await asyncio.gather(*(Registry.open(database) for _ in range(4)))
    assert await opened[0].policies.put("standard", {}, at=NOW) == "standard@1"
    assert (await opened[3].policies.get("standard")).id == "standard@1"
    for registry in opened:
        await registry.close()


async def test_a_database_of_a_newer_version_is_refused(opened: Database, database: str) -> None:
    await opened.migrate(upgrade)
    async with opened.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="newer"):
        await Registry.open(database)


async def test_a_migration_that_fails_leaves_the_tables_as_they_were(opened: Database, database: str) -> None:
    async with opened.writing() as connection:
        await connection.execute(text("CREATE TABLE blocks (mine TEXT)"))  # the first migration will stumble over it
    with pytest.raises(Exception, match="already exists"):
        await Registry.open(database)
    found: list[set[str]] = []
    await opened.migrate(lambda c: found.append(set(inspect(c).get_table_names())))
    assert found == [{"blocks"}]
