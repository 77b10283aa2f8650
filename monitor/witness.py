"""A witness: one session's, whose judge remembers and whose stream's last seconds are kept."""

import asyncio

from monitor.evidence import EvidenceRoom
from monitor.sources.ring import Ring
from monitor.spooled import Sealed
from monitor.testimony import Testimony
from protocols.session import Session
from registry.cut import Cut

SPOOL_WITHIN_S = 0.5
"""Seconds that a cut waits for its evidence to be on disk."""


class Witness:
    """One session's: the judge that remembers, and the ring of its stream."""

    def __init__(self, testimony: Testimony, ring: Ring, room: EvidenceRoom, *, zero: float, session: str = "") -> None:
        room.follow(session, testimony)
        self._testimony = testimony
        self._ring = ring
        self._room = room
        self._spooling: asyncio.Task[None] | None = None
        self._zero = zero

    def seal(self) -> Sealed:
        """Everything up to now."""
        return Sealed(deposition=self._testimony.deposition(), excerpts=self._ring.excerpts(), zero=self._zero)

    async def spool(self, session: Session, sealed: Sealed) -> None:
        """Put it on disk before the act. A disk that takes longer than half a second holds no cut up."""
        self._spooling = asyncio.create_task(self._room.spool(session, sealed), name=f"spool {session.id}")
        await asyncio.wait({self._spooling}, timeout=SPOOL_WITHIN_S)

    async def keep(self, session: Session, cut: Cut, sealed: Sealed) -> None:
        """Make it the evidence of the cut's case. Never raises for trouble of the store's: the case tells it."""
        await self._spooled()
        await self._room.keep(session, cut, sealed)

    async def drop(self, session: Session) -> None:
        """Nothing was cut after all: what was put on disk is taken back."""
        await self._spooled()
        await self._room.unspool(session)

    async def _spooled(self) -> None:
        if self._spooling is not None:
            await self._spooling
            self._spooling = None
