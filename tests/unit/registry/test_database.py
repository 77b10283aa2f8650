import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from registry import database as module
from registry.database import Database
from registry.error import Conflict, Refused, RegistryError, Unavailable
from registry.registry import Registry
from registry.schema import policies, rosters
from tests.unit.registry.conftest import NOW, file_size_limit


@pytest.fixture
async def registry(url: str) -> AsyncIterator[Registry]:
    """On SQLite, whose ways are tried here."""
    registry = await Registry.open(url)
    yield registry
    await registry.close()


async def test_what_is_committed_is_durable_and_foreign_keys_hold(url: str) -> None:
    await (await Registry.open(url)).close()
    database = Database.at(url)
    async with database.reading() as connection:
        found = [
            await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    await database.close()
    assert found == ["wal", 2, 1, 5000]


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true", "mysql://host/name", "no url", ""],
)
def test_a_url_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        Database.at(url)


async def test_a_transaction_that_raises_leaves_nothing(registry: Registry, url: str) -> None:
    database = Database.at(url)
    row = {"name": "a", "version": 1, "document": {}, "digest": bytes(32), "put_at": NOW}
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.writing() as connection:
            await connection.execute(insert(policies).values(row))
            raise ZeroDivisionError
    assert await registry.policies.list() == ()
    await database.close()


async def test_database_errors_become_registry_errors_without_values(registry: Registry, url: str) -> None:
    database = Database.at(url)
    orphan = {"session": "ses_secret", "position": 0, "operator": "op_secret"}
    with pytest.raises(Conflict) as conflict:
        async with database.writing() as connection:
            await connection.execute(insert(rosters).values(orphan))
    assert "secret" not in str(conflict.value) + str(conflict.value.__cause__)
    with pytest.raises(Unavailable):
        async with database.reading() as connection:
            await connection.execute(text("SELECT * FROM nowhere"))
    with pytest.raises(Refused, match="time zone"):
        async with database.writing() as connection:
            await connection.execute(
                insert(policies).values(
                    name="a",
                    version=1,
                    document={},
                    digest=bytes(32),
                    put_at=datetime(2026, 1, 1),  # noqa: DTZ001
                )
            )
    with pytest.raises(Refused, match="cannot be stored"):
        async with database.writing() as connection:
            await connection.execute(
                insert(policies).values(name="a", version=1, document={1j: 1}, digest=bytes(32), put_at=NOW)
            )
    await database.close()


async def test_a_database_locked_by_another_is_unavailable(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_TIMEOUT_MS", 10)
    registry = await Registry.open(url)
    other = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        await registry.policies.put("standard", {}, at=NOW)
    other.execute("ROLLBACK")
    other.close()
    assert await registry.policies.put("standard", {}, at=NOW) == "standard@1"
    await registry.close()


async def test_a_new_database_that_another_is_making_is_waited_for(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(module.time, "sleep", lambda _: other.execute("ROLLBACK"))  # the other is done meanwhile
    registry = await Registry.open(url)
    await registry.close()
    other.execute("BEGIN EXCLUSIVE")
    other.execute("ROLLBACK")
    other.close()


async def test_a_new_database_that_another_does_not_let_go_is_unavailable(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_TIMEOUT_MS", -1)
    other = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="locked"):
        await Registry.open(url)
    other.close()


async def test_misuse_of_a_transaction_is_an_error_of_the_registry(registry: Registry, url: str) -> None:
    database = Database.at(url)
    with pytest.raises(Unavailable, match="InvalidRequestError"):
        async with database.writing() as connection:
            await connection.begin()
    await database.close()


async def test_a_full_disk_is_told_and_the_registry_goes_on_when_there_is_space(registry: Registry) -> None:
    with file_size_limit(1), pytest.raises(Unavailable, match="cannot be used now"):
        await registry.policies.put("standard", {"filling": "x" * 100_000}, at=NOW)
    assert await registry.policies.put("standard", {"filling": "x" * 100_000}, at=NOW) == "standard@1"


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear registry, " * 100)
    with pytest.raises(Unavailable, match="not a database"):
        await Registry.open(f"sqlite:///{tmp_path / 'letter.txt'}")


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RegistryError, match="folder"):
        await Registry.open(f"sqlite:///{tmp_path / 'file' / 'registry.sqlite'}")
