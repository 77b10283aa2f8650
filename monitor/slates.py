"""Slates: notices over a picture before it is cut, put there and taken away once, over restarts too.

A courtesy to viewers and a last word to operators, no cut: what cannot be covered is told, and climbs on. It restricts
what can be seen all the same, so that it has a case of its own, a statement of reasons, and can be contested. The
ledger knows which notice stands: it is entered before it is asked for, and again with what it covered.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.fenced import Fenced
from monitor.journal import Journal
from protocols.backend import EventType
from protocols.evidence import RuleName
from protocols.session import CutId, Session
from protocols.wording import reason
from registry.error import RegistryError
from registry.identity import fresh
from registry.ledger import Entry
from registry.registry import Registry

_log = structlog.get_logger()

_WITHIN = 5.0  # seconds for one conversation with the media server or with OBS


class Slates:
    """Puts notices over pictures and takes them away."""

    def __init__(
        self, registry: Registry, journal: Journal, enforcer_of: Callable[[Session], tuple[str, Fenced]]
    ) -> None:
        self._registry = registry
        self._journal = journal
        self._enforcer_of = enforcer_of

    async def show(self, session: Session, rule: RuleName, evidence: Mapping[str, Any]) -> bool:
        """Put a notice over the session's picture; whether it is there. ``evidence``: the verdict (JSON).

        Raises LedgerFailure, Unavailable.
        """
        slate = fresh("slt")
        order = _order(session, slate, reason(rule).en)
        try:
            before = await self._cover(session, order)
        except (EnforcerFailure, TimeoutError) as failure:
            because = str(failure) or f"no answer within {_WITHIN:g} s"
            data = {"slate": slate, "shown": False, "before": "", "because": because}
        else:
            data = {"slate": slate, "shown": True, "before": before, "because": order.reason}
            await self._registry.cases.open_slate(
                session, slate, rule=rule.value, cause=order.reason, evidence=evidence, at=self._journal.clock()
            )
        await self._journal.note(session, EventType.SLATE_SHOWN, data, subject=slate)
        return data["shown"] is True

    async def lift(self, session: Session) -> None:
        """Take away what stands over the picture; nothing standing is no failure, and no trouble here stops anybody."""
        try:
            standing = await self._standing(session)
            if standing is None:
                return
            slate, before = standing
            async with asyncio.timeout(_WITHIN):
                await self._enforcer_of(session)[1].unslate(_order(session, slate, ""), before)
            await self._journal.note(session, EventType.SLATE_LIFTED, {"slate": slate}, subject=slate)
        except (EnforcerFailure, TimeoutError, RegistryError) as failure:
            _log.warning("slate.unsure", session=session.id, because=str(failure))

    async def _cover(self, session: Session, order: Order) -> str:
        enforcer = self._enforcer_of(session)[1]
        if not enforcer.slates(order):
            raise EnforcerFailure("this media server cannot put a notice over the picture", retry=False)
        await self._journal.note(session, EventType.SLATE_ASKED, {"slate": order.cut}, subject=order.cut)
        async with asyncio.timeout(_WITHIN):
            return await enforcer.slate(order)

    async def _standing(self, session: Session) -> tuple[str, str] | None:
        """The notice that may stand there, and what it covered."""
        asked = await self._entries(session, EventType.SLATE_ASKED)
        lifted = {entry.subject for entry in await self._entries(session, EventType.SLATE_LIFTED)}
        if not asked or asked[-1].subject in lifted:
            return None
        slate = asked[-1].subject
        shown = [e.content for e in await self._entries(session, EventType.SLATE_SHOWN) if e.subject == slate]
        return slate, str(shown[-1]["before"]) if shown else ""

    async def _entries(self, session: Session, kind: EventType) -> tuple[Entry, ...]:
        return await self._registry.ledger.read(kind=kind.value, session=session.id)


def _order(session: Session, slate: str, words: str) -> Order:
    return Order(
        cut=CutId(slate), session=session.id, epoch=session.epoch, placement=session.placement, reason=words, until=None
    )
