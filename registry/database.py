"""The database under the registry: one engine per URL, transactions that translate every failure.

SQLite (aiosqlite) runs in WAL mode with ``synchronous=FULL``: what was committed survives a power cut. Its write
transactions take the lock when they begin, so that none fails half-way because another came first. PostgreSQL
(asyncpg) takes the same statements.
"""

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from sqlalchemy import event, exc, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from registry.error import Conflict, Refused, RegistryError, Unavailable

_BUSY_TIMEOUT_MS = 5_000
_WRITES = "nakanohito_writes"


class Database:
    """One open database. Made by ``Database.at``; ``close`` when done."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reader = engine
        self._file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._writer = engine.execution_options(**{_WRITES: True})
        # SQLite has one writer; waiting here is fair and costs nothing, waiting in its busy handler is neither.
        self._turn: contextlib.AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if engine.dialect.name == "sqlite" else contextlib.nullcontext()
        )

    @classmethod
    def at(cls, url: str) -> "Database":
        """Prepare the database at ``url`` (``sqlite:///file`` or ``postgresql://…``); connects on first use."""
        parsed = _driven(url)
        options: dict[str, Any] = {
            "hide_parameters": True,  # values may be personal data, and errors get logged
            "json_serializer": lambda value: json.dumps(value, ensure_ascii=False, allow_nan=False),
            "pool_pre_ping": parsed.get_backend_name() != "sqlite",
        }
        try:
            engine = create_async_engine(parsed, **options)
        except ModuleNotFoundError as error:
            raise Refused(f"The database needs the Python package {error.name}; install it and start again.") from error
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _prepare)
            event.listen(engine.sync_engine, "begin", _begin)
        return cls(engine)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads and sees one state of the database."""
        with _translated():
            async with self._reader.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits when the block ends and leaves nothing behind when it raises."""
        with _translated():
            async with self._turn, self._writer.begin() as connection:
                yield connection

    async def migrate(self, step: Callable[[Connection], None]) -> None:
        """Run ``step``, which changes the tables, in one transaction. The first thing done with a database."""
        if self._file is not None:
            with _translated():
                await asyncio.to_thread(_write_ahead, self._file)
        async with self.writing() as connection:
            await connection.run_sync(step)

    async def scrub(self) -> None:
        """Bring what was deleted out of SQLite's log as well, where it would stand until it is written over.

        The file itself is overwritten as it is deleted from (``secure_delete``). Readers may be in the way; then the
        next checkpoint does it. PostgreSQL reuses the space when it vacuums.
        """
        if self._file is not None:
            with _translated():
                async with self._turn:
                    await asyncio.to_thread(_checkpoint, self._file)

    async def close(self) -> None:
        """Close every connection."""
        await self._reader.dispose()


async def alone(connection: AsyncConnection, noun: str) -> None:
    """Until the transaction ends, let no other that asks for the same ``noun`` go on.

    For rules that no unique index can hold. SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:noun))"), {"noun": noun})


def _driven(url: str) -> URL:
    """``url`` with the driver that the registry uses."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise Refused("The database URL cannot be read; write sqlite:///path/to/file or postgresql://…") from error
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
                raise Refused("The registry needs a database file; write sqlite:///path/to/file.")
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+asyncpg")
        case other:
            raise Refused(f"Databases of kind {other} are not supported; use sqlite:///… or postgresql://…")


def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes too late and is always deferred: _begin takes its place.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"busy_timeout={_BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(file: str) -> None:
    """Bring the file into WAL mode, where it stays. SQLite does not wait for others here, so that we must."""
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    patience = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                    raise
                time.sleep(0.01)
            else:
                return
    finally:
        connection.close()


def _checkpoint(file: str) -> None:
    with contextlib.closing(sqlite3.connect(file, timeout=_BUSY_TIMEOUT_MS / 1000, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn what the database raises into errors of the registry."""
    try:
        yield
    except RegistryError:
        raise
    except exc.StatementError as error:
        raise _meaning(error) from error
    except exc.SQLAlchemyError as error:
        raise Unavailable(f"The database cannot be used now ({type(error).__name__}).") from error
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The database cannot be used: {error}.") from error


def _meaning(error: exc.StatementError) -> RegistryError:
    match error:
        case exc.IntegrityError():
            return Conflict("The database refuses this, since it contradicts what is registered.")
        case exc.DBAPIError():
            return Unavailable(f"The database cannot be used now: {error.orig}.")
        case _ if isinstance(error.orig, RegistryError):
            return error.orig  # raised by a column type on the way in
        case _:
            return Refused(f"A value cannot be stored: {error.orig}")
