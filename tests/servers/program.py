"""A program in its own process group: its output kept in a file, stopped by pid, nothing of it left behind."""

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import NoReturn, Self

import pytest

GRACE = 5.0
"""Seconds between asking a program to end and killing its process group."""


def needs(name: str, *, package: str | None = None) -> str:
    """Return the program's path, or skip the test with the Debian package to install.

    With NAKANOHITO_REQUIRE_PROGRAMS=1 a missing program fails the test instead, so that no run passes by skipping.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        missing(f"the program {name!r} is missing: apt-get install {package or name}")
    return found


def missing(reason: str) -> NoReturn:
    """Skip for a missing program, or fail where all programs are required."""
    if os.environ.get("NAKANOHITO_REQUIRE_PROGRAMS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class Program:
    """One run of a program; ``async with`` starts it and stops it, with all that it started."""

    def __init__(self, *command: str, log: Path, directory: Path | None = None) -> None:
        self.command = command
        self.log_path = log
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process id, which is the id of its process group as well."""
        return self._running().pid

    @property
    def returncode(self) -> int | None:
        """The exit status, None while the program runs; minus a signal's number where a signal ended it."""
        return self._running().returncode

    @property
    def log(self) -> str:
        """What the program has written to standard output and error so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    async def start(self) -> None:
        """Start the program; its output is appended to the log."""
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self._directory, start_new_session=True,
            )  # fmt: skip

    async def ended(self, timeout: float) -> int:  # noqa: ASYNC109 - a test says how long it waits
        """Wait for the end and return the exit status; TimeoutError where it still runs after ``timeout`` seconds."""
        async with asyncio.timeout(timeout):
            return await self._running().wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program; nothing happens where it has ended.

        Not by ``Process.send_signal``, which reaps a child that has just ended, so that its exit status is lost.
        """
        if self._running().returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def stop(self) -> None:
        """Ask the program to end, kill its group where it does not within GRACE; idempotent."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)
            try:
                await self.ended(GRACE)
            except TimeoutError:
                self._kill_group()
                await self._process.wait()
        self._kill_group()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.command[0]} was not started")
        return self._process

    def _kill_group(self) -> None:
        """Kill what is left of the group. Its id cannot be another's: an id is free only when its group is empty."""
        assert self._process is not None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
