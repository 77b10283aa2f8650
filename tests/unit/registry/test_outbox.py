from datetime import timedelta

import pytest

from protocols.session import SessionId
from registry.error import NotFound
from registry.outbox import Event
from registry.registry import Registry
from registry.state import EventState
from tests.unit.registry.conftest import NOW

MINUTE = timedelta(minutes=1)


async def put(registry: Registry, session: str, number: int) -> Event:
    return await registry.outbox.put(
        session=SessionId(session), kind="session.cut", url="https://hook", body=b"%d" % number, at=NOW
    )


async def due(registry: Registry, after: timedelta = timedelta()) -> list[bytes]:
    return [event.body for event in await registry.outbox.due(NOW + after)]


async def test_an_event_waits_until_it_is_delivered(registry: Registry) -> None:
    event = await put(registry, "a", 1)
    assert event == Event(
        id=event.id,
        session=SessionId("a"),
        kind="session.cut",
        url="https://hook",
        body=b"1",
        state=EventState.PENDING,
        created_at=NOW,
        next_at=NOW,
        attempts=0,
        error=None,
    )
    assert "." not in event.id
    assert await registry.outbox.due(NOW) == (event,)
    delivered = await registry.outbox.succeeded(event.id, at=NOW)
    assert (delivered.state, delivered.attempts) == (EventState.DELIVERED, 1)
    assert await due(registry) == []
    assert await registry.outbox.next_due() is None


async def test_the_order_within_a_session_is_kept(registry: Registry) -> None:
    first, _, _ = await put(registry, "a", 1), await put(registry, "a", 2), await put(registry, "b", 3)
    assert await due(registry) == [b"1", b"3"]
    failed = await registry.outbox.failed(first.id, next_at=NOW + MINUTE, error="503")
    assert (failed.attempts, failed.error, failed.next_at) == (1, "503", NOW + MINUTE)
    assert await due(registry) == [b"3"]
    assert await due(registry, MINUTE) == [b"1", b"3"]
    await registry.outbox.succeeded(first.id, at=NOW)
    assert await due(registry) == [b"2", b"3"]


async def test_an_event_given_up_lets_the_next_one_go(registry: Registry) -> None:
    first, _ = await put(registry, "a", 1), await put(registry, "a", 2)
    dead = await registry.outbox.dead(first.id, at=NOW, error="410 Gone")
    assert (dead.state, dead.error) == (EventState.DEAD, "410 Gone")
    assert await due(registry) == [b"2"]


async def test_what_is_settled_is_not_tried_again(registry: Registry) -> None:
    event = await put(registry, "a", 1)
    await registry.outbox.succeeded(event.id, at=NOW)
    after = await registry.outbox.failed(event.id, next_at=NOW, error="late")
    assert (after.state, after.attempts, after.error) == (EventState.DELIVERED, 1, None)
    assert await due(registry) == []


async def test_the_next_time_is_known(registry: Registry) -> None:
    first, second = await put(registry, "a", 1), await put(registry, "b", 2)
    await registry.outbox.failed(first.id, next_at=NOW + 3 * MINUTE, error="x")
    await registry.outbox.failed(second.id, next_at=NOW + 2 * MINUTE, error="x")
    assert await registry.outbox.next_due() == NOW + 2 * MINUTE
    assert len(await registry.outbox.due(NOW + 3 * MINUTE, limit=1)) == 1


async def test_what_was_settled_long_ago_is_forgotten(registry: Registry) -> None:
    old, dead, new, pending = [await put(registry, session, 1) for session in "abcd"]
    await registry.outbox.succeeded(old.id, at=NOW)
    await registry.outbox.dead(dead.id, at=NOW, error="x")
    await registry.outbox.succeeded(new.id, at=NOW + MINUTE)
    assert await registry.outbox.forget(before=NOW + MINUTE) == 2
    with pytest.raises(NotFound):
        await registry.outbox.get(old.id)
    assert (await registry.outbox.get(new.id)).state is EventState.DELIVERED
    assert (await registry.outbox.get(pending.id)).state is EventState.PENDING
