"""Our own WHIP endpoint: the publisher sends to us, so that we hang up ourselves."""

import asyncio
from datetime import datetime
from typing import Protocol

from monitor.enforcers.enforcer import EnforcerFailure, Order
from protocols.session import SessionId

SECONDS = 5.0
"""How long hanging up may take; a peer connection that does not close by then is tried again."""


class Whip(Protocol):
    """What the WHIP endpoint does with one session's publisher."""

    async def forbid(self, session: SessionId, until: datetime | None) -> None:
        """Refuse offers for this session until then, None for ever; again is no failure."""

    async def permit(self, session: SessionId) -> None:
        """Accept offers for this session again."""

    async def hang_up(self, session: SessionId) -> None:
        """Close the session's peer connection; none is no failure."""

    def is_publishing(self, session: SessionId) -> bool:
        """Whether a peer connection of this session is there that is not closed."""


class WhipEnforcer:
    """The enforcer for streams that are published to our own WHIP endpoint; a placement is not needed."""

    def __init__(self, whip: Whip) -> None:
        self._whip = whip

    async def block(self, order: Order) -> None:
        """Refuse the session's offers."""
        await self._whip.forbid(order.session, order.until)

    async def cut(self, order: Order) -> None:
        """Close the session's peer connection."""
        try:
            async with asyncio.timeout(SECONDS):
                await self._whip.hang_up(order.session)
        except TimeoutError:
            raise EnforcerFailure(f"the peer connection did not close within {SECONDS:g} seconds", retry=True) from None

    async def gone(self, order: Order) -> bool:
        """Whether no peer connection of the session is left."""
        return not self._whip.is_publishing(order.session)

    async def restore(self, order: Order) -> None:
        """Accept the session's offers again."""
        await self._whip.permit(order.session)

    async def close(self) -> None:
        """Nothing to close: the endpoint is not ours."""
