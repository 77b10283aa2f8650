"""The journal: what happens to a session is written once. Durable in the ledger first, then told to everybody."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from monitor.events import EventFeed
from monitor.metrics import LEDGER_APPENDS, LEDGER_SECONDS
from protocols.backend import EventType, SessionEvent, WebhookEvent
from protocols.session import Session, SessionId
from registry.error import Unavailable
from registry.ledger import Ledger
from registry.outbox import Outbox

_log = structlog.get_logger()

_TRY_AGAIN_EVERY = 1.0  # seconds, while the outbox fails

Clock = Callable[[], datetime]
"""The time of day in UTC."""


class Journal:
    """Writes to the ledger, then to followers and, where the session has a callback URL, to the webhook outbox."""

    def __init__(
        self, ledger: Ledger, outbox: Outbox, feed: EventFeed, clock: Clock, *, wake: Callable[[], None]
    ) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._feed = feed
        self._wake = wake
        self.clock = clock

    async def note(self, session: Session, kind: EventType, data: dict[str, Any], *, subject: str = "") -> SessionEvent:
        """Note that something happened; returns once it is durable. ``subject`` ties entries, as a cut's id does.

        Raises LedgerFailure; then nobody was told.
        """
        at = self.clock()
        with LEDGER_SECONDS.time():
            await self._ledger.append(kind.value, session.id, subject, data, at)
        LEDGER_APPENDS.inc()
        event = self._feed.publish(kind, session.id, at, data)
        if session.callback_url is not None:
            await self._post(session, session.callback_url, event)
        return event

    async def announce(self, kind: EventType, data: dict[str, Any], *, url: str | None) -> SessionEvent:
        """Note something of the whole service, and tell ``url`` of it where there is one. Raises RegistryError."""
        at = self.clock()
        await self._ledger.append(kind.value, "", "", data, at)
        event = self._feed.publish(kind, "", at, data)
        if url is not None:
            body = WebhookEvent.of(event, account="").model_dump_json().encode()
            await self._outbox.put(session=SessionId(""), kind=kind.value, url=url, body=body, at=at)
            self._wake()
        return event

    async def _post(self, session: Session, url: str, event: SessionEvent) -> None:
        """Put it in the outbox, however long the database takes: in the ledger it stands already, and only once."""
        body = WebhookEvent.of(event, account=session.account).model_dump_json().encode()
        while True:
            try:
                await self._outbox.put(session=session.id, kind=event.type.value, url=url, body=body, at=event.at_utc)
            except Unavailable as failure:
                _log.error("webhook.waits", session=session.id, because=str(failure))
                await asyncio.sleep(_TRY_AGAIN_EVERY)
            else:
                self._wake()
                return
