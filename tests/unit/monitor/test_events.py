"""Every follower gets every event in order, or an error; never a hole."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from monitor.events import EventFeed, FollowerTooSlow
from protocols.backend import EventType, SessionEvent

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def tell(feed: EventFeed, count: int = 1, session: str = "ses_a") -> None:
    for number in range(count):
        feed.publish(EventType.VERDICT_CHANGED, session, NOW, {"number": number})


async def take(events: AsyncIterator[SessionEvent], count: int) -> list[int]:
    async with asyncio.timeout(10):
        return [(await anext(events)).id for _ in range(count)]


async def begun(events: AsyncIterator[SessionEvent]) -> "asyncio.Task[SessionEvent]":
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    return first  # type: ignore[return-value]


async def close(events: AsyncIterator[SessionEvent]) -> None:
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_follower_gets_what_happens_from_now_on() -> None:
    feed = EventFeed()
    tell(feed, 3)
    events = feed.subscribe()
    first = await begun(events)
    tell(feed, 2)
    assert [(await first).id, *await take(events, 1)] == [4, 5]
    await close(events)


async def test_whoever_comes_back_goes_on_after_the_last_event() -> None:
    feed = EventFeed()
    tell(feed, 5)
    events = feed.subscribe(after=2)
    assert await take(events, 3) == [3, 4, 5]
    tell(feed)
    assert await take(events, 1) == [6]
    await close(events)


async def test_zero_is_from_the_first_event_at_hand() -> None:
    feed = EventFeed(first=118)
    tell(feed, 2)
    events = feed.subscribe(after=0)
    assert await take(events, 2) == [118, 119]
    await close(events)


async def test_one_session_without_the_others() -> None:
    feed = EventFeed()
    for session in ("ses_a", "ses_b", "ses_a"):
        tell(feed, session=session)
    events = feed.subscribe("ses_a", after=0)
    assert await take(events, 2) == [1, 3]
    tell(feed, session="ses_b")
    tell(feed, session="ses_a")
    assert await take(events, 1) == [5]
    await close(events)


async def test_events_that_come_while_the_old_ones_are_told_are_told_after_them() -> None:
    feed = EventFeed()
    tell(feed, 3)
    events = feed.subscribe(after=1)
    assert await take(events, 1) == [2]
    tell(feed, 2)
    assert await take(events, 3) == [3, 4, 5]
    await close(events)


@pytest.mark.parametrize("after", [1, 117, 121, 2**53])
async def test_a_number_of_another_run_is_no_place_to_go_on(after: int) -> None:
    feed = EventFeed(first=119)
    tell(feed)
    with pytest.raises(FollowerTooSlow, match=f"after {after}"):
        await take(feed.subscribe(after=after), 1)


async def test_a_service_that_restarted_and_told_nothing_yet_knows_what_it_missed() -> None:
    feed = EventFeed(first=119)
    with pytest.raises(FollowerTooSlow):
        await take(feed.subscribe(after=100), 1)
    events = feed.subscribe(after=118)
    first = await begun(events)
    tell(feed)
    assert (await first).id == 119
    await close(events)


async def test_what_has_left_the_backlog_is_an_error() -> None:
    feed = EventFeed()
    tell(feed, 5_001)
    events = feed.subscribe(after=1)
    assert await take(events, 1) == [2]
    await close(events)
    tell(feed)
    with pytest.raises(FollowerTooSlow):
        await take(feed.subscribe(after=1), 1)


async def test_a_slow_follower_gets_an_error_at_once_and_never_a_hole() -> None:
    feed = EventFeed()
    slow, quick = feed.subscribe(), feed.subscribe()
    waits, also = await begun(slow), await begun(quick)
    got = 0
    tell(feed)
    assert (await waits).id == (await also).id == 1
    for _ in range(1_200):
        tell(feed)
        got = (await anext(quick)).id
    assert got == 1_201
    told = await take(slow, 1_000)
    assert told == list(range(2, 1_002))
    with pytest.raises(FollowerTooSlow, match="Last-Event-ID 1001"):
        await take(slow, 1)
    again = feed.subscribe(after=1_001)
    assert await take(again, 200) == list(range(1_002, 1_202))
    for events in (quick, again):
        await close(events)


async def test_a_follower_who_leaves_is_forgotten() -> None:
    feed = EventFeed()
    events = feed.subscribe()
    first = await begun(events)
    assert len(feed._followers) == 1
    tell(feed)
    await first
    await close(events)
    assert feed._followers == set()
