"""The fence: what a session's owner of before orders is refused, by the epoch that the registry has for the session."""

from typing import Protocol

from monitor.enforcers.enforcer import EnforcerFailure, Order
from registry.error import RegistryError, Unavailable
from registry.session import Sessions


class Fence(Protocol):
    """Which orders may go to a media server."""

    async def admit(self, order: Order) -> None:
        """Return where the order is of the session's present epoch. Raises EnforcerFailure for an older one."""


class RegisteredFence:
    """Asks the registry before every command: a claim fences out its predecessor at once, and over every restart."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def admit(self, order: Order) -> None:
        """Raises EnforcerFailure where another owner has the session, and where the registry does not say."""
        try:
            epoch = await self._sessions.epoch(order.session)
        except RegistryError as error:
            why = f"the session's owner cannot be looked up: {error}"
            raise EnforcerFailure(why, retry=isinstance(error, Unavailable)) from error
        if order.epoch < epoch:
            raise stale(order, epoch)


def stale(order: Order, epoch: int) -> EnforcerFailure:
    """The refusal of an order by an owner that has lost its session to one of ``epoch``."""
    return EnforcerFailure(
        f"the order is of epoch {order.epoch}, and the session's owner is of epoch {epoch}", retry=False
    )
