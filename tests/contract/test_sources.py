import pytest

from monitor.sources.source import Ended, Patience, Refused
from tests.contract.scenes import (
    Clips,
    FileScene,
    FlvScene,
    HlsScene,
    RtmpScene,
    Scene,
    WhepScene,
    WhipScene,
    draw_clips,
)  # fmt: skip
from tests.contract.source_contract import PATIENCE, SourceContract, no_thread_left, viewing

__all__ = ["no_thread_left"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return draw_clips(tmp_path_factory.mktemp("clips"))


class TestRtmp(SourceContract):
    scene_type = RtmpScene


class TestHls(SourceContract):
    scene_type = HlsScene


class TestFlv(SourceContract):
    scene_type = FlvScene


class TestWhip(SourceContract):
    scene_type = WhipScene


class TestWhep(SourceContract):
    scene_type = WhepScene


class TestFile(SourceContract):
    """A file is never silent and nobody comes back to it: what a live stream meets as a stall is here its end."""

    scene_type = FileScene

    async def test_silence_is_a_stall_and_then_the_end(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            end = await viewer.end()
        assert end == Ended(at=end.at, cause="the file was played to its end")
        assert len(viewer.seen) == len(viewer.pictures) + 1
        assert 5.0 <= end.at - viewer.pictures[0].at <= 8.0

    async def test_a_publisher_who_comes_back_is_seen_afresh(self, scene: Scene, clips: Clips) -> None:
        for _ in range(2):
            source = scene.source(PATIENCE)
            await scene.publish(clips.whole, source)
            async with viewing(source) as viewer:
                await viewer.until(lambda seen=viewer: seen.pictures)
            assert viewer.pictures[0].fresh

    async def test_closes_while_it_waits_for_a_publisher(self, scene: Scene) -> None:
        source = scene.source(Patience())
        async with viewing(source) as viewer:
            end = await viewer.end()
        assert end == Refused(at=end.at, cause="there is no such file")

    async def test_closes_while_it_waits_for_a_silent_publisher(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: viewer.pictures)

    async def test_its_events_can_be_followed_only_once(self, scene: Scene, clips: Clips) -> None:
        source = scene.source(PATIENCE)
        await scene.publish(clips.whole, source)
        async with viewing(source) as viewer:
            await viewer.until(lambda: viewer.pictures)
            with pytest.raises(RuntimeError, match="only once"):
                await anext(source.events())
