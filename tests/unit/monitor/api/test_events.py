import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.api import events
from monitor.api.events import EventStream
from monitor.events import EventFeed
from monitor.metrics import FOLLOWERS
from protocols.backend import EventType, SessionEvent
from tests.unit.monitor.api.house import House, house
from tests.unit.monitor.api.world import NOW


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as opened:
        yield opened


def tell(home: House, session: str, kind: EventType = EventType.VERDICT_CHANGED, **data: Any) -> None:
    async def publish() -> None:
        home.world.supervisor.feed.publish(kind, session, NOW, data)

    home.call(publish())


def lines(home: House, path: str, **headers: str) -> Iterator[str]:
    with httpx.stream(
        "GET", home.url + path, headers={"authorization": f"Bearer {home.world.secret}", **headers}, timeout=10
    ) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"
        yield from response.iter_lines()


def told(stream: Iterator[str], count: int) -> list[dict[str, Any]]:
    found = []
    for line in stream:
        if line.startswith("data: "):
            found.append(json.loads(line.removeprefix("data: ")))
        if len(found) == count:
            break
    return found


def test_events_come_as_they_happen_and_end_with_the_session(home: House) -> None:
    session, other = home.attach(), home.attach()
    stream = lines(home, f"/v1/sessions/{session}/events")
    assert next(stream) == ": follow"
    tell(home, other, driver="AI")
    tell(home, session, driver="HUMAN")
    home.call(home.world.supervisor.end(session, "over"))  # type: ignore[arg-type]
    text = list(stream)
    found = [json.loads(line.removeprefix("data: ")) for line in text if line.startswith("data: ")]
    assert [event["type"] for event in found] == ["verdict.changed", "session.ended"]
    assert found[0]["data"] == {"driver": "HUMAN"}
    assert f"id: {found[0]['id']}" in text
    assert "event: verdict.changed" in text


def test_whoever_comes_back_misses_nothing(home: House) -> None:
    session = home.attach()
    for number in range(3):
        tell(home, session, at=number)
    first = told(lines(home, f"/v1/sessions/{session}/events?after=0"), 2)
    rest = told(lines(home, f"/v1/sessions/{session}/events", **{"last-event-id": str(first[-1]["id"])}), 2)
    assert [event["id"] for event in first + rest] == [1, 2, 3, 4]


def test_all_sessions_at_once(home: House) -> None:
    sessions = [home.attach() for _ in range(2)]
    found = told(lines(home, "/v1/events?after=0"), 2)
    assert [event["session"] for event in found] == sessions


def test_a_session_that_has_ended_is_told_to_its_end(home: House) -> None:
    session = home.attach()
    home.call(home.world.supervisor.end(session, "over"))  # type: ignore[arg-type]
    assert [event["type"] for event in told(lines(home, f"/v1/sessions/{session}/events?after=0"), 9)] == [
        "session.attached",
        "session.ended",
    ]
    assert told(lines(home, f"/v1/sessions/{session}/events"), 1) == []


def test_what_cannot_be_followed(home: House) -> None:
    headers = {"authorization": f"Bearer {home.world.secret}"}
    assert httpx.get(f"{home.url}/v1/sessions/ses_none/events", headers=headers).status_code == 404
    assert httpx.get(f"{home.url}/v1/events", headers={**headers, "last-event-id": "x"}).status_code == 422
    assert httpx.get(f"{home.url}/v1/events").status_code == 401

    async def flood() -> None:
        for _ in range(6_000):
            home.world.supervisor.feed.publish(EventType.SESSION_LIVE, "ses_x", NOW, {})

    home.call(flood())
    gone = httpx.get(f"{home.url}/v1/events?after=1", headers=headers)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")


class Follower:
    """The ASGI end of a follower, scripted: how many messages it takes, and that it never leaves by itself."""

    def __init__(self, takes: int | None = None) -> None:
        self.takes = takes
        self.taken: list[dict[str, Any]] = []
        self.leaves = asyncio.Event()
        self.changed = asyncio.Event()

    async def send(self, message: Any) -> None:
        if self.takes is not None and len(self.taken) >= self.takes:
            await asyncio.Event().wait()
        self.taken.append(message)
        self.changed.set()

    async def receive(self) -> Any:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def has(self, text: str) -> None:
        """Wait until the follower was told ``text``."""
        async with asyncio.timeout(10):
            while text not in self.text:
                self.changed.clear()
                await self.changed.wait()

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.taken).decode()


def stream(feed: EventFeed) -> tuple[EventStream, AsyncIterator[SessionEvent]]:
    source = feed.subscribe()
    return EventStream(source, asyncio.ensure_future(anext(source, None)), until_end=False, over=False), source


async def test_quiet_times_are_filled_with_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.01)
    response, _ = stream(EventFeed())
    follower = Follower()
    task = asyncio.create_task(response({}, follower.receive, follower.send))
    await follower.has(": beat")
    follower.leaves.set()
    await asyncio.wait_for(task, 5)
    assert FOLLOWERS._value.get() == 0


async def test_who_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SEND_SECONDS", 0.05)
    feed = EventFeed()
    response, source = stream(feed)
    follower = Follower(takes=2)
    task = asyncio.create_task(response({}, follower.receive, follower.send))
    await asyncio.sleep(0)
    feed.publish(EventType.SESSION_LIVE, "ses_x", NOW, {})
    await asyncio.wait_for(task, 5)
    assert feed._followers == set()
    assert [event async for event in source] == []


async def test_who_falls_behind_is_told_and_left() -> None:
    feed = EventFeed()
    response, _ = stream(feed)
    await asyncio.sleep(0)
    for _ in range(1_200):
        feed.publish(EventType.SESSION_LIVE, "ses_x", NOW, {})
    follower = Follower()
    task = asyncio.create_task(response({}, follower.receive, follower.send))
    await follower.has("id: 1000\n")
    feed.publish(EventType.SESSION_LIVE, "ses_x", NOW, {})
    await asyncio.wait_for(task, 10)
    assert "event: too-slow" in follower.text
    assert follower.taken[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
