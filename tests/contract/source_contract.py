"""The contract of sources: a suite that every kind passes against a real peer.

A subclass in a test module gives ``scene_type``; the module takes the fixtures from its conftest.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from monitor.sources.source import (
    Ended,
    Limit,
    Patience,
    Picture,
    Refused,
    Resumed,
    Source,
    SourceEvent,
    Stalled,
    Watch,
)  # fmt: skip
from tests.contract.scenes import Clips, Scene

CLOSE = 5.0
PATIENCE = Patience(start_within=20.0, give_up_after=30.0, retry_first=0.1, retry_longest=0.5)


class Viewer:
    """Follows a source and keeps what it tells."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.seen: list[SourceEvent] = []
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._follow())

    @property
    def pictures(self) -> list[Picture]:
        return [event for event in self.seen if isinstance(event, Picture)]

    def last(self, kind: type[SourceEvent]) -> SourceEvent | None:
        return next((event for event in reversed(self.seen) if isinstance(event, kind)), None)

    async def until(self, holds: Callable[[], object], seconds: float = 25.0) -> None:
        """Wait until something holds, looked at after every event."""
        async with asyncio.timeout(seconds):
            while not holds():
                assert not self.task.done(), f"the source ended with {self.seen[-1:]}"
                self._news.clear()
                await self._news.wait()

    async def end(self, seconds: float = 25.0) -> SourceEvent:
        async with asyncio.timeout(seconds):
            await self.task
        return self.seen[-1]

    async def _follow(self) -> None:
        async for event in self.source.events():
            self.seen.append(event)
            self._news.set()
        self._news.set()


@asynccontextmanager
async def viewing(source: Source) -> AsyncIterator[Viewer]:
    viewer = Viewer(source)
    try:
        yield viewer
    finally:
        async with asyncio.timeout(CLOSE):
            await source.close()
            await viewer.task


def sources_threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("source-", "video-decoder", "audio-decoder"))]


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    before = sources_threads()
    yield
    patience = time.monotonic() + 2.0
    while sources_threads() != before and time.monotonic() < patience:
        time.sleep(0.01)  # a thread's last instruction comes after it has said that it is done
    assert sources_threads() == before


@pytest.mark.integration
@pytest.mark.usefixtures("no_thread_left")
class SourceContract:
    """What holds for every source."""

    scene_type: ClassVar[Callable[[Path], Scene]]

    @pytest.fixture
    async def scene(self, tmp_path: Path) -> AsyncIterator[Scene]:
        scene = type(self).scene_type(tmp_path / "scene")
        await scene.open()
        yield scene
        await scene.close()
        tasks = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)
        assert [task for task in tasks if not task.done()] == []

    async def test_begins_with_a_fresh_keyframe_and_tells_keyframes_only(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= 3)
        first, *others = viewer.pictures
        assert viewer.seen == viewer.pictures
        assert first.fresh
        assert not any(picture.fresh for picture in others)
        assert all(picture.keyframe for picture in viewer.pictures)
        assert (first.frame.width, first.frame.height) == (192, 108)
        assert source.dropped == source.corrupt == 0
        in_order(viewer.pictures)

    async def test_watches_every_frame_from_the_next_keyframe_and_back(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= 1)
            source.watch(Watch.FULL)
            await viewer.until(lambda: sum(not picture.keyframe for picture in viewer.pictures) >= 15)
            source.watch(Watch.AMBIENT)
            await viewer.until(lambda: all(p.keyframe for p in viewer.pictures[-2:]))
        keys = [picture.keyframe for picture in viewer.pictures]
        begin = keys.index(False)
        assert all(keys[:begin])
        steps = [b.at - a.at for a, b in zip(viewer.pictures[begin:], viewer.pictures[begin + 1 :], strict=False)]
        assert sorted(steps[:14])[7] == pytest.approx(0.04, abs=0.02)
        in_order(viewer.pictures)

    async def test_silence_is_a_stall_and_then_the_end(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(Patience(give_up_after=5.0, start_within=20.0))
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= 2)
            await scene.freeze()
            await viewer.until(lambda: viewer.last(Stalled))
            stall = viewer.last(Stalled)
            assert isinstance(stall, Stalled)
            assert 2.5 <= stall.silent_for <= 3.0
            end = await viewer.end()
        assert isinstance(end, Ended)
        assert end.cause.startswith("silent for 5 s")
        assert sum(isinstance(event, Stalled) for event in viewer.seen) == 1

    async def test_a_publisher_who_comes_back_is_seen_afresh(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= 2)
            await scene.freeze()
            await viewer.until(lambda: viewer.last(Stalled))
            await scene.leave()
            await scene.publish(clips.whole, source)
            await viewer.until(lambda: viewer.last(Resumed))
            await viewer.until(lambda: isinstance(viewer.seen[-1], Picture) and viewer.pictures[-1].keyframe)
        resumed = next(i for i, event in enumerate(viewer.seen) if isinstance(event, Resumed))
        again = viewer.seen[resumed + 1]
        assert isinstance(again, Picture)
        assert again.fresh
        in_order(viewer.pictures)

    async def test_what_never_starts_is_refused_with_a_cause(self, scene: Scene) -> None:
        source = scene.source(Patience(start_within=2.0, retry_first=0.1))
        async with viewing(source) as viewer:
            end = await viewer.end()
        assert viewer.seen == [end]
        assert isinstance(end, Refused)
        assert end.cause

    async def test_closes_while_it_waits_for_a_publisher(self, scene: Scene) -> None:
        source = scene.source(PATIENCE)
        async with viewing(source) as viewer:
            await asyncio.sleep(0.5)
            async with asyncio.timeout(CLOSE):
                await source.close()
                await viewer.task
        assert not any(isinstance(event, Picture | Ended) for event in viewer.seen)

    async def test_closes_while_it_waits_for_a_silent_publisher(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: viewer.pictures)
            await scene.freeze()
            async with asyncio.timeout(CLOSE):
                await source.close()
                await source.close()
                await viewer.task
        assert isinstance(viewer.seen[-1], Picture)

    async def test_closed_before_it_began_it_tells_nothing(self, scene: Scene) -> None:
        source = scene.source(PATIENCE)
        await source.close()
        assert [event async for event in source.events()] == []

    async def test_corrupt_data_is_counted_and_survived(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        source.watch(Watch.FULL)
        await scene.publish(clips.damaged, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: source.corrupt > 0)
            seen = len(viewer.pictures)
            await viewer.until(lambda: len(viewer.pictures) >= seen + 40)
        in_order(viewer.pictures)

    async def test_a_picture_over_the_limit_is_refused(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE, Limit(longer=160, shorter=90))
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            end = await viewer.end()
        assert viewer.seen == [end]
        assert isinstance(end, Refused)
        assert "publish at most 160x90" in end.cause

    async def test_its_events_can_be_followed_only_once(self, scene: Scene) -> None:
        source = scene.source(PATIENCE)
        async with viewing(source):
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="only once"):
                await anext(source.events())


def in_order(pictures: list[Picture]) -> None:
    """Media time never decreases and is never later than arrival."""
    times = [picture.at for picture in pictures]
    assert times == sorted(times)
    assert all(picture.at <= picture.arrived for picture in pictures)
