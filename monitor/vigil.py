"""The vigil: blocked places are watched until their blocks end, whatever the media servers make of them.

A server that asks us lets somebody in while we are down, or asks nobody; one that keeps the block itself forgets it
when it restarts, or does not know when it ends. So every place is looked at from time to time, blocks are put anew once
a day, and lifted when their end has come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from monitor.enforcement import Enforcement
from monitor.enforcers.enforcer import EnforcerFailure
from protocols.session import Session
from registry.block import Block
from registry.cut import Cut
from registry.error import RegistryError
from registry.registry import Registry
from registry.state import CutState

_log = structlog.get_logger()

_EVERY = 5.0
_LOOKS = 20  # of one round: a thousand places are then looked at once in four minutes
_RENEW_AFTER = timedelta(days=1)
_REFUSED_FOR = timedelta(minutes=5)  # before who refuses for good is asked again


class Vigil:
    """Watches the blocks of cuts. ``clock`` is the time of day; blocks that no cut has put end by themselves."""

    def __init__(self, registry: Registry, enforcement: Enforcement, clock: Callable[[], datetime]) -> None:
        self._registry = registry
        self._enforcement = enforcement
        self._clock = clock
        self._began = clock()
        self._renewed: dict[str, datetime] = {}
        self._not_before: dict[str, datetime] = {}
        self._seen: str | None = None
        """The block that was looked at last; the next round goes on behind it."""

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.round()
            except RegistryError as failure:
                _log.warning("vigil.waits", because=str(failure))

    async def round(self) -> None:
        """Lift what has ended, then look at some of the places that are blocked. Raises RegistryError."""
        now = self._clock()
        for block in await self._registry.blocks.lapsed(now=now):
            await self._attend(block, self._lapse)
        standing = [block for block in await self._registry.blocks.list(now=now) if block.cut is not None]
        self._renewed = {block.id: self._renewed.get(block.id, self._began) for block in standing}
        for block in self._next(standing):
            self._seen = block.id
            await self._attend(block, self._guard)

    def _next(self, standing: Sequence[Block]) -> Sequence[Block]:
        """The blocks of one round, behind those of the one before."""
        ids = [block.id for block in standing]
        start = ids.index(self._seen) + 1 if self._seen in ids else 0
        return [*standing[start:], *standing[:start]][:_LOOKS]

    async def _attend(self, block: Block, act: Callable[[Block, Session, Cut], Awaitable[None]]) -> None:
        """Do something about a block; a media server that does not answer is asked again in the next round."""
        if self._clock() < self._not_before.get(block.id, self._began):
            return
        if block.cut is None:
            await self._registry.blocks.lift(block.id, at=self._clock())
            return
        cut = await self._registry.cuts.get(block.cut)
        session = await self._registry.sessions.get(cut.session)
        try:
            await act(block, session, cut)
            self._not_before.pop(block.id, None)
        except (EnforcerFailure, TimeoutError) as failure:
            if isinstance(failure, EnforcerFailure) and not failure.retry:
                self._not_before[block.id] = self._clock() + _REFUSED_FOR
            _log.warning("vigil.unsure", cut=cut.id, session=session.id, because=str(failure))
        except RegistryError:
            raise
        except Exception:  # whatever it is, the other places go on being watched
            _log.exception("vigil.fault", cut=cut.id, session=session.id)

    async def _lapse(self, block: Block, session: Session, cut: Cut) -> None:
        await self._enforcement.lapse(session, cut)
        _log.info("block.lapsed", cut=cut.id, session=session.id)

    async def _guard(self, block: Block, session: Session, cut: Cut) -> None:
        """Look at a place; cuts that are under way are their owners' to finish."""
        if cut.state is not CutState.CONFIRMED:
            return
        now = self._clock()
        if now - self._renewed[block.id] >= _RENEW_AFTER:
            await self._enforcement.renew(session, cut)
            self._renewed[block.id] = now
        await self._enforcement.look_again(session, cut)
