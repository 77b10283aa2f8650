"""A worker process, as the service has it: started, spoken with, ended."""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

from monitor.workers.frame import MOST_HEAD, Frame, FrameRefused, read

_READY_WITHIN = 60.0  # seconds; a worker loads the likeness model first
_SILENT_AFTER = 10.0  # seconds; a worker that works says so every second


class Worker:
    """One process, which has said that it is ready."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self.reader = reader
        self._writer = writer

    @classmethod
    async def started(cls, hello: Mapping[str, Any]) -> "Worker":
        """Start one and wait until it is ready. Raises FrameRefused and TimeoutError where it does not become so."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "monitor.workers", str(theirs.fileno()), pass_fds=[theirs.fileno()],
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        reader, writer = await asyncio.open_connection(sock=ours, limit=4 * MOST_HEAD)
        worker = cls(process, reader, writer)
        try:
            worker.send(Frame(kind="hello", stream="", says=hello))
            async with asyncio.timeout(_READY_WITHIN):
                await worker.ready()
        except BaseException:
            await worker.end()
            raise
        return worker

    async def ready(self) -> None:
        """Wait until it says so. Raises FrameRefused where it says anything else."""
        frame = await read(self.reader)
        if frame is None or frame.kind != "ready":
            raise FrameRefused("a worker ended before it was ready")

    def send(self, frame: Frame) -> None:
        """Say something to it."""
        self._writer.write(frame.packed())

    def dismiss(self) -> None:
        """Cut its line, which it ends with."""
        self._writer.close()

    async def end(self) -> None:
        """End it, and wait until it has: its line is cut, and where that is not enough it is killed."""
        self.dismiss()
        try:
            async with asyncio.timeout(5):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def heard(self) -> Frame | None:
        """Its next frame; a worker that hangs is one that has died. Raises FrameRefused."""
        try:
            async with asyncio.timeout(_SILENT_AFTER):
                return await read(self.reader)
        except TimeoutError:
            raise FrameRefused(f"it has said nothing for {_SILENT_AFTER:g} s") from None
