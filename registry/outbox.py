"""Outbox: webhook events that wait to be delivered, in order within each session."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, text, update

from protocols.session import SessionId
from registry.database import Database
from registry.error import NotFound
from registry.identity import fresh
from registry.page import page_size
from registry.schema import events
from registry.state import EventState


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event for ``url``. ``body`` holds the exact bytes that are signed and sent; ``id`` is the webhook-id."""

    id: str
    session: SessionId
    kind: str
    url: str
    body: bytes
    state: EventState
    created_at: datetime
    next_at: datetime
    attempts: int
    error: str | None


class Outbox:
    """The events of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, *, session: SessionId, kind: str, url: str, body: bytes, at: datetime) -> Event:
        """Keep an event until it is delivered; it is due at once, after those of its session before it."""
        event = fresh("msg")
        async with self._database.writing() as connection:
            await connection.execute(
                insert(events).values(
                    id=event,
                    session=session,
                    kind=kind,
                    url=url,
                    body=body,
                    state=EventState.PENDING,
                    created_at=at,
                    next_at=at,
                    attempts=0,
                )
            )
        return await self.get(event)

    async def get(self, event: str) -> Event:
        """The event, or NotFound."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(events).where(events.c.id == event))).one_or_none()
        if row is None:
            raise NotFound(f"There is no event {event}.")
        return _event(row)

    async def due(self, now: datetime, *, limit: int = 100, skipping: Collection[str] = ()) -> tuple[Event, ...]:
        """Events to try now, oldest first: of each session its first pending one, if its time has come.

        ``skipping`` leaves out the URLs that are being tried already, so that theirs do not fill the answer.
        """
        query = (
            select(events)
            .where(events.c.seq.in_(_first()), events.c.next_at <= now, events.c.url.not_in(skipping))
            .order_by(events.c.seq)
            .limit(page_size(limit))
        )
        async with self._database.reading() as connection:
            return tuple(_event(row) for row in await connection.execute(query))

    async def next_due(self, *, skipping: Collection[str] = ()) -> datetime | None:
        """When ``due`` has something next; None where nothing waits."""
        query = select(func.min(events.c.next_at)).where(events.c.seq.in_(_first()), events.c.url.not_in(skipping))
        async with self._database.reading() as connection:
            moment: datetime | None = await connection.scalar(query)
        return moment

    async def succeeded(self, event: str, *, at: datetime) -> Event:
        """Note that the receiver took the event."""
        return await self._settle(event, EventState.DELIVERED, at, None)

    async def failed(self, event: str, *, next_at: datetime, error: str) -> Event:
        """Note an attempt that failed and when to try again. The events after it in its session wait."""
        return await self._note(event, {"next_at": next_at, "error": error})

    async def dead(self, event: str, *, at: datetime, error: str) -> Event:
        """Give the event up; the next one of its session comes to its turn."""
        return await self._settle(event, EventState.DEAD, at, error)

    async def forget(self, *, before: datetime) -> int:
        """Remove events that were delivered or given up before ``before``; returns how many."""
        old = (events.c.state != EventState.PENDING) & (events.c.settled_at < before)
        async with self._database.writing() as connection:
            return (await connection.execute(delete(events).where(old))).rowcount

    async def _settle(self, event: str, state: EventState, at: datetime, error: str | None) -> Event:
        return await self._note(event, {"state": state, "settled_at": at, "error": error})

    async def _note(self, event: str, values: dict[str, Any]) -> Event:
        pending = (events.c.id == event) & (events.c.state == EventState.PENDING)
        async with self._database.writing() as connection:
            await connection.execute(update(events).where(pending).values(attempts=events.c.attempts + 1, **values))
        return await self.get(event)


def _first() -> Any:
    # Written out, not bound: only so can SQLite see that the partial index serves.
    pending = select(func.min(events.c.seq)).where(text("events.state = 'pending'"))
    return pending.group_by(events.c.session)


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        session=SessionId(row.session),
        kind=row.kind,
        url=row.url,
        body=row.body,
        state=row.state,
        created_at=row.created_at,
        next_at=row.next_at,
        attempts=row.attempts,
        error=row.error,
    )
