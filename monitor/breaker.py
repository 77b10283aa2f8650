"""The breaker at work: every ladder stands still while it is tripped, and a person is paged."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from monitor import metrics
from monitor.journal import Journal
from monitor.pipeline import Pipeline
from protocols.backend import EventType
from protocols.breaker import Breaker, BreakerLimits, Loss, MassLapse
from protocols.observation import Presence
from registry.error import RegistryError

_log = structlog.get_logger()

_ON_PURPOSE = "the operator has left"
_TRY_AGAIN_EVERY = 1.0  # seconds, while the ledger or the outbox fails


class MassBreaker:
    """One service's breaker. Holding happens at once; ``run`` tells of it beside the service."""

    def __init__(
        self,
        limits: BreakerLimits,
        *,
        pipelines: Callable[[], Iterable[Pipeline]],
        journal: Journal,
        page_url: str | None,
    ) -> None:
        self._breaker = Breaker(limits)
        self._pipelines = pipelines
        self._journal = journal
        self._page_url = page_url
        self._told: asyncio.Queue[tuple[EventType, dict[str, Any]]] = asyncio.Queue()

    @property
    def tripped(self) -> MassLapse | None:
        """What it has tripped by; None while it has not."""
        return self._breaker.tripped

    @property
    def lost(self) -> int:
        """Sessions that have lost their operators and not got them back."""
        return self._breaker.lost

    def heard(self, session: str, presence: Presence) -> None:
        """Take note of who came or went; holds every ladder where that makes a mass. Returns at once."""
        if presence.connected:
            if self._breaker.came(session, presence.operator):
                self._closed("the operators are back", by="")
        elif self._breaker.went(session, presence.operator, _loss(presence.cause), asyncio.get_running_loop().time()):
            self._opened()

    def joined(self, pipeline: Pipeline) -> None:
        """A session begins: while all are held, it is too."""
        if self.tripped is not None:
            pipeline.hold()

    def over(self, session: str) -> None:
        """A session is over."""
        if self._breaker.over(session):
            self._closed("the sessions are over", by="")

    def release(self, *, by: str, because: str) -> bool:
        """A person has looked and lets the ladders go on; whether anything was held."""
        if self.tripped is None:
            return False
        self._breaker.release()
        self._closed(because, by=by)
        return True

    async def run(self) -> None:
        """Tell of it, in the ledger and to whoever is to be paged, until cancelled."""
        while True:
            kind, data = await self._told.get()
            while not await self._announced(kind, data):  # noqa: ASYNC110 - the disk decides
                await asyncio.sleep(_TRY_AGAIN_EVERY)

    def _opened(self) -> None:
        tripped = self.tripped
        if tripped is None:
            return
        for pipeline in self._pipelines():
            pipeline.hold()
        metrics.HELD.set(1)
        _log.error("cuts.held", because=tripped.words)
        losses = {loss.value: count for loss, count in tripped.losses.items()}
        self._told.put_nowait((EventType.CUTS_HELD, {"lapsed": tripped.lapsed, "of": tripped.of, "losses": losses}))

    def _closed(self, because: str, *, by: str) -> None:
        for pipeline in self._pipelines():
            pipeline.release()
        metrics.HELD.set(0)
        _log.warning("cuts.released", because=because)
        self._told.put_nowait((EventType.CUTS_RELEASED, {"because": because, "by": by or None}))

    async def _announced(self, kind: EventType, data: dict[str, Any]) -> bool:
        try:
            await self._journal.announce(kind, data, url=self._page_url)
        except RegistryError as failure:
            _log.error("breaker.waits", because=str(failure))
            return False
        return True


def _loss(cause: str) -> Loss | None:
    """How an operator was lost, by the words of the channel; None where they left on purpose."""
    match cause:
        case "silent":
            return Loss.NO_ANSWER
        case "the connection is down":
            return Loss.CHANNEL_DOWN
        case _ if cause.startswith("the connection broke the protocol"):
            return Loss.PROTOCOL
        case _:
            return None
