"""What a stream's pictures become, and what becomes of too many or senseless ones."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, cast

import av
import numpy as np

from monitor.gaze import Gaze
from monitor.observers.likeness.locator import Box
from monitor.observers.likeness.sight import Sight
from monitor.sources.source import Picture
from protocols.observation import Look, Motion, Observation, Rival
from protocols.policy import WatchPolicy
from tests.unit.monitor.broadcast import Inline
from tests.virtual_time import in_virtual_time

POLICY = WatchPolicy(look_every_s=4, look_every_full_s=2)


@dataclass
class Seen:
    vector: Any
    confidence: float
    head: Box = field(default_factory=lambda: Box(x=8.0, y=4.0, w=16.0, h=8.0))


@dataclass
class ScriptedSight:
    """Sees the same avatar on every picture, nobody, or breaks."""

    nobody: bool = False
    fault: Exception | None = None
    looked: list[tuple[int, ...]] = field(default_factory=list)

    def look(self, picture: Any) -> Seen | None:
        self.looked.append(picture.shape)
        if self.fault is not None:
            raise self.fault
        return None if self.nobody else Seen(np.ones(8, np.float32), 0.9)

    def again(self, picture: Any, before: Seen) -> Seen | None:
        return self.look(picture)


@dataclass
class Held(Executor):
    """Threads that begin when they are let."""

    waiting: list[Any] = field(default_factory=list)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.waiting.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future


def shown(at: float, *, grey: int = 90, keyframe: bool = False, fresh: bool = False, size: int = 64) -> Picture:
    pixels = np.full((max(2, size * 9 // 16), size, 3), grey, dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuv420p")
    return Picture(at=at, arrived=at, keyframe=keyframe, fresh=fresh, frame=frame)


@contextlib.asynccontextmanager
async def gazing(
    sight: ScriptedSight, threads: Executor | None = None
) -> AsyncIterator[tuple[Gaze, list[Look | Motion]]]:
    told: list[Look | Motion] = []
    gaze = Gaze(cast("Sight", sight), told.append, threads or Inline(), policy=POLICY, dice=lambda: 0.5)
    task = asyncio.create_task(gaze.run())
    yield gaze, told
    task.cancel()
    await asyncio.wait({task})


async def look_at(gaze: Gaze, *pictures: Picture, full: bool) -> None:
    for picture in pictures:
        gaze.take(picture, full=full)
        await asyncio.sleep(0.01)


@in_virtual_time
async def test_ambient_watching_looks_every_so_often_and_measures_no_motion() -> None:
    async with gazing(ScriptedSight()) as (gaze, told):
        await look_at(gaze, *(shown(at, keyframe=True, fresh=at == 0) for at in (0, 2, 4, 6, 8)), full=False)
        assert [(type(o), o.at) for o in told] == [(Look, 0), (Look, 4), (Look, 8)]
        assert [o.fresh for o in told if isinstance(o, Look)] == [True, False, False]
        assert gaze.seen == 5


@in_virtual_time
async def test_full_watching_measures_motion_between_pictures_and_looks_more_often() -> None:
    async with gazing(ScriptedSight()) as (gaze, told):
        await look_at(gaze, *(shown(k * 0.1, fresh=k == 0) for k in range(41)), full=True)
        assert [o.at for o in told if isinstance(o, Look)] == [0.0, 2.0, 4.0]
        motions = [o for o in told if isinstance(o, Motion)]
        assert len(motions) == 40
        assert np.allclose([motion.interval for motion in motions], 0.1)


@in_virtual_time
async def test_motion_is_not_measured_across_ambient_watching() -> None:
    async with gazing(ScriptedSight()) as (gaze, told):
        await look_at(gaze, shown(0.0), full=True)
        await look_at(gaze, shown(0.1), full=False)
        await look_at(gaze, shown(0.2), full=True)
        assert not [o for o in told if isinstance(o, Motion)]


@in_virtual_time
async def test_another_scene_is_looked_at_at_once() -> None:
    async with gazing(ScriptedSight()) as (gaze, told):
        await look_at(gaze, shown(0, keyframe=True), shown(1, keyframe=True, grey=200), full=False)
        assert [(o.at, o.fresh) for o in told if isinstance(o, Look)] == [(0, False), (1, True)]


@in_virtual_time
async def test_a_picture_without_an_avatar_is_a_look_without_a_vector() -> None:
    async with gazing(ScriptedSight(nobody=True)) as (gaze, told):
        await look_at(gaze, shown(0, keyframe=True), full=False)
        [look] = told
        assert isinstance(look, Look)
        assert (look.vector, look.confidence) == (None, 0.0)


@in_virtual_time
async def test_wide_pictures_are_scaled_before_they_are_looked_at() -> None:
    sight = ScriptedSight()
    async with gazing(sight) as (gaze, _):
        await look_at(gaze, shown(0, keyframe=True, size=1280), full=False)
    assert sight.looked == [(360, 640, 3)]


@in_virtual_time
async def test_a_change_of_resolution_is_survived() -> None:
    async with gazing(ScriptedSight()) as (gaze, told):
        sizes = (64, 64, 320, 320)
        await look_at(gaze, *(shown(k * 0.1, size=size) for k, size in enumerate(sizes)), full=True)
        assert [round(o.at, 1) for o in told if isinstance(o, Motion)] == [0.1, 0.3]
        assert gaze.senseless == 0


@in_virtual_time
async def test_the_newest_are_kept_where_threads_do_not_keep_up_and_drops_are_counted() -> None:
    threads = Held()
    async with gazing(ScriptedSight(), threads) as (gaze, told):
        loop = asyncio.get_running_loop()
        gaze.take(shown(0.0, fresh=True), full=True)
        while not threads.waiting:  # noqa: ASYNC110 - one turn of the loop
            await asyncio.sleep(0)
        for k in range(1, 101):
            gaze.take(shown(k * 0.1), full=True)
        assert gaze.dropped == 36
        threads.waiting.pop(0)()
        while not threads.waiting:  # noqa: ASYNC110 - one turn of the loop
            await asyncio.sleep(0)
        threads.waiting.pop(0)()
        while gaze.seen < 65:  # noqa: ASYNC110 - one turn of the loop
            await asyncio.sleep(0)
        assert told[-1].at == 10.0
        assert min(o.at for o in told if isinstance(o, Motion)) > 3.7
        assert loop.time() >= 0


@in_virtual_time
async def test_a_picture_that_makes_no_sense_shows_nothing_and_stops_nobody() -> None:
    sight = ScriptedSight(fault=ValueError("no picture"))
    async with gazing(sight) as (gaze, told):
        await look_at(gaze, shown(0, keyframe=True), full=False)
        assert [(type(o), o.at) for o in told] == [(Look, 0)]
        assert gaze.senseless == 1
        sight.fault = None
        await look_at(gaze, shown(5, keyframe=True), full=False)
        assert isinstance(told[-1], Look)
        assert told[-1].vector is not None


@in_virtual_time
async def test_a_picture_too_small_for_motion_does_not_end_the_stream() -> None:
    async with gazing(ScriptedSight()) as (gaze, told):
        await look_at(gaze, *(shown(k * 0.1, size=8) for k in range(3)), full=True)
        assert gaze.senseless == gaze.seen == 3
        assert not [o for o in told if isinstance(o, Motion)]
        await look_at(gaze, shown(0.3), shown(0.4), full=True)
        assert isinstance(told[-1], Motion)


@in_virtual_time
async def test_whoever_is_purged_while_a_look_calls_it_to_mind_is_not_told_of() -> None:
    asked, purged, told = asyncio.Event(), asyncio.Event(), list[Observation]()

    async def recall(look: Look) -> list[Observation]:
        asked.set()
        await purged.wait()
        return [Rival(at=look.at, avatar=name, references=np.eye(1, 8, dtype=np.float32)) for name in ("a", "b")]

    gaze = Gaze(cast("Sight", ScriptedSight()), told.append, Inline(), policy=POLICY, recall=recall)
    task = asyncio.create_task(gaze.run())
    gaze.take(shown(0.0, keyframe=True), full=False)
    await asked.wait()
    gaze.forget("a")
    purged.set()
    await asyncio.sleep(1)
    assert [one.avatar for one in told if isinstance(one, Rival)] == ["b"]
    task.cancel()
    await asyncio.wait({task})
