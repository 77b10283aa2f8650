"""The gate by the registry's blocks: who is blocked does not go on air, and does not stay there."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from protocols.session import Placement
from registry.block import Blocks


class BlockGate:
    """Permits what is not blocked now. ``ended`` is told when a publisher has left; ``clock`` is the time of day."""

    def __init__(
        self, blocks: Blocks, *, clock: Callable[[], datetime], ended: Callable[[Placement], Awaitable[None]]
    ) -> None:
        self._blocks = blocks
        self._clock = clock
        self._ended = ended

    async def may_publish(self, placement: Placement, *, operator: str | None = None) -> str | None:
        """Return the standing block's reason and end, None where there is no block."""
        block = await self._blocks.blocked(placement, now=self._clock())
        if block is None:
            return None
        until = "until it is restored" if block.until is None else f"until {block.until.isoformat(timespec='seconds')}"
        return f"{block.reason} Publishing is blocked {until}."

    async def may_go_on(self, placement: Placement) -> str | None:
        """The same while the stream is on air: a block that came too late for its publishing still ends it."""
        return await self.may_publish(placement)

    async def ended(self, placement: Placement) -> None:
        """Pass on that the publisher has left."""
        await self._ended(placement)
