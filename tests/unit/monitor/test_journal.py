"""Durable before it is told; told once; to the backend only where it wants to be."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from protocols.backend import EventType, SessionEvent
from registry.error import LedgerFailure, Refused, Unavailable
from tests.unit.monitor.broadcast import Broadcast, broadcast, clock
from tests.virtual_time import in_virtual_time

CALLBACK = "https://backend.example/hook"


async def following(stage: Broadcast, told: list[SessionEvent]) -> None:
    async for event in stage.feed.subscribe():
        told.append(event)  # noqa: PERF401 - each as it comes


@in_virtual_time
async def test_an_event_is_durable_before_anybody_is_told(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        told: list[tuple[int, int]] = []
        publish, so_far = stage.feed.publish, stage.registry.ledger.head.number

        def publishing(*args: Any) -> SessionEvent:
            event = publish(*args)
            told.append((event.id, stage.registry.ledger.head.number - so_far))
            return event

        stage.feed.publish = publishing  # type: ignore[method-assign]
        for at in range(3):
            await stage.journal.note(stage.session, EventType.VERDICT_CHANGED, {"at": at})
        assert told == [(1, 1), (2, 2), (3, 3)]
        assert [entry["at"] for entry in await stage.entries()] == [0, 1, 2]


@in_virtual_time
async def test_what_is_not_durable_is_told_to_nobody(tmp_path: Path) -> None:
    async with broadcast(tmp_path, callback_url=CALLBACK) as stage:
        told: list[SessionEvent] = []
        follower = asyncio.create_task(following(stage, told))
        await asyncio.sleep(0)
        stage.ledger.broken = True
        with pytest.raises(LedgerFailure):
            await stage.journal.note(stage.session, EventType.SESSION_LIVE, {})
        await asyncio.sleep(1)
        assert (told, stage.woken) == ([], [])
        assert await stage.registry.outbox.due(clock()) == ()
        follower.cancel()


@in_virtual_time
async def test_what_is_no_entry_is_refused_and_told_to_nobody(tmp_path: Path) -> None:
    async with broadcast(tmp_path, callback_url=CALLBACK) as stage:
        with pytest.raises(Refused):
            await stage.journal.note(stage.session, EventType.SESSION_LIVE, {"at": float("nan")})
        assert await stage.registry.outbox.due(clock()) == ()


@in_virtual_time
async def test_only_a_session_with_a_callback_url_has_webhooks(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await stage.journal.note(stage.session, EventType.SESSION_LIVE, {"at": 1.0})
        assert await stage.registry.outbox.due(clock()) == ()
        assert stage.woken == []


@in_virtual_time
async def test_a_webhook_holds_what_the_event_holds_and_the_account(tmp_path: Path) -> None:
    async with broadcast(tmp_path, callback_url=CALLBACK) as stage:
        event = await stage.journal.note(stage.session, EventType.SESSION_LIVE, {"at": 1.0}, subject="x")
        [due] = await stage.registry.outbox.due(clock())
        assert (due.kind, due.url, due.session) == ("session.live", CALLBACK, stage.session.id)
        body = json.loads(due.body)
        assert (body["type"], body["session"], body["account"]) == ("session.live", stage.session.id, "channel-1")
        assert body["data"] == event.data == {"at": 1.0}
        assert stage.woken == [None]


@in_virtual_time
async def test_where_the_outbox_fails_the_entry_is_not_written_twice(
    tmp_path: Path,
) -> None:
    async with broadcast(tmp_path, callback_url=CALLBACK) as stage:
        put, fails = stage.registry.outbox.put, [3]

        async def putting(**values: Any) -> Any:
            if fails[0]:
                fails[0] -= 1
                raise Unavailable("The database is locked.")
            return await put(**values)

        stage.registry.outbox.put = putting  # type: ignore[method-assign]
        await stage.journal.note(stage.session, EventType.SESSION_LIVE, {})
        assert await stage.kinds() == ["session.live"]
        assert len(await stage.registry.outbox.due(clock())) == 1
