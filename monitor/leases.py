"""Leases: which sessions are this service's, among all services that share the registry.

A session is held by one of them, who renews the lease; where that stops, as in a machine that hangs or a line that is
cut, another takes the session up with the next epoch, and what the one before still sends is refused by the fence.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog

from protocols.session import Session, SessionId
from registry.error import Conflict, RegistryError
from registry.session import Lease, Sessions

_log = structlog.get_logger()

_RENEWALS = 3  # within the time of a lease, so that a slow database loses nothing


class Leases:
    """The leases of ``holder``, who keeps that name over restarts; each is good for ``seconds``."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Callable[[], datetime],
        *,
        holder: str = "the one service",
        seconds: float = 15.0,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._holder = holder
        self._seconds = seconds

    def lease(self) -> Lease:
        """A lease from now on."""
        return Lease(holder=self._holder, until=self._clock() + timedelta(seconds=self._seconds))

    async def claim(self, session: SessionId) -> Session:
        """Take a session with the next epoch. Raises NotFound; Conflict where another holds it, or it has ended."""
        return await self._sessions.claim(session, self.lease(), now=self._clock())

    async def take_up(self, held: Collection[SessionId], take: Callable[[Session], None], *, own: bool = True) -> None:
        """Take every open session that is nobody's, whose service has let its lease run out, or that is our ``own``.

        ``held`` are those that run here already. Raises RegistryError.
        """
        for session in await self._sessions.free(self._holder, now=self._clock(), own=own):
            if session.id in held:
                continue
            try:
                claimed = await self.claim(session.id)
            except Conflict:  # another service was first, or it has just ended
                continue
            take(claimed)

    async def keep(
        self, held: Collection[SessionId], take: Callable[[Session], None], lose: Callable[[SessionId], None]
    ) -> None:
        """Renew, lose what others have taken, and take up what others have left, until cancelled."""
        while True:
            await asyncio.sleep(self._seconds / _RENEWALS)
            before = frozenset(held)  # what comes while we ask is not in the answer
            try:
                for lost in before - await self._sessions.renew(self.lease()):
                    lose(lost)
                await self.take_up(held, take, own=False)  # of our own, one that does not run is being attached
            except RegistryError as failure:
                _log.warning("leases.wait", because=str(failure))
