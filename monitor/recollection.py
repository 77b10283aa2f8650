"""Recollection: the motion of every operator is compared with what was told in other sessions, live or of other nights.

Every few seconds the turns that were told since are put in the registry, where services that share it find them too,
and those that are alike are looked up, of all sessions at once. Each turn is looked up twice, so that two sessions that
tell the same at the same time find each other, whichever is written first. The registry's trouble delays that and harms
nobody: what is not compared is not suspected.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog

from monitor import metrics
from monitor.pipeline import Pipeline
from protocols.driving.encounter import Encounter, Encounters, Hit
from protocols.driving.fingerprint import AROUND, Print, prints
from protocols.driving.track import TelemetryTrack
from protocols.observation import Compared, ToldBefore
from protocols.session import SessionId
from protocols.telemetry import TelemetryBatch
from registry.error import RegistryError
from registry.print import Kept, Prints

_log = structlog.get_logger()

_EVERY = 5.0  # seconds between two rounds
_FORGET_EVERY = 3600.0
_SETTLED = AROUND + 0.5  # seconds by which the motion after a turn is known
_HORIZON = 40.0  # seconds of telemetry that are at hand
_AGAIN_S = 15.0  # seconds after which a turn is looked up once more
_MOST = 20_000  # turns of one session that are kept: eleven hours of somebody who never keeps still
_MOST_WAITING = 50_000  # turns that wait for the registry


@dataclass(slots=True, kw_only=True)
class _Teller:
    """What one session tells. ``day``: its zero as seconds since 1970."""

    day: float
    came: list[TelemetryBatch] = field(default_factory=list)
    track: TelemetryTrack = field(default_factory=lambda: TelemetryTrack(_HORIZON))
    encounters: Encounters = field(default_factory=Encounters)
    newest: float | None = None
    until: float | None = None
    recent: deque[Print] = field(default_factory=deque)
    kept: int = 0

    def turns(self) -> list[Print]:
        """The turns that can be told since the last time, their times of day."""
        came, self.came = self.came, []
        for batch in came:
            self.track.extend(batch)
            self.newest = batch.at
        if self.newest is None:
            return []
        settled = self.newest - _SETTLED
        begin = settled - _HORIZON / 2 if self.until is None or self.until > settled + _HORIZON else self.until
        if settled <= begin:
            return []
        self.until = settled
        return [replace(one, at=self.day + one.at) for one in prints(self.track, begin, settled)]

    @property
    def now(self) -> float:
        """Up to which time of day its turns are known, in seconds since 1970."""
        return self.day + (0.0 if self.until is None else self.until)

    def look_for(self, found: Sequence[Print]) -> tuple[Print, ...]:
        """What is to be looked up: what was told now, and once more what was told a while before."""
        worth = self.encounters.tell(found)
        again = []
        while self.recent and self.recent[0].at < self.now - _AGAIN_S:
            again.append(self.recent.popleft())
        self.recent.extend(worth)
        return (*again, *worth)


class Recollection:
    """That of one service. ``days``: how long motion is remembered; with 0 nothing is kept or compared."""

    def __init__(
        self,
        registered: Prints,
        *,
        pipeline: Callable[[str], Pipeline | None],
        threads: Executor,
        clock: Callable[[], datetime],
        days: float,
    ) -> None:
        self._prints = registered
        self._pipeline = pipeline
        self._threads = threads
        self._clock = clock
        self._days = days
        self._tellers: dict[str, _Teller] = {}
        self._waiting: list[Kept] = []

    def heard(self, session: str, batch: TelemetryBatch) -> None:
        """Take what an operator tells; returns at once."""
        pipeline = self._pipeline(session)
        if self._days <= 0 or pipeline is None:
            return
        teller = self._tellers.get(session)
        if teller is None:
            teller = self._tellers[session] = _Teller(day=self._clock().timestamp() - pipeline.at())
        teller.came.append(batch)

    async def run(self) -> None:
        """Compare, and forget what is old enough, until cancelled."""
        loop = asyncio.get_running_loop()
        forget_at = loop.time()
        while True:
            try:
                if loop.time() >= forget_at:
                    forget_at = loop.time() + _FORGET_EVERY
                    await self.forget()
                await self.compare()
            except RegistryError as failure:
                _log.warning("recollection.waits", because=str(failure))
            await asyncio.sleep(_EVERY)

    async def forget(self) -> int:
        """Forget what is older than is remembered; how many turns. Raises RegistryError."""
        return await self._prints.forget(before=self._clock() - timedelta(days=self._days))

    async def compare(self) -> None:
        """One round over all sessions. Raises RegistryError; what was told then waits."""
        loop = asyncio.get_running_loop()
        sought: dict[str, tuple[Print, ...]] = {}
        told: dict[str, int] = {}
        for session, teller in list(self._tellers.items()):
            if self._pipeline(session) is None:
                del self._tellers[session]
                continue
            found = await loop.run_in_executor(self._threads, teller.turns)
            self._keep(session, teller, found)
            told[session] = len(found)
            sought[session] = teller.look_for(found)
        await self._write()
        alike = await self._alike(sought.values())
        for session, turns in sought.items():
            self._meet(session, turns, told[session], alike)

    def _keep(self, session: str, teller: _Teller, found: Sequence[Print]) -> None:
        room = max(0, min(_MOST - teller.kept, _MOST_WAITING - len(self._waiting)))
        kept = [Kept(key=one.key, session=SessionId(session), at=one.at) for one in found[:room]]
        teller.kept += len(kept)
        self._waiting += kept

    async def _write(self) -> None:
        waiting = list(self._waiting)
        await self._prints.add(waiting)
        del self._waiting[: len(waiting)]

    async def _alike(self, sought: Iterable[Sequence[Print]]) -> Mapping[int, Sequence[Kept]]:
        """By number, what is remembered under it."""
        keys = {key for turns in sought for one in turns for key in (*one.alike, *one.mirrored)}
        found: defaultdict[int, list[Kept]] = defaultdict(list)
        for kept in await self._prints.alike(keys):
            found[kept.key].append(kept)
        return found

    def _meet(self, session: str, turns: Sequence[Print], told: int, alike: Mapping[int, Sequence[Kept]]) -> None:
        pipeline, teller = self._pipeline(session), self._tellers[session]
        if pipeline is None or not turns:
            return
        met = teller.encounters.meet(_hits(session, turns, alike), teller.now)
        if met is None and not told:
            return
        if met is not None:
            metrics.ENCOUNTERS.inc()
        at = (teller.now if met is None else met.at) - teller.day
        pipeline.observe(Compared(at=at, turns=told, found=None if met is None else _told_before(met, teller.day)))


def _hits(session: str, turns: Sequence[Print], alike: Mapping[int, Sequence[Kept]]) -> Iterator[Hit]:
    """What is alike in other sessions; a session says nothing new of itself, and after a restart tells things twice."""
    for one in turns:
        for keys, mirrored in ((one.alike, False), (one.mirrored, True)):
            for key in keys:
                for kept in alike.get(key, ()):
                    if kept.session != session:
                        yield Hit(at=one.at, session=kept.session, then=kept.at, mirrored=mirrored)


def _told_before(met: Encounter, day: float) -> ToldBefore:
    return ToldBefore(
        since=met.since - day,
        session=met.session,
        apart=met.at - met.then,
        told=_instant(met.at),
        before=_instant(met.then),
        turns=met.turns,
        mirrored=met.mirrored,
    )


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
