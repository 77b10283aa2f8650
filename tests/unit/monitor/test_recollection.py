"""Motion that is told again is known again, live or of another night, over restarts, and by every service."""

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np

from monitor import recollection as recollected
from monitor.pipeline import Pipeline
from monitor.recollection import Recollection
from protocols.observation import Compared, ToldBefore
from protocols.session import Feed, Session, SourceKind
from protocols.telemetry import STEPS, TelemetryBatch, TelemetrySample
from registry.error import Unavailable
from registry.print import Kept, Prints
from registry.registry import Registry
from tests.unit.protocols.driving.wandering import AXES, changed, person
from tests.unit.registry.conftest import NOW, submission

NIGHT = 86_400.0


class Live:
    """A pipeline's part in this: it has a clock and is told things."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[Compared] = []

    def at(self) -> float:
        return self.now

    def observe(self, observation: Compared) -> None:
        self.told.append(observation)

    @property
    def found(self) -> list[ToldBefore]:
        return [one.found for one in self.told if one.found is not None]


class House:
    """A service, or one after the other: the registry stays."""

    def __init__(self, prints: Prints, threads: ThreadPoolExecutor, *, days: float = 30.0) -> None:
        self.live: dict[str, Live] = {}
        self.day = NOW.timestamp()
        self.recollection = Recollection(
            prints,
            pipeline=lambda session: cast("Pipeline | None", self.live.get(session)),
            threads=threads,
            clock=self.clock,
            days=days,
        )

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.day, NOW.tzinfo)

    async def evening(self, told: dict[str, Sequence[TelemetrySample]], seconds: float = 100.0) -> None:
        """Sessions tell second by second, and every five a round is made."""
        begun = self.day
        for session in told:
            self.live.setdefault(session, Live())
        for second in range(round(seconds)):
            self.day = begun + second + 1.0
            for session, samples in told.items():
                self.live[session].now = second + 1.0
                due = [sample for sample in samples if second <= sample.at < second + 1.0]
                if due:
                    self.recollection.heard(session, batch(due))
            if second % 5 == 4:
                await self.recollection.compare()


def batch(samples: Sequence[TelemetrySample]) -> TelemetryBatch:
    steps = np.array([[round(getattr(one, name) / STEPS[name]) for one in samples] for name in AXES], dtype=np.int16)
    return TelemetryBatch(times=[one.at for one in samples], names=AXES, steps=steps)


@asynccontextmanager
async def houses(folder: Path, **more: Any) -> AsyncIterator[tuple[Registry, House, Sequence[Session]]]:
    registry = await Registry.open(f"sqlite:///{folder / 'registry.sqlite'}")
    with ThreadPoolExecutor(1) as threads:
        try:
            yield registry, House(registry.prints, threads, **more), await _sessions(registry)
        finally:
            await registry.close()


async def _sessions(registry: Registry) -> list[Session]:
    avatar = await registry.avatars.register(submission(), at=NOW)
    policy = await registry.policies.put("standard", {}, at=NOW)
    return [
        await registry.sessions.create(
            feed=Feed(kind=SourceKind.RTMP, url=f"rtmp://edge/live/{name}"),
            avatar=avatar.id,
            operators=[],
            policy=policy,
            at=NOW,
        )
        for name in ("one", "other", "third")
    ]


def note(registry: Registry) -> list[Kept]:
    """What is put in the registry from now on, and does not get there."""
    added: list[Kept] = []

    async def noted(found: Sequence[Kept]) -> None:
        added.extend(found)

    registry.prints.add = noted  # type: ignore[method-assign]
    return added


async def test_the_motion_of_another_night_is_known_again(tmp_path: Path) -> None:
    async with houses(tmp_path) as (_, house, (before, now, stranger)):
        await house.evening({before.id: person(1)})
        assert house.live[before.id].found == []
        del house.live[before.id]
        house.day = NOW.timestamp() + NIGHT
        copy = changed(person(1), gain=1.2, offset=2.0, noise=0.1)
        await house.evening({now.id: copy, stranger.id: person(2)})
        found = house.live[now.id].found
        assert found
        assert {one.session for one in found} == {before.id}
        assert abs(found[-1].apart - NIGHT) < 1.0
        assert found[0].turns >= 5
        assert found[-1].told.startswith("2026-11-24T12:01:")
        assert found[-1].before.startswith("2026-11-23T12:01:")
        told = [one for one in house.live[now.id].told if one.found is not None]
        assert all(0.0 <= one.found.since < one.at <= 100.0 for one in told if one.found is not None)
        assert house.live[stranger.id].found == []
        assert sum(one.turns for one in house.live[stranger.id].told) >= 10


async def test_two_that_tell_the_same_at_the_same_time_find_each_other(tmp_path: Path) -> None:
    async with houses(tmp_path) as (_, house, (one, other, _)):
        await house.evening({one.id: person(1), other.id: changed(person(1), noise=0.1)})
        for session, twin in ((one.id, other.id), (other.id, one.id)):
            found = house.live[session].found
            assert {told.session for told in found} == {twin}
            assert all(abs(told.apart) < 1.0 for told in found)


async def test_two_services_that_share_a_registry_find_each_other(tmp_path: Path) -> None:
    async with houses(tmp_path) as (registry, house, (one, other, _)):
        with ThreadPoolExecutor(1) as threads:
            elsewhere = House(registry.prints, threads)
            samples = list(person(1))
            for begin in range(0, 100, 5):
                for there, session in ((house, one.id), (elsewhere, other.id)):
                    there.day = NOW.timestamp() + begin
                    there.live.setdefault(session, Live()).now = float(begin)
                    due = [sample for sample in samples if begin <= sample.at < begin + 5]
                    there.recollection.heard(session, batch(due))
                    await there.recollection.compare()
            assert {told.session for told in house.live[one.id].found} == {other.id}
            assert {told.session for told in elsewhere.live[other.id].found} == {one.id}


async def test_a_session_that_is_taken_up_again_is_no_copy_of_itself(tmp_path: Path) -> None:
    async with houses(tmp_path) as (registry, house, (one, _, _)):
        await house.evening({one.id: person(1)}, seconds=60)
        with ThreadPoolExecutor(1) as threads:
            after = House(registry.prints, threads)
            after.day = NOW.timestamp() + 60.0
            await after.evening({one.id: person(1)}, seconds=60)  # and sends what it had buffered
            assert after.live[one.id].found == []


async def test_what_was_sent_last_and_again_in_the_next_session_is_too_little(tmp_path: Path) -> None:
    async with houses(tmp_path) as (_, house, (one, other, _)):
        samples = person(1)
        await house.evening({one.id: samples}, seconds=60)
        del house.live[one.id]
        buffered = [replace(sample, at=sample.at - 50.0) for sample in samples if 50.0 <= sample.at < 60.0]
        house.day = NOW.timestamp() + 50.0
        await house.evening({other.id: [*buffered, *changed(person(3)[300:], later=0.0)]}, seconds=60)
        assert house.live[other.id].found == []


async def test_what_is_told_in_no_session_is_not_kept(tmp_path: Path) -> None:
    async with houses(tmp_path) as (registry, house, (one, _, _)):
        added = note(registry)
        for begin in range(0, 100, 5):
            house.recollection.heard(one.id, batch([s for s in person(1) if begin <= s.at < begin + 5]))
            await house.recollection.compare()
        assert added == []


async def test_a_session_that_is_over_is_let_go(tmp_path: Path) -> None:
    async with houses(tmp_path) as (registry, house, (one, _, _)):
        added = note(registry)
        await house.evening({one.id: person(1)}, seconds=50)
        assert added
        del house.live[one.id]
        count = len(added)
        await house.recollection.compare()
        house.live[one.id] = Live()  # were it still there, it would go on from where it was
        await house.recollection.compare()
        assert len(added) == count
        assert house.live[one.id].told == []


async def test_with_no_days_nothing_is_kept_or_compared(tmp_path: Path) -> None:
    async with houses(tmp_path, days=0.0) as (_, house, (one, other, _)):
        await house.evening({one.id: person(1), other.id: person(1)})
        assert house.live[one.id].told == house.live[other.id].told == []


async def test_it_forgets_in_time(tmp_path: Path) -> None:
    async with houses(tmp_path, days=30.0) as (registry, house, (one, _, _)):
        await registry.prints.add([Kept(key=1, session=one.id, at=NOW.timestamp())])
        house.day += timedelta(days=29).total_seconds()
        assert await house.recollection.forget() == 0
        house.day += timedelta(days=2).total_seconds()
        assert await house.recollection.forget() == 1


async def test_what_could_not_be_written_waits(tmp_path: Path) -> None:
    async with houses(tmp_path) as (registry, house, (one, other, _)):
        add, kept = registry.prints.add, list[Kept]()

        async def fails(found: Sequence[Kept]) -> None:
            raise Unavailable("the database is away")

        registry.prints.add = fails  # type: ignore[method-assign]
        for begin in range(0, 60, 5):
            house.live.setdefault(one.id, Live()).now = float(begin)
            house.recollection.heard(one.id, batch([s for s in person(1) if begin <= s.at < begin + 5]))
            try:
                await house.recollection.compare()
            except Unavailable:
                kept.append(Kept(key=0, session=other.id, at=float(begin)))
        assert len(kept) == 12
        registry.prints.add = add  # type: ignore[method-assign]
        await house.recollection.compare()
        house.day = NOW.timestamp() + NIGHT
        await house.evening({other.id: person(1)})
        assert {told.session for told in house.live[other.id].found} == {one.id}


async def test_a_session_is_remembered_up_to_a_bound(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(recollected, "_MOST", 3)
    async with houses(tmp_path) as (registry, house, (one, _, _)):
        added = note(registry)
        await house.evening({one.id: person(1)})
        assert len(added) == 3
