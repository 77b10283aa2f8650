"""What stands before every enforcer: the fence, the registry's blocks, and the slate where a server has one.

An enforcer's own file holds what is its server's alone. Every command passes here with its order, so that none reaches
a media server that the session's owner has not given: a stale owner can neither block, cut, ask, cover nor restore.
(Between the look at the registry and the server's own clock a claim may come; so commands end within seconds, and each
does its work once, whoever gives it.)
"""

from typing import Protocol, runtime_checkable

from monitor.enforcers.block import Blocks
from monitor.enforcers.enforcer import Enforcer, EnforcerFailure, Order
from monitor.enforcers.fence import Fence


@runtime_checkable
class Slating(Protocol):
    """An enforcer that can put a notice over a picture, on the media server or at its publisher."""

    def slates(self, order: Order) -> bool:
        """Whether it can do so for the order's stream."""

    async def slate(self, order: Order) -> str:
        """Put the notice over the picture; what to bring back afterwards, where the server has to be told."""

    async def unslate(self, order: Order, before: str) -> None:
        """Take the notice away; ``before`` is what ``slate`` returned."""


class Fenced:
    """One media server's enforcer behind the fence; the registry's block comes before the server's own."""

    def __init__(self, server: Enforcer, fence: Fence, blocks: Blocks) -> None:
        self.server = server
        self._fence = fence
        self._blocks = blocks

    async def block(self, order: Order) -> None:
        """From now on this stream cannot be published."""
        await self._fence.admit(order)
        await self._blocks.put(order)
        await self.server.block(order)

    async def cut(self, order: Order) -> None:
        """Disconnect the publisher."""
        await self._fence.admit(order)
        await self.server.cut(order)

    async def gone(self, order: Order) -> bool:
        """Whether nobody publishes the stream, by asking the server anew."""
        await self._fence.admit(order)
        return await self.server.gone(order)

    async def restore(self, order: Order) -> None:
        """Lift this cut's block, the server's own first and only where no other cut holds the same place."""
        await self._fence.admit(order)
        if not await self._blocks.held_besides(order):
            await self.server.restore(order)
        await self._blocks.lift(order)

    def slates(self, order: Order) -> bool:
        """Whether a notice can be put over the stream's picture."""
        return isinstance(self.server, Slating) and self.server.slates(order)

    async def slate(self, order: Order) -> str:
        """Put a notice over the picture."""
        await self._fence.admit(order)
        return await self._slating(order).slate(order)

    async def unslate(self, order: Order, before: str) -> None:
        """Take the notice away."""
        await self._fence.admit(order)
        await self._slating(order).unslate(order, before)

    async def close(self) -> None:
        """Close what is open."""
        await self.server.close()

    def _slating(self, order: Order) -> Slating:
        if not (isinstance(self.server, Slating) and self.server.slates(order)):
            raise EnforcerFailure("this media server cannot put a notice over the picture", retry=False)
        return self.server
