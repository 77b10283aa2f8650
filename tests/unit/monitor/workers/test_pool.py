"""The pool sets apart who kills its workers, and leaves the others where they are; workers here are no processes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from monitor.sources.ring import Ring
from monitor.sources.source import Lost, SourceEvent
from monitor.workers import pool as pools
from monitor.workers.far import FarStream
from monitor.workers.frame import Frame
from monitor.workers.pool import Pool, SetApart
from protocols.quarantine import RESTS, Quarantine
from tests.unit.monitor.workers.test_far import OPENING
from tests.virtual_time import in_virtual_time

NAMES = [f"ses_{number}" for number in range(8)]
LIFE = 2.0
"""Seconds that a worker lives which holds a deadly stream."""


class Process:
    """What the pool asks of a process."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None

    def kill(self) -> None:
        raise AssertionError("nobody hangs here")


class FakeWorker:
    """A worker that dies of a deadly stream, and ends when it is dismissed."""

    deadly: ClassVar[set[str]] = set()
    made: ClassVar[int] = 0

    def __init__(self) -> None:
        FakeWorker.made += 1
        self.process = Process(FakeWorker.made)
        self.held: set[str] = set()
        self._over = asyncio.Event()

    @classmethod
    async def started(cls, hello: Mapping[str, Any]) -> "FakeWorker":
        await asyncio.sleep(3)
        return cls()

    def send(self, frame: Frame) -> None:
        if frame.kind == "open":
            self.held.add(frame.stream)
            if frame.stream in self.deadly:
                asyncio.get_running_loop().call_later(LIFE, self._over.set)
        else:
            self.held.discard(frame.stream)

    async def heard(self) -> Frame | None:
        await self._over.wait()
        return None

    def dismiss(self) -> None:
        self._over.set()

    async def end(self) -> None:
        self._over.set()


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch, deadly: set[str], **more: Any) -> AsyncIterator[Pool]:
    monkeypatch.setattr(pools, "Worker", FakeWorker)
    monkeypatch.setattr(FakeWorker, "deadly", deadly)
    pool = Pool(1, {}, quarantine=Quarantine(after=2, within_s=600), **more)
    task = asyncio.create_task(pool.run())
    try:
        yield pool
    finally:
        task.cancel()
        await asyncio.wait([task])


class Watched:
    """A stream, and what its pipeline hears of it."""

    def __init__(self, pool: Pool, name: str) -> None:
        self.stream: FarStream = pool.stream(name, OPENING, Ring())
        self.told: list[SourceEvent] = []
        self.task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async for event in self.stream.events():
            self.told.append(event)

    @property
    def lost(self) -> list[str]:
        return [event.cause for event in self.told if isinstance(event, Lost)]

    async def close(self) -> None:
        await self.stream.close()
        await self.task


async def closed(watched: Mapping[str, Watched]) -> None:
    for each in watched.values():
        await each.close()


@in_virtual_time
async def test_the_stream_that_kills_is_found_and_told_of_once_and_the_others_are_left_in_peace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(monkeypatch, {"ses_5"}) as pool:
        watched = {name: Watched(pool, name) for name in NAMES}
        told = await asyncio.wait_for(pool.apart.get(), 120)
        assert told == SetApart(stream="ses_5", deaths=5, within_s=600.0)
        assert ("ses_5",) in pool.cells
        await asyncio.sleep(5)  # until the other cells have their workers
        assert pool.trouble is None
        assert f"tried again in {RESTS[0]:g} s" in watched["ses_5"].lost[-1]
        before = {name: len(each.lost) for name, each in watched.items()}
        assert max(count for name, count in before.items() if name != "ses_5") <= 4
        await asyncio.sleep(700)
        after = {name: len(each.lost) for name, each in watched.items()}
        assert {name for name in NAMES if after[name] > before[name]} == {"ses_5"}
        assert after["ses_5"] - before["ses_5"] == len([10, 60, 300, 300])
        assert pool.apart.empty()
        await closed(watched)


@in_virtual_time
async def test_cells_end_with_their_streams_and_newcomers_go_to_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, {"ses_5"}) as pool:
        watched = {name: Watched(pool, name) for name in NAMES}
        await asyncio.wait_for(pool.apart.get(), 120)
        held = {"new": Watched(pool, "new")}
        assert "new" not in {name for cell in pool.cells for name in cell}
        await closed(watched)
        await asyncio.sleep(RESTS[-1])
        assert pool.cells == []
        assert len(pool.pids) == 1
        await closed(held)


@in_virtual_time
async def test_there_are_no_more_cells_than_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, set(NAMES), cells=2) as pool:
        watched = {name: Watched(pool, name) for name in NAMES}
        await asyncio.sleep(300)
        assert len(pool.cells) == 2
        await closed(watched)
