"""The agent's small parts: addresses, gaps between attempts, and the pace of recordings."""

import asyncio
import itertools

import pytest

from monitor.operator.agent import ServerRefused, address
from monitor.operator.backoff import Backoff
from monitor.operator.motion import play
from protocols.telemetry import TelemetrySample


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("https://monitor.example", "wss://monitor.example/v1/operator"),
        ("wss://monitor.example:8443/nakanohito/", "wss://monitor.example:8443/nakanohito/v1/operator"),
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/v1/operator"),
        ("ws://localhost:8000/v1/operator", "ws://localhost:8000/v1/operator"),
        ("http://[::1]:80", "ws://[::1]:80/v1/operator"),
    ],
)
def test_addresses(server: str, url: str) -> None:
    assert address(server) == url


@pytest.mark.parametrize("server", ["monitor.example", "ftp://monitor.example", "https://", ""])
def test_what_is_no_server_is_refused(server: str) -> None:
    with pytest.raises(ServerRefused, match="no server"):
        address(server)


def test_no_motion_goes_over_the_net_in_the_clear_by_mistake() -> None:
    with pytest.raises(ServerRefused, match="not encrypted"):
        address("http://monitor.example")
    assert address("http://monitor.example", insecure=True) == "ws://monitor.example/v1/operator"


def test_gaps_grow_to_a_bound_and_start_anew() -> None:
    backoff = Backoff(first=1.0, most=8.0)
    gaps = [backoff.gap() for _ in range(100)]
    for gap, whole in zip(gaps, [1.0, 2.0, 4.0, 8.0, *itertools.repeat(8.0, 96)], strict=True):
        assert whole / 2 <= gap <= whole
    assert len(set(gaps)) > 90
    backoff.reset()
    assert backoff.gap() <= 1.0


def recording(*times: float) -> tuple[TelemetrySample, ...]:
    return tuple(TelemetrySample(at=at, yaw=at) for at in times)


@pytest.mark.looptime(start=1000.0)
async def test_a_recording_plays_at_its_own_pace() -> None:
    clock = asyncio.get_running_loop()
    played = [(sample.at, sample.yaw, clock.time()) async for sample in play(recording(5.0, 5.5, 7.0))]
    assert played == [(1000.0, 5.0, 1000.0), (1000.5, 5.5, 1000.5), (1002.0, 7.0, 1002.0)]


@pytest.mark.looptime(start=1000.0)
async def test_a_recording_can_start_anew_for_ever() -> None:
    played = []
    async for sample in play(recording(0.0, 1.0, 2.0), loop=True):
        played.append(sample.at)
        if len(played) == 7:
            break
    assert played == [1000.0, 1001.0, 1002.0, 1003.0, 1004.0, 1005.0, 1006.0]
