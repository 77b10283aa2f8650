"""Standstill: while something of the monitor's own keeps it from judging, time on the ladder stands still."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from protocols.ladder import Ladder

T = TypeVar("T")

_LATE_AFTER = 2.0  # seconds that our own work may take before its time is nobody's


class Standstill:
    """One ladder's. ``at``: now, in seconds on the session's clock. Reasons may overlap; the last to end lets go."""

    def __init__(self, ladder: Ladder, at: Callable[[], float]) -> None:
        self._ladder = ladder
        self._at = at
        self._reasons = 0

    def begin(self) -> None:
        """One more reason."""
        self._reasons += 1
        self._ladder.hold(self._at())

    def end(self) -> None:
        """One reason less."""
        self._reasons -= 1
        if self._reasons == 0:
            self._ladder.release(self._at())

    async def during(self, work: Awaitable[T]) -> T:
        """Wait for what is the monitor's own to do; where that took long, nobody has climbed for it."""
        began = self._at()
        try:
            return await work
        finally:
            if self._at() - began > _LATE_AFTER and self._reasons == 0:
                self._ladder.hold(began)
                self._ladder.release(self._at())
