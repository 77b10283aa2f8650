"""The pool: as many workers as the settings say, and one more that stands ready for whoever dies.

A stream belongs to one place of the pool by its name. When the worker there dies, its streams' sessions are blind,
which is the monitor's own trouble and nobody's fault; the spare takes the place at once and opens them again. Streams
whose workers die again and again are set apart in cells, places of their own: see ``protocols/quarantine.py``.
"""

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from prometheus_client import Counter

from monitor.sources.ring import Ring
from monitor.workers.far import FarStream
from monitor.workers.far_whip import FarWhip
from monitor.workers.frame import Frame, FrameRefused
from monitor.workers.opening import Opening
from monitor.workers.worker import Worker
from protocols.quarantine import Parting, Quarantine
from protocols.session import SourceKind

_log = structlog.get_logger()

DEATHS = Counter("nakanohito_worker_deaths", "Workers that ended without having been told to")
QUARANTINED = Counter("nakanohito_quarantined", "Streams that were found to kill the workers that watch them")
_CALM_AFTER = 10.0  # seconds that a worker has to live for the next one to start without a pause
_PAUSES = (0.0, 0.2, 1.0, 5.0)  # seconds before the next worker, by how often they died early
_CAUSE = "the process that watched it has died, and another takes over"
_APART = "the process that watched it alone has died, {deaths} times lately; it is tried again in {rest:g} s"


@dataclass(slots=True, kw_only=True, eq=False)
class Place:
    """Where streams are held, by one worker after the other. A ``cell`` is for suspects and ends with the last one."""

    name: str
    cell: bool = False
    streams: dict[str, FarStream] = field(default_factory=dict)
    worker: Worker | None = None
    rest_s: float = 0.0

    def over(self) -> bool:
        """Whether nobody needs it any more."""
        return self.cell and not self.streams


@dataclass(frozen=True, slots=True, kw_only=True)
class SetApart:
    """A stream that was alone when its worker died, as ``deaths`` of its workers did within ``within_s``."""

    stream: str
    deaths: int
    within_s: float


