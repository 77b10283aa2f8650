"""Events: what happens to sessions, as server-sent events that never leave a hole.

A comment every 15 seconds keeps the way open; a follower that does not read is disconnected rather than waited for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Response
from starlette.types import Receive, Scope, Send

from monitor.api.auth import GuardedRoute, allowed
from monitor.api.reference import problems
from monitor.api.service import Serving
from monitor.api.sessions import SessionPath
from monitor.events import FollowerTooSlow
from monitor.metrics import FOLLOWERS
from protocols.backend import EventType, SessionEvent
from protocols.session import FINAL, SessionId
from registry.apikey import ApiKey
from registry.apikey import Scope as Allowed

router = APIRouter(prefix="/v1", tags=["events"], route_class=GuardedRoute)

BEAT_SECONDS = 15.0
SEND_SECONDS = 10.0
_OVER_SECONDS = 0.2  # quiet for so long, the events of a session that has ended have all been told

_EXAMPLE = (
    "id: 118\nevent: verdict.changed\ndata: "
    '{"id":118,"type":"verdict.changed","session":"ses_4f1c2e9p0k3mt","at_utc":"2026-11-22T08:30:22Z",'
    '"data":{"at":22.0,"driver":"HUMAN","p_human":0.96}}\n\n'
)
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events; each `data` is a `SessionEvent`.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": _EXAMPLE,
            }
        },
    }
}

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=2**53, description="Go on after this event.", examples=[118]),
]
After = Annotated[
    int | None, Query(ge=0, le=2**53, description="The same, where headers cannot be set; 0: from the beginning.")
]


@router.get(
    "/sessions/{session}/events",
    summary="Follow a session",
    response_class=Response,
    responses=_STREAM | problems(404, 410),
)
async def of_session(
    session: SessionPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Allowed.SESSIONS_READ)],
    last_event_id: LastEventId = None,
    after: After = None,
) -> Response:
    """What happens to one session from now on, or after an event; ends with the session.

    Needs the scope `sessions:read`.
    """
    present = await service.registry.sessions.get(SessionId(session))
    events = service.supervisor.feed.subscribe(session, _first(last_event_id, after))
    return await _stream(events, until_end=True, over=present.state in FINAL)


@router.get("/events", summary="Follow every session", response_class=Response, responses=_STREAM | problems(410))
async def of_all(
    service: Serving,
    key: Annotated[ApiKey, allowed(Allowed.SESSIONS_READ)],
    last_event_id: LastEventId = None,
    after: After = None,
) -> Response:
    """What happens to all sessions from now on, or after an event. Needs the scope `sessions:read`."""
    return await _stream(service.supervisor.feed.subscribe(None, _first(last_event_id, after)))


def _first(last_event_id: int | None, after: int | None) -> int | None:
    return after if last_event_id is None else last_event_id


async def _stream(events: AsyncIterator[SessionEvent], *, until_end: bool = False, over: bool = False) -> Response:
    """The stream as a response; 410 where the first events to be told are gone already."""
    first = asyncio.ensure_future(anext(events, None))
    await asyncio.wait({first}, timeout=0.01)
    if first.done() and isinstance(first.exception(), FollowerTooSlow):
        raise HTTPException(410, str(first.exception()))
    return EventStream(events, first, until_end=until_end, over=over)


class EventStream(Response):
    """A response that tells events until the follower leaves, the session ends or the follower does not keep up."""

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncIterator[SessionEvent],
        first: "asyncio.Future[SessionEvent | None]",
        *,
        until_end: bool,
        over: bool,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._events = events
        self._next = first
        self._until_end = until_end
        self._over = over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the events."""
        FOLLOWERS.inc()
        try:
            await _send(send, {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            telling = asyncio.create_task(self._tell(send))
            leaving = asyncio.create_task(_left(receive))
            await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
            for task in (telling, leaving):
                task.cancel()
            outcomes = await asyncio.gather(telling, leaving, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, Exception) and not isinstance(outcome, TimeoutError | OSError):
                    raise outcome
        finally:
            FOLLOWERS.dec()
            await self._close()

    async def _tell(self, send: Send) -> None:
        await _chunk(send, b": follow\n\n")
        quiet = _OVER_SECONDS if self._over else BEAT_SECONDS
        while True:
            done, _ = await asyncio.wait({self._next}, timeout=quiet)
            if not done:
                if self._over:
                    break
                await _chunk(send, b": beat\n\n")
                continue
            try:
                event = self._next.result()
            except FollowerTooSlow as slow:
                await _chunk(send, f"event: too-slow\ndata: {slow}\n\n".encode())
                break
            if event is None:
                break
            await _chunk(send, written(event))
            if self._until_end and event.type is EventType.SESSION_ENDED:
                break
            self._next = asyncio.ensure_future(anext(self._events, None))
        await _send(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _close(self) -> None:
        self._next.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._next
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()


def written(event: SessionEvent) -> bytes:
    """The event as its lines on the wire."""
    return f"id: {event.id}\nevent: {event.type.value}\ndata: {event.model_dump_json()}\n\n".encode()


async def _chunk(send: Send, body: bytes) -> None:
    await _send(send, {"type": "http.response.body", "body": body, "more_body": True})


async def _send(send: Send, message: Any) -> None:
    """Send, unless the follower takes nothing for SEND_SECONDS: then TimeoutError, and it is disconnected."""
    async with asyncio.timeout(SEND_SECONDS):
        await send(message)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
