"""Child processes of the demo: started on a leash, heard line by line, ended by their id; their errors are shown."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import samples

__all__ = ["Child", "ChildFailed"]

_PATIENCE = 8.0  # seconds a child gets to end by itself
_LAST_LINES = 15

Hear = Callable[[dict[str, Any]], None]


class ChildFailed(Exception):
    """A program of the demo has failed; the message is what it said last."""


class Child:
    """``python -m module arguments`` with its standard error in a file; each line of its output is a JSON object."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, name: str, module: str, *arguments: str, log: Path, environment: dict[str, str]) -> "Child":
        """Start it in a session of its own, so that Ctrl-C in the terminal is ours alone to handle."""
        where = [str(Path(samples.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        own = {k: v for k, v in os.environ.items() if not k.startswith("NAKANOHITO_")}
        own |= {"PYTHONPATH": os.pathsep.join(filter(None, where)), "OMP_NUM_THREADS": "1", **environment}
        with log.open("wb") as errors:
            process = await _spawn(module, arguments, errors, own, log.parent)
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    @property
    def status(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.returncode

    async def tell(self, document: dict[str, Any]) -> None:
        """Write a line to it."""
        if self._process.stdin is not None:
            with suppress(ConnectionError):
                self._process.stdin.write(json.dumps(document).encode() + b"\n")
                await self._process.stdin.drain()

    async def listen(self, hear: Hear) -> None:
        """Hear what it says until it ends. Raises ChildFailed where it failed."""
        if self._process.stdout is not None:
            async for line in self._process.stdout:
                with suppress(ValueError):
                    hear(json.loads(line))
        if await self._process.wait() != 0:
            raise self.failure()

    def failure(self) -> ChildFailed:
        """What it said before it ended."""
        said = self.log.read_text(errors="replace").strip().splitlines()[-_LAST_LINES:]
        return ChildFailed("\n".join([f"{self.name} has ended (status {self.status}); it said last:", *said]))

    async def ended(self) -> int:
        """Wait until it ends; how it did."""
        return await self._process.wait()

    def let_go(self) -> None:
        """Let go of its leash: it ends by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def end(self) -> None:
        """End it, gently at first."""
        self.let_go()
        for harder in (self._process.terminate, self._process.kill):
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._process.wait()
                    return
            with suppress(ProcessLookupError):
                harder()
        await self._process.wait()


async def _spawn(
    module: str, arguments: tuple[str, ...], errors: IO[bytes], environment: dict[str, str], folder: Path
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )
