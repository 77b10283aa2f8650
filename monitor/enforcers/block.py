"""Blocks that we keep ourselves, for media servers that ask us before a stream goes on air."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from monitor.enforcers.enforcer import EnforcerFailure, Order
from registry.block import Blocks as Registry
from registry.error import RegistryError, Unavailable


class Blocks(Protocol):
    """Where blocks are put in force and lifted. Both may be asked twice and do their work once."""

    async def put(self, order: Order) -> None:
        """Put the order's placement under a block of this cut."""

    async def lift(self, order: Order) -> None:
        """Lift what this cut has blocked, and nothing that another has."""

    async def held_besides(self, order: Order) -> bool:
        """Whether another than this cut blocks the order's place; then a server's own block has to stay."""


class RegisteredBlocks:
    """The registry's blocks, which the publish hooks ask as well. ``clock`` tells the time of day with its zone."""

    def __init__(self, registry: Registry, clock: Callable[[], datetime]) -> None:
        self._registry = registry
        self._clock = clock

    async def put(self, order: Order) -> None:
        """Put the block; one whose end has passed by now, as after a long outage, is not put any more."""
        at = self._clock()
        if order.placement is None or (order.until is not None and order.until <= at):
            return
        with _failing():
            await self._registry.put(order.placement, reason=order.reason, at=at, until=order.until, cut=order.cut)

    async def lift(self, order: Order) -> None:
        """Lift this cut's blocks."""
        with _failing():
            await self._registry.lift_for(order.cut, at=self._clock())

    async def held_besides(self, order: Order) -> bool:
        """Whether another cut, or an administrator, blocks the place as well."""
        if order.placement is None:
            return False
        with _failing():
            return await self._registry.blocked(order.placement, now=self._clock(), besides=order.cut) is not None


@contextmanager
def _failing() -> Iterator[None]:
    """Say the registry's trouble in the enforcers' words; a database that fails may come back."""
    try:
        yield
    except RegistryError as error:
        raise EnforcerFailure(f"the block cannot be written: {error}", retry=isinstance(error, Unavailable)) from error
