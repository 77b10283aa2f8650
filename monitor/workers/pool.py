"""The pool: as many workers as the settings say, and one more that stands ready for whoever dies.

A stream belongs to one place of the pool by its name. When the worker there dies, its streams' sessions are blind,
which is the monitor's own trouble and nobody's fault; the spare takes the place at once and opens them again.
"""

import asyncio
import os
import socket
import sys
import zlib
from collections.abc import Mapping
from typing import Any

import structlog
from prometheus_client import Counter

from monitor.sources.ring import Ring
from monitor.workers.far import FarStream
from monitor.workers.frame import MOST_HEAD, Frame, FrameRefused, read
from monitor.workers.opening import Opening

_log = structlog.get_logger()

DEATHS = Counter("nakanohito_worker_deaths", "Workers that ended without having been told to")
_READY_WITHIN = 60.0  # seconds; a worker loads the likeness model first
_SILENT_AFTER = 10.0  # seconds; a worker that works says so every second
_CALM_AFTER = 10.0  # seconds that a worker has to live for the next one to start without a pause
_PAUSES = (0.0, 0.2, 1.0, 5.0)  # seconds before the next worker, by how often they died early
_CAUSE = "the process that watched it has died, and another takes over"


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

    async def end(self) -> None:
        """End it, and wait until it has: its line is cut, and where that is not enough it is killed."""
        self._writer.close()
        try:
            async with asyncio.timeout(5):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


class Pool:
    """The workers of one service. ``hello`` tells each what it needs: the likeness model, and how many threads."""

    def __init__(self, places: int, hello: Mapping[str, Any]) -> None:
        self._hello = hello
        self._streams: list[dict[str, FarStream]] = [{} for _ in range(places)]
        self._workers: list[Worker | None] = [None] * places
        self._ready: asyncio.Queue[Worker] = asyncio.Queue()

    @property
    def pids(self) -> list[int]:
        """The process ids of those that hold streams now."""
        return [worker.process.pid for worker in self._workers if worker is not None]

    @property
    def trouble(self) -> str | None:
        """What keeps streams from being watched, None where nothing does."""
        missing = sum(worker is None and bool(self._streams[at]) for at, worker in enumerate(self._workers))
        return f"{missing} of the workers are being started anew" if missing else None

    def place(self, name: str) -> int:
        """Which place of the pool a stream belongs to."""
        return zlib.crc32(name.encode()) % len(self._streams)

    def stream(self, name: str, opening: Opening, ring: Ring) -> FarStream:
        """A stream that a worker will hold from its first ``events`` on."""
        place = self.place(name)

        def send(frame: Frame) -> None:
            if frame.kind == "open":
                self._streams[place][name] = stream
            if (worker := self._workers[place]) is not None:
                worker.send(frame)

        def left(name: str) -> None:
            self._streams[place].pop(name, None)

        stream = FarStream(name, opening, ring, send=send, left=left)
        return stream

    async def run(self) -> None:
        """Keep every place filled and one more ready, until cancelled; then end them all."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(len(self._workers) + 1):
                    group.create_task(self._start(), name="workers, start")
                for place in range(len(self._workers)):
                    group.create_task(self._keep(place, group), name=f"workers, place {place}")
        finally:
            waiting = [self._ready.get_nowait() for _ in range(self._ready.qsize())]
            await asyncio.gather(*(worker.end() for worker in waiting))

    async def _start(self, pause: float = 0.0) -> None:
        """Have one more ready."""
        await asyncio.sleep(pause)
        while True:
            try:
                worker = await Worker.started(self._hello)
            except (FrameRefused, TimeoutError, OSError) as failure:
                _log.error("worker.failed", because=str(failure) or "it did not become ready in time")
                await asyncio.sleep(_PAUSES[-1])
            else:
                _log.info("worker.ready", pid=worker.process.pid)
                self._ready.put_nowait(worker)
                return

    async def _keep(self, place: int, group: asyncio.TaskGroup) -> None:
        loop, early = asyncio.get_running_loop(), 0
        while True:
            worker = await self._ready.get()
            began = loop.time()
            try:
                await self._listen(place, worker)
            finally:
                self._workers[place] = None
                await worker.end()
            DEATHS.inc()
            early = 0 if loop.time() - began > _CALM_AFTER else min(early + 1, len(_PAUSES) - 1)
            group.create_task(self._start(_PAUSES[early]), name="workers, start")
            _log.error("worker.died", place=place, streams=len(self._streams[place]), status=worker.process.returncode)
            await asyncio.sleep(_PAUSES[max(0, early - 1)])

    async def _listen(self, place: int, worker: Worker) -> None:
        """Hand it the streams of its place, and hear it until it ends."""
        streams = self._streams[place]
        self._workers[place] = worker
        for stream in streams.values():
            worker.send(stream.opened())
        try:
            while (frame := await _heard(worker)) is not None:
                if (about := streams.get(frame.stream)) is not None:
                    about.hear(frame)
        except FrameRefused as refused:
            _log.error("worker.refused", place=place, because=str(refused))
            worker.process.kill()
        at = asyncio.get_running_loop().time()
        for stream in streams.values():
            stream.lost(at, _CAUSE)


async def _heard(worker: Worker) -> Frame | None:
    """Its next frame; a worker that hangs is one that has died. Raises FrameRefused."""
    try:
        async with asyncio.timeout(_SILENT_AFTER):
            return await read(worker.reader)
    except TimeoutError:
        raise FrameRefused(f"it has said nothing for {_SILENT_AFTER:g} s") from None
