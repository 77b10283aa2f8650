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
    """Every event in order, numbered; each follower gets all of them or an error, never a hole.

    ``first`` is above every number that was given before, so that nobody mistakes a restart for a place to go on.
    """

    def __init__(self, first: int = 1) -> None:
        self._next = first
        self._backlog: deque[SessionEvent] = deque(maxlen=_BACKLOG)
        self._followers: set[asyncio.Queue[SessionEvent | None]] = set()

    def publish(self, kind: EventType, session: str, at_utc: datetime, data: dict[str, Any]) -> SessionEvent:
        """Number an event and hand it to every follower."""
        event = SessionEvent(id=self._next, type=kind, session=session, at_utc=at_utc, data=data)
        self._next += 1
        self._backlog.append(event)
        for queue in tuple(self._followers):
            if queue.qsize() < _WAITING:
                queue.put_nowait(event)
            else:
                queue.put_nowait(None)
                self._followers.discard(queue)
        return event

    async def subscribe(self, session: str | None = None, after: int | None = None) -> AsyncIterator[SessionEvent]:
        """Events from now on, or those ``after`` a number first (0: all at hand); of one session, or of all.

        Raises FollowerTooSlow when events after the last one given are no longer at hand.
        """
        queue: asyncio.Queue[SessionEvent | None] = asyncio.Queue()
        last = self._last(after)
        waiting = [event for event in self._backlog if event.id > last]
        self._followers.add(queue)
        try:
            for event in waiting:
                if session in (None, event.session):
                    yield event
                last = event.id
            while True:
                told = await queue.get()
                if told is None:
                    raise FollowerTooSlow(f"events after {last} were lost; ask again with Last-Event-ID {last}")
                last = told.id
                if session in (None, told.session):
                    yield told
        finally:
            self._followers.discard(queue)

    def _last(self, after: int | None) -> int:
        """The number of the event before the first to tell."""
        before = (self._backlog[0].id if self._backlog else self._next) - 1
        newest = self._next - 1
        match after:
            case None:
                return newest
            case 0:
                return before
            case _ if before <= after <= newest:
                return after
            case _:
                raise FollowerTooSlow(f"events after {after} are gone; begin again without Last-Event-ID")