class Pool:
    """The workers of one service. ``hello`` tells each what it needs: the likeness model, and how many threads.

    ``cells`` is how many more places there may be for suspects. ``apart`` tells of streams in quarantine, once each.
    """

    def __init__(
        self, places: int, hello: Mapping[str, Any], *, quarantine: Quarantine | None = None, cells: int = 8
    ) -> None:
        self.apart: asyncio.Queue[SetApart] = asyncio.Queue()
        self._hello = hello
        self._places = [Place(name=str(number)) for number in range(places)]
        self._at: dict[str, Place] = {}
        self._quarantine = quarantine or Quarantine(after=3, within_s=600.0)
        self._most_cells = cells
        self._cells: list[Place] = []
        self._told: set[str] = set()
        self._ready: asyncio.Queue[Worker] = asyncio.Queue()

    @property
    def pids(self) -> list[int]:
        """The process ids of those that hold streams now."""
        return [place.worker.process.pid for place in (*self._places, *self._cells) if place.worker is not None]

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The streams that are set apart, by the cell that they share."""
        return [tuple(cell.streams) for cell in self._cells]

    @property
    def trouble(self) -> str | None:
        """What keeps streams from being watched, None where nothing does; who rests in quarantine is no trouble."""
        places = (*self._places, *self._cells)
        missing = sum(place.worker is None and bool(place.streams) and not place.rest_s for place in places)
        return f"{missing} of the workers are being started anew" if missing else None

    def place(self, name: str) -> int:
        """Which place of the pool a stream belongs to, as long as it is no suspect."""
        return zlib.crc32(name.encode()) % len(self._places)

    def stream(self, name: str, opening: Opening, ring: Ring) -> FarStream:
        """A stream that a worker will hold from its first ``events`` on."""

        def send(frame: Frame) -> None:
            if frame.kind == "open":
                self._at.setdefault(name, self._places[self.place(name)]).streams[name] = stream
            if (place := self._at.get(name)) is not None and place.worker is not None:
                place.worker.send(frame)

        made = FarWhip if opening.feed.kind is SourceKind.WHIP else FarStream
        stream = made(name, opening, ring, send=send, left=self._left)
        return stream

    async def run(self) -> None:
        """Keep every place filled and one more ready, until cancelled; then end them all."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start(), name="workers, start")
                for place in self._places:
                    self._fill(place, group)
        finally:
            waiting = [self._ready.get_nowait() for _ in range(self._ready.qsize())]
            await asyncio.gather(*(worker.end() for worker in waiting))

    def _fill(self, place: Place, group: asyncio.TaskGroup) -> None:
        """Have a place kept, and one more worker started for it."""
        group.create_task(self._start(), name="workers, start")
        group.create_task(self._keep(place, group), name=f"workers, place {place.name}")

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

    async def _keep(self, place: Place, group: asyncio.TaskGroup) -> None:
        """Have a worker at this place, and another one whenever it dies; a cell ends with its last stream."""
        loop, early = asyncio.get_running_loop(), 0
        while True:
            worker = await self._ready.get()
            if place.over():
                self._ready.put_nowait(worker)
                break
            began = loop.time()
            try:
                await self._listen(place, worker)
            finally:
                place.worker = None
                await worker.end()
            if place.over():
                break
            DEATHS.inc()
            early = 0 if loop.time() - began > _CALM_AFTER else min(early + 1, len(_PAUSES) - 1)
            status, held = worker.process.returncode, len(place.streams)
            _log.error("worker.died", place=place.name, streams=held, status=status)
            self._part(place, group)
            pause = max(_PAUSES[early], place.rest_s)
            group.create_task(self._start(pause), name="workers, start")
            await asyncio.sleep(max(_PAUSES[max(0, early - 1)], place.rest_s))
            place.rest_s = 0.0
        self._cells.remove(place)

    async def _listen(self, place: Place, worker: Worker) -> None:
        """Hand it the streams of its place, and hear it until it ends."""
        place.worker = worker
        for stream in place.streams.values():
            for said in stream.begun():
                worker.send(said)
        try:
            while (frame := await worker.heard()) is not None:
                if (about := place.streams.get(frame.stream)) is not None:
                    about.hear(frame)
        except FrameRefused as refused:
            _log.error("worker.refused", place=place.name, because=str(refused))
            worker.process.kill()

    def _part(self, place: Place, group: asyncio.TaskGroup) -> None:
        """Tell the streams of a worker that has died, and set those apart that are suspected."""
        now = asyncio.get_running_loop().time()
        parting = self._quarantine.died(tuple(place.streams), now, cell=place.cell)
        place.rest_s = parting.rest_s
        cause = _APART.format(deaths=parting.deaths, rest=parting.rest_s) if parting.culprit else _CAUSE
        for stream in place.streams.values():
            stream.lost(now, cause)
        self._tell(parting)
        for names in parting.cells:
            if len(self._cells) < self._most_cells:
                self._fill(self._cell(place, names), group)
            else:
                _log.error("quarantine.full", cells=len(self._cells), streams=len(names))

    def _cell(self, place: Place, names: Sequence[str]) -> Place:
        """Move streams to a new cell."""
        cell = Place(name=f"cell {names[0]}", cell=True, streams={name: place.streams.pop(name) for name in names})
        self._at |= dict.fromkeys(names, cell)
        self._cells.append(cell)
        _log.warning("quarantine.cell", place=place.name, streams=len(names))
        return cell

    def _tell(self, parting: Parting) -> None:
        if parting.culprit is not None and parting.culprit not in self._told:
            self._told.add(parting.culprit)
            QUARANTINED.inc()
            told = SetApart(stream=parting.culprit, deaths=parting.deaths, within_s=self._quarantine.within_s)
            self.apart.put_nowait(told)

    def _left(self, name: str) -> None:
        """A stream is over, or its session is."""
        place = self._at.pop(name, None)
        if place is not None:
            place.streams.pop(name, None)
            if place.over() and place.worker is not None:
                place.worker.dismiss()
