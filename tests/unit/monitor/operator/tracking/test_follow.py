"""Discovery and following: what is running is found, what falls silent is looked for again, what cannot be is told."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.operator.tracking import follow as following
from monitor.operator.tracking.choice import Choice
from monitor.operator.tracking.discovery import discover
from monitor.operator.tracking.feed import Doing, TrackingFeed
from monitor.operator.tracking.follow import follow
from protocols.tracking import vtube_studio
from protocols.tracking.tracker import PORTS, Tracker
from tests.servers.ports import free_port
from tests.servers.vtube_studio import VTubeStudio
from tests.unit.monitor.operator.tracking.stage import beside, eventually, send
from tests.unit.protocols.tracking import packets


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> dict[Tracker, int]:
    """The trackers on ports that nothing else on this machine can have."""
    for tracker in Tracker:
        monkeypatch.setitem(PORTS, tracker, free_port(socket.SOCK_DGRAM))
    monkeypatch.setattr(vtube_studio, "BROADCAST_PORT", free_port(socket.SOCK_DGRAM))
    return PORTS


async def steadily(port: int, packet: bytes) -> None:
    while True:
        send(port, packet)
        await asyncio.sleep(0.02)


@pytest.fixture
async def vmc(ports: dict[Tracker, int]) -> AsyncIterator[None]:
    async with beside(steadily(ports[Tracker.VMC], packets.bone("Head"))):
        yield


@pytest.mark.usefixtures("vmc")
async def test_what_sends_is_found_the_best_first(ports: dict[Tracker, int]) -> None:
    async with beside(steadily(ports[Tracker.OPENSEEFACE], packets.openseeface())):
        found, taken = await discover(0.3)
    assert [choice.tracker for choice in found] == [Tracker.VMC, Tracker.OPENSEEFACE]
    assert found[0].port == ports[Tracker.VMC]
    assert taken == []


async def test_noise_is_no_tracker_and_taken_ports_are_named(ports: dict[Tracker, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", ports[Tracker.IFACIALMOCAP]))
        async with beside(steadily(ports[Tracker.VMC], b"noise")):
            assert await discover(0.2) == ([], [ports[Tracker.IFACIALMOCAP]])


async def test_vtube_studio_is_found_by_its_broadcast(ports: dict[Tracker, int]) -> None:
    data = {"active": True, "port": 8765, "instanceID": "x", "windowTitle": "VTube Studio"}
    broadcast = packets.vts("VTubeStudioAPIStateBroadcast", data)
    async with beside(steadily(vtube_studio.BROADCAST_PORT, broadcast)):
        found, _ = await discover(0.2)
    assert found == [Choice(tracker=Tracker.VTUBE_STUDIO, port=8765)]
    asleep = packets.vts("VTubeStudioAPIStateBroadcast", {**data, "active": False})
    async with beside(steadily(vtube_studio.BROADCAST_PORT, asleep)):
        assert (await discover(0.2))[0] == []


async def test_vtube_studio_is_found_by_its_port(ports: dict[Tracker, int]) -> None:
    async with VTubeStudio(port=ports[Tracker.VTUBE_STUDIO]):
        found, _ = await discover(0.05)
    assert found == [Choice(tracker=Tracker.VTUBE_STUDIO, port=ports[Tracker.VTUBE_STUDIO])]


async def test_where_broadcasts_cannot_be_heard_the_rest_is() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", vtube_studio.BROADCAST_PORT))
        assert await discover(0.01) == ([], [])


async def test_it_follows_what_it_finds_and_looks_again_when_that_falls_silent(
    ports: dict[Tracker, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_SILENT_FOR", 0.2)
    monkeypatch.setattr(following, "_LOOK_EVERY", 0.05)
    feed = TrackingFeed()
    async with beside(follow(None, feed, tmp_path / "t", listen_for=0.1)):
        async with beside(steadily(ports[Tracker.VMC], packets.bone("Head"))):
            await eventually(lambda: feed.newest is not None)
        await eventually(lambda: feed.doing is Doing.SEARCHING)
        async with beside(steadily(ports[Tracker.FACE_JSON], b'{"yaw": 5}')):
            await eventually(lambda: feed.newest is not None and feed.newest.yaw == 5.0)


async def test_what_was_named_is_followed(ports: dict[Tracker, int], tmp_path: Path) -> None:
    feed = TrackingFeed()
    async with (
        VTubeStudio() as studio,
        beside(follow(Choice(tracker=Tracker.VTUBE_STUDIO, port=studio.port), feed, tmp_path / "t")),
    ):
        await eventually(lambda: feed.newest is not None)


async def test_what_cannot_be_followed_is_told_and_ends_it(ports: dict[Tracker, int], tmp_path: Path) -> None:
    feed = TrackingFeed()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", ports[Tracker.VMC]))
        await follow(Choice(tracker=Tracker.VMC, port=ports[Tracker.VMC]), feed, tmp_path / "t")
        assert (feed.doing, "is taken" in feed.detail) == (Doing.REFUSED, True)
        searching = TrackingFeed()
        async with beside(follow(None, searching, tmp_path / "t", listen_for=0.05)):
            await eventually(lambda: f"UDP {ports[Tracker.VMC]} taken" in searching.detail)


async def test_a_no_that_is_met_on_the_way_ends_it(ports: dict[Tracker, int], tmp_path: Path) -> None:
    feed = TrackingFeed()
    async with VTubeStudio(port=ports[Tracker.VTUBE_STUDIO], allows=False):
        await follow(None, feed, tmp_path / "t", listen_for=0.05)
    assert feed.doing is Doing.REFUSED
