"""Events of the sessions, for those who follow them live: the API's event stream and the terminal."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from protocols.backend import EventType, SessionEvent

_BACKLOG = 5_000  # events that a follower who reconnects can still be given
_WAITING = 1_000  # events that a follower may be behind


class FollowerTooSlow(Exception):
    """A follower fell so far behind that events would have been lost; it has to begin again from its last event."""


class EventFeed:
    """Every event in order, numbered; each follower gets all of them or an error, never a hole."""

    def __init__(self, first: int = 1) -> None:
        self._next = first
        self._backlog: deque[SessionEvent] = deque(maxlen=_BACKLOG)
        self._followers: set[asyncio.Queue[SessionEvent]] = set()

    def publish(self, kind: EventType, session: str, at_utc: datetime, data: dict[str, Any]) -> SessionEvent:
        """Number an event and hand it to every follower."""
        event = SessionEvent(id=self._next, type=kind, session=session, at_utc=at_utc, data=data)
        self._next += 1
        self._backlog.append(event)
        for queue in self._followers:
            if not queue.full():
                queue.put_nowait(event)
        return event

    async def subscribe(self, session: str | None = None, after: int | None = None) -> AsyncIterator[SessionEvent]:
        """Events from now on, or those ``after`` a number first; of one session, or of all.

        Raises FollowerTooSlow when events after the last one given are no longer at hand.
        """
        queue: asyncio.Queue[SessionEvent] = asyncio.Queue(maxsize=_WAITING)
        last = self._next - 1 if after is None else min(after, self._next - 1)
        waiting = [event for event in self._backlog if event.id > last]
        if waiting and waiting[0].id > last + 1:
            raise FollowerTooSlow(f"events after {last} are gone; begin again without Last-Event-ID")
        self._followers.add(queue)
        try:
            for event in waiting:
                if session in (None, event.session):
                    yield event
                last = event.id
            while True:
                event = await queue.get()
                if event.id != last + 1:
                    raise FollowerTooSlow(f"events after {last} were lost; ask again with Last-Event-ID {last}")
                last = event.id
                if session in (None, event.session):
                    yield event
        finally:
            self._followers.discard(queue)
