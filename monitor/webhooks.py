"""Webhooks: what waits in the outbox is signed and sent, in order within a session, again until it is taken.

Every receiver has at most one message on its way, and its own task: one that hangs, lies or is slow delays no other,
and nothing here is ever awaited by a cut.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import httpx
import structlog

from monitor.egress import EgressRefused
from monitor.exchange import Answer, ExchangeFailed, exchange
from monitor.metrics import WEBHOOKS
from protocols.webhook import Signer, sign
from registry.error import RegistryError
from registry.outbox import Event

_log = structlog.get_logger()

SCHEDULE = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""Seconds before each attempt, after the one before it; a message that none of them delivers is given up."""

JITTER = 0.1
"""At most this part of a wait is added to it, so that receivers do not meet all their messages at once."""

AT_ONCE = 90
"""Receivers that may be spoken to at the same time."""

_TROUBLE_SECONDS = 5.0
_GONE = 410


class Outbox(Protocol):
    """The part of the registry's outbox that delivery needs."""

    async def due(self, now: datetime, *, limit: int = 100, skipping: Collection[str] = ()) -> Sequence[Event]:
        """Return the first pending event of every session whose time has come, but those for the URLs to skip."""

    async def next_due(self, *, skipping: Collection[str] = ()) -> datetime | None:
        """Return when ``due`` has something next."""

    async def succeeded(self, event: str, *, at: datetime) -> object:
        """Note that it was taken."""

    async def failed(self, event: str, *, next_at: datetime, error: str) -> object:
        """Note that it was not, and when to try again."""

    async def dead(self, event: str, *, at: datetime, error: str) -> object:
        """Give it up."""


class Webhooks:
    """Delivers until it is cancelled. ``client`` is guarded (``monitor.egress.http_client``); who made it closes it.

    ``keys`` are all live keys: every message carries a signature of each. ``clock`` is the time of day in UTC;
    ``poll`` how many seconds late an event is found that nobody called ``wake`` for.
    """

    def __init__(
        self,
        outbox: Outbox,
        client: httpx.AsyncClient,
        keys: Sequence[Signer],
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
        poll: float = 5.0,
    ) -> None:
        if not keys:
            raise ValueError("webhooks need at least one key that signs them")
        self._outbox = outbox
        self._client = client
        self._keys = keys
        self._clock = clock
        self._chance = chance
        self._poll = poll
        self._busy: set[str] = set()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that an event was put, so that it is not found only by the next poll."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver what comes due; ends by being cancelled, with what is on its way then still in the outbox."""
        async with asyncio.TaskGroup() as deliveries:
            while True:
                self._woken.clear()
                try:
                    await self._send_off(deliveries)
                    wait = await self._until_next()
                except RegistryError as error:
                    _log.warning("webhook.outbox", because=str(error))
                    wait = _TROUBLE_SECONDS
                await self._sleep(wait)

    async def _send_off(self, deliveries: asyncio.TaskGroup) -> None:
        """Start one delivery for every receiver that has something due and nothing on its way."""
        free = AT_ONCE - len(self._busy)
        if free <= 0:
            return
        for event in await self._outbox.due(self._clock(), skipping=tuple(self._busy)):
            if event.url not in self._busy and len(self._busy) < AT_ONCE:
                self._busy.add(event.url)
                deliveries.create_task(self._deliver(event), name=f"webhook {event.id}")

    async def _until_next(self) -> float:
        if len(self._busy) >= AT_ONCE:
            return self._poll
        moment = await self._outbox.next_due(skipping=tuple(self._busy))
        if moment is None:
            return self._poll
        return min(max(0.0, (moment - self._clock()).total_seconds()), self._poll)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _deliver(self, event: Event) -> None:
        """Make one attempt and write down what came of it. Where that cannot be written, it is made again."""
        try:
            await self._attempt(event)
        except RegistryError as error:
            _log.warning("webhook.outbox", message=event.id, because=str(error))
            await asyncio.sleep(_TROUBLE_SECONDS)
        finally:
            self._busy.discard(event.url)
            self.wake()

    async def _attempt(self, event: Event) -> None:
        try:
            answer = await self._post(event)
        except (ExchangeFailed, EgressRefused) as error:
            await self._failed(event, str(error), None)
            return
        except Exception as error:  # one message's trouble, whatever it is, must not end everybody's delivery
            _log.exception("webhook.broken", message=event.id)
            await self._failed(event, type(error).__name__, None)
            return
        if answer.accepted:
            WEBHOOKS.labels(outcome="delivered").inc()
            await self._outbox.succeeded(event.id, at=self._clock())
        elif answer.status == _GONE:
            await self._give_up(event, "the receiver answers 410: it wants no more messages")
        else:
            redirect = "; redirects are not followed" if 300 <= answer.status < 400 else ""
            await self._failed(event, f"the receiver answers {answer.status}{redirect}", answer.retry_after)

    async def _post(self, event: Event) -> Answer:
        stamp = int(self._clock().timestamp())
        signed = sign(message=event.id, timestamp=stamp, body=event.body, keys=self._keys)
        headers = {"content-type": "application/json", "user-agent": "nakanohito", **signed}
        # The status says everything; a body that never ends is not waited for.
        return await exchange(self._client, "POST", event.url, headers=headers, content=event.body, limit=0)

    async def _failed(self, event: Event, error: str, retry_after: float | None) -> None:
        attempt = event.attempts + 1
        if attempt >= len(SCHEDULE):
            await self._give_up(event, error)
            return
        WEBHOOKS.labels(outcome="failed").inc()
        wait = max(SCHEDULE[attempt] * (1 + JITTER * self._chance()), min(retry_after or 0.0, SCHEDULE[-1]))
        await self._outbox.failed(event.id, next_at=self._clock() + timedelta(seconds=wait), error=error)

    async def _give_up(self, event: Event, error: str) -> None:
        WEBHOOKS.labels(outcome="given up").inc()
        _log.warning("webhook.given_up", message=event.id, session=event.session, attempts=event.attempts + 1)
        await self._outbox.dead(event.id, at=self._clock(), error=error)
