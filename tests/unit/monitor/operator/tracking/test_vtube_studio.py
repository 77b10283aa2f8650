"""VTube Studio: allowed once, remembered, revoked, denied, lost and found again."""

from pathlib import Path

import pytest

from monitor.operator.backoff import Backoff
from monitor.operator.tracking import token as tokens
from monitor.operator.tracking.choice import Choice, TrackerRefused
from monitor.operator.tracking.feed import Doing, TrackingFeed
from monitor.operator.tracking.vtube_studio import VTubeStudio as Client
from protocols.tracking.quality import Condition
from protocols.tracking.tracker import Tracker
from tests.servers.ports import free_port
from tests.servers.vtube_studio import VTubeStudio
from tests.unit.monitor.operator.tracking.stage import beside, eventually


def client(port: int, feed: TrackingFeed, file: Path) -> Client:
    choice = Choice(tracker=Tracker.VTUBE_STUDIO, port=port)
    return Client(choice, feed, file, Backoff(first=0.02, most=0.02))


async def test_its_user_is_asked_once_and_the_token_kept(tmp_path: Path) -> None:
    file, feed = tmp_path / "vts.token", TrackingFeed()
    async with VTubeStudio(lambda _at: {"FaceAngleX": -12.0, "MouthOpen": 0.5}) as studio:
        async with beside(client(studio.port, feed, file).follow()):
            await eventually(lambda: feed.newest is not None)
        async with beside(client(studio.port, feed, file).follow()):
            await eventually(lambda: studio.connections == 2 and feed.doing is Doing.FOLLOWING)
    assert studio.asked == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert feed.newest is not None
    assert (feed.newest.yaw, feed.newest.mouth_open) == (12.0, 0.5)


async def test_a_token_that_was_revoked_is_asked_for_anew(tmp_path: Path) -> None:
    file, feed = tmp_path / "vts.token", TrackingFeed()
    tokens.save(file, "of-last-year")
    async with VTubeStudio() as studio, beside(client(studio.port, feed, file).follow()):
        await eventually(lambda: feed.newest is not None)
    assert studio.asked == 1
    assert tokens.load(file) in studio.tokens


async def test_whoever_says_no_is_not_asked_again(tmp_path: Path) -> None:
    async with VTubeStudio(allows=False) as studio:
        with pytest.raises(TrackerRefused, match="told not to let us in"):
            await client(studio.port, TrackingFeed(), tmp_path / "t").follow()
    assert studio.asked == 1
    assert not (tmp_path / "t").exists()


async def test_a_connection_that_is_lost_comes_back(tmp_path: Path) -> None:
    feed = TrackingFeed()
    async with VTubeStudio() as studio, beside(client(studio.port, feed, tmp_path / "t").follow()):
        await eventually(lambda: studio.told > 2)
        await studio.drop()
        await eventually(lambda: studio.connections == 2)
        told = studio.told
        await eventually(lambda: studio.told > told + 2)
    assert studio.asked == 1


async def test_it_waits_for_a_program_that_is_not_there_yet(tmp_path: Path) -> None:
    port, feed = free_port(), TrackingFeed()
    async with beside(client(port, feed, tmp_path / "t").follow()):
        await eventually(lambda: feed.doing is Doing.CONNECTING and ":" in feed.detail)
        async with VTubeStudio(port=port):
            await eventually(lambda: feed.newest is not None)


async def test_a_face_that_is_not_found_is_nobody(tmp_path: Path) -> None:
    feed = TrackingFeed()
    async with VTubeStudio() as studio, beside(client(studio.port, feed, tmp_path / "t").follow()):
        await eventually(lambda: feed.newest is not None)
        studio.face = False
        await eventually(lambda: feed.newest is None)
        assert feed.quality(1e9).condition is Condition.SILENT


async def test_answers_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    feed = TrackingFeed()
    async with VTubeStudio() as studio, beside(client(studio.port, feed, tmp_path / "t").follow()):
        await eventually(lambda: studio.told > 1)
        studio.instead = '{"half'
        told = studio.told
        await eventually(lambda: studio.told > told + 3)
    assert studio.connections == 1
    assert feed.quality(0.0).refused == 1


async def test_an_error_of_its_own_is_a_reason_to_connect_again(tmp_path: Path) -> None:
    feed = TrackingFeed()
    wrong = '{"apiName":"VTubeStudioPublicAPI","messageType":"APIError","data":{"errorID":8,"message":"not now"}}'
    async with VTubeStudio() as studio, beside(client(studio.port, feed, tmp_path / "t").follow()):
        await eventually(lambda: studio.told > 1)
        studio.instead = wrong
        await eventually(lambda: studio.connections == 2)


async def test_a_token_that_is_not_taken_at_once_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = VTubeStudio()
    monkeypatch.setattr(studio, "tokens", type("Sieve", (set,), {"add": lambda *_: None})())
    async with studio:
        with pytest.raises(TrackerRefused, match="just given: Revoked"):
            await client(studio.port, TrackingFeed(), tmp_path / "t").follow()
