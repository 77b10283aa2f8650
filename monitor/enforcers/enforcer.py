"""What every enforcer does: block → cut → confirm that it is gone, and restore.

The order matters. An encoder that is only disconnected is back within a third of a second, so the block comes first;
and every media server answers "cut" before it is, some of them for a cut that did nothing, so that only asking again
confirms it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from protocols.session import CutId, Placement, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order to cut a session's stream, or to restore it. ``cut`` is the idempotency key of all its commands.

    ``epoch`` fences: who lost the session to another owner holds an older one. ``until`` is when the block ends, None
    for one that only a restore lifts. ``reason`` is written to be read by people.
    """

    cut: CutId
    session: SessionId
    epoch: int
    placement: Placement | None
    reason: str
    until: datetime | None = None


class EnforcerFailure(Exception):
    """The command is not known to have been carried out; with ``retry`` it may be, if it is given again."""

    def __init__(self, message: str, *, retry: bool) -> None:
        super().__init__(message)
        self.retry = retry


class Enforcer(Protocol):
    """One media server. Every command may be given twice and does its work once; each ends within seconds.

    What all of them share, the fence and the registry's blocks, stands before them: see ``Fenced``. All raise
    EnforcerFailure.
    """

    async def block(self, order: Order) -> None:
        """From now on this stream cannot be published. A server that asks us is answered by the registry's block."""

    async def cut(self, order: Order) -> None:
        """Disconnect the publisher. A stream that nobody publishes is no failure."""

    async def gone(self, order: Order) -> bool:
        """Whether nobody publishes the stream, by asking the server anew."""

    async def restore(self, order: Order) -> None:
        """Lift what ``block`` put in force for this cut; the stream may be published again."""

    async def close(self) -> None:
        """Close the connections to the server; idempotent."""


def placed(order: Order, server: str) -> Placement:
    """Return where the order's stream is; EnforcerFailure where it is not on this server."""
    if order.placement is None:
        raise EnforcerFailure("the session does not say where its stream is published", retry=False)
    if order.placement.server != server:
        raise EnforcerFailure(
            f"the stream is on the server {order.placement.server!r}, and this is {server!r}", retry=False
        )
    return order.placement
