import asyncio
import threading

import av
import pytest

from monitor.sources.mailbox import Mailbox
from monitor.sources.source import Ended, Picture, SourceEvent, Stalled

FRAME = av.VideoFrame(16, 16, "yuv420p")


def picture(at: float, *, fresh: bool = False) -> Picture:
    return Picture(at=at, arrived=at, keyframe=True, fresh=fresh, frame=FRAME)


async def emptied(mailbox: Mailbox) -> list[SourceEvent]:
    found = []
    while (event := await mailbox.get(0.0)) is not None:
        found.append(event)
    return found


async def test_the_newest_pictures_win_and_the_dropped_are_counted() -> None:
    mailbox = Mailbox(capacity=3)
    for at in range(10):
        mailbox.put(picture(at))
    assert [event.at for event in await emptied(mailbox)] == [7, 8, 9]
    assert mailbox.dropped == 7


async def test_large_pictures_leave_room_for_fewer() -> None:
    mailbox = Mailbox(capacity=64)
    large = av.VideoFrame(4096, 2304, "yuv420p")
    for at in range(10):
        mailbox.put(Picture(at=at, arrived=at, keyframe=True, fresh=at == 0, frame=large))
    events = await emptied(mailbox)
    assert [event.at for event in events] == [4, 5, 6, 7, 8, 9]
    assert [isinstance(event, Picture) and event.fresh for event in events] == [True] + [False] * 5
    assert mailbox.dropped == 4


async def test_other_events_are_never_dropped_and_keep_their_place() -> None:
    mailbox = Mailbox(capacity=2)
    mailbox.put(picture(0))
    mailbox.put(Stalled(at=1, silent_for=3))
    for at in (2, 3, 4):
        mailbox.put(picture(at))
    mailbox.put(Ended(at=5, cause="x"))
    assert [event.at for event in await emptied(mailbox)] == [1, 3, 4, 5]


async def test_freshness_goes_over_to_the_next_picture() -> None:
    mailbox = Mailbox(capacity=2)
    mailbox.put(picture(0, fresh=True))
    for at in (1, 2, 3):
        mailbox.put(picture(at))
    first, second = await emptied(mailbox)
    assert isinstance(first, Picture)
    assert isinstance(second, Picture)
    assert (first.at, first.fresh, second.fresh) == (2, True, False)


async def test_freshness_goes_over_to_the_newest_where_there_is_room_for_one() -> None:
    mailbox = Mailbox(capacity=1)
    mailbox.put(picture(0, fresh=True))
    mailbox.put(picture(1))
    (event,) = await emptied(mailbox)
    assert isinstance(event, Picture)
    assert event.fresh


async def test_a_thread_wakes_the_one_who_waits() -> None:
    mailbox = Mailbox()
    waiting = asyncio.create_task(mailbox.get(None))
    await asyncio.sleep(0)
    threading.Thread(target=mailbox.put, args=(picture(1),)).start()
    event = await waiting
    assert event is not None
    assert event.at == 1


async def test_sealing_wakes_and_takes_nothing_more() -> None:
    mailbox = Mailbox()
    mailbox.put(picture(1))
    waiting = asyncio.create_task(emptied(mailbox))
    mailbox.seal()
    mailbox.put(picture(2))
    assert [event.at for event in await waiting] == [1]
    assert mailbox.exhausted
    assert await mailbox.get(None) is None


def test_a_closed_loop_is_no_trouble() -> None:
    mailbox = Mailbox()
    asyncio.run(emptied(mailbox))
    mailbox.put(picture(1))
    mailbox.seal()


def test_a_mailbox_holds_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Mailbox(capacity=0)


async def test_pictures_that_may_wait_are_fetched_together() -> None:
    mailbox = Mailbox()
    waiting = asyncio.create_task(mailbox.get(None))
    await asyncio.sleep(0)
    for number in range(6):
        mailbox.put(picture(number / 30), gather=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not waiting.done()
    mailbox.put(picture(0.2), gather=True)
    first = await waiting
    assert first is not None
    assert [event.at for event in (first, *await emptied(mailbox))] == [*(number / 30 for number in range(6)), 0.2]


async def test_pictures_do_not_wait_for_each_other_until_there_is_no_room() -> None:
    mailbox = Mailbox(capacity=4)
    waiting = asyncio.create_task(mailbox.get(None))
    await asyncio.sleep(0)
    mailbox.put(picture(0.0), gather=True)
    mailbox.put(picture(0.001), gather=True)
    assert (await waiting) is not None


async def test_what_waited_for_others_in_vain_is_fetched_in_the_end() -> None:
    mailbox = Mailbox()
    waiting = asyncio.create_task(mailbox.get(0.01))
    await asyncio.sleep(0)
    mailbox.put(picture(0.0), gather=True)
    event = await waiting
    assert event is not None
    assert event.at == 0.0
