"""The feed: what is handed on, how, and what is shown."""

import asyncio

import pytest

from monitor.operator.tracking.feed import Doing, TrackingFeed
from protocols.telemetry import TelemetrySample
from protocols.tracking.quality import Condition
from protocols.tracking.reading import Reading


def reading(at: float, **channels: float) -> Reading:
    return Reading(sample=TelemetrySample(at=at, **channels))


async def handed(feed: TrackingFeed, count: int) -> list[TelemetrySample]:
    taken: list[TelemetrySample] = []
    async with asyncio.timeout(0.2):
        async for sample in feed.samples():
            taken.append(sample)
            if len(taken) == count:
                break
    return taken


async def test_samples_are_handed_on_in_order_rounded_and_flipped() -> None:
    feed = TrackingFeed(["yaw"])
    feed.take([reading(1.0, yaw=3.141592653, pitch=-2.0), reading(1.05, mouth_open=0.123456)], 1.05)
    assert await handed(feed, 2) == [
        TelemetrySample(at=1.0, yaw=-3.1416, pitch=-2.0),
        TelemetrySample(at=1.05, mouth_open=0.1235),
    ]


async def test_more_than_seventy_a_second_are_thinned_and_the_newest_kept() -> None:
    feed = TrackingFeed()
    for number in range(240):
        feed.take([reading(number / 240)], number / 240)
    assert len(await handed(feed, 60)) == 60
    for number in range(2000):
        feed.take([reading(2.0 + number)], 2.0 + number)
    assert (await handed(feed, 1))[0].at == 1402.0


async def test_nobody_in_the_picture_is_no_sample() -> None:
    feed = TrackingFeed()
    feed.take([reading(1.0, yaw=1.0)], 1.0)
    feed.take([Reading(sample=None)], 1.1)
    assert feed.newest is None
    assert len(await handed(feed, 1)) == 1


async def test_it_says_what_it_is_at_and_how_it_goes() -> None:
    feed = TrackingFeed()
    assert feed.now(0.0).doing is Doing.SEARCHING
    feed.tell(Doing.LISTENING, "VMC protocol", "UDP 39539")
    feed.refuse("no OSC")
    now = feed.now(0.0)
    assert (now.tracker, now.doing, now.detail) == ("VMC protocol", Doing.LISTENING, "UDP 39539")
    assert (now.quality.refused, now.quality.complaint) == (1, "no OSC")
    assert now.quality.condition is Condition.SILENT
    with pytest.raises(TimeoutError):
        await handed(TrackingFeed(), 1)
