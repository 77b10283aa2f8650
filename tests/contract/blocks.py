"""Blocks and a fence in memory, for enforcers that are tried without a registry."""

from monitor.enforcers.enforcer import Enforcer, Order
from monitor.enforcers.fence import stale
from monitor.enforcers.fenced import Fenced
from protocols.session import Placement, SessionId


class MemoryBlocks:
    """Blocks in memory: put and asked as the registry's are; a gate as well."""

    def __init__(self) -> None:
        self.held_by: dict[Placement, str] = {}
        self.left: list[Placement] = []
        self.refused: list[Placement] = []

    async def put(self, order: Order) -> None:
        if order.placement is not None:
            self.held_by[order.placement] = order.cut

    async def lift(self, order: Order) -> None:
        self.held_by = {placement: cut for placement, cut in self.held_by.items() if cut != order.cut}

    async def held_besides(self, order: Order) -> bool:
        return order.placement is not None and self.held_by.get(order.placement, order.cut) != order.cut

    async def may_publish(self, placement: Placement, *, operator: str | None) -> str | None:
        if placement not in self.held_by:
            return None
        self.refused.append(placement)
        return "Nobody drives this avatar."

    async def may_go_on(self, placement: Placement) -> str | None:
        return await self.may_publish(placement, operator=None)

    async def ended(self, placement: Placement) -> None:
        self.left.append(placement)


class MemoryFence:
    """Remembers the highest epoch that it has seen of each session, as the registry does with every claim."""

    def __init__(self) -> None:
        self.epochs: dict[SessionId, int] = {}

    async def admit(self, order: Order) -> None:
        epoch = self.epochs.get(order.session, order.epoch)
        if order.epoch < epoch:
            raise stale(order, epoch)
        self.epochs[order.session] = order.epoch


def fenced(server: Enforcer, blocks: MemoryBlocks) -> Fenced:
    """The enforcer as a service has it, behind a fence of its own."""
    return Fenced(server, MemoryFence(), blocks)
