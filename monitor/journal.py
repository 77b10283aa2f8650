"""The journal: what happens to a session is written once. Durable in the ledger first, then told to everybody."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from monitor.events import EventFeed
from protocols.backend import EventType, SessionEvent, WebhookEvent
from protocols.session import Session
from registry.ledger import Ledger
from registry.outbox import Outbox

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
        await self._ledger.append(kind.value, session.id, subject, data, at)
        event = self._feed.publish(kind, session.id, at, data)
        if session.callback_url is not None:
            body = WebhookEvent.of(event, account=session.account).model_dump_json().encode()
            await self._outbox.put(session=session.id, kind=kind.value, url=session.callback_url, body=body, at=at)
            self._wake()
        return event
