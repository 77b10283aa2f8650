"""Presence: from heartbeats to present or lapsed, with the moment at which a lapse would be found."""

from protocols.channel.limits import Limits


class Attendance:
    """Whether one operator is there. Starts present, since a verified hello is as good as a heartbeat."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._patience = limits.interval * limits.patience
        self._heard = now
        self._cause = ""
        self.present = True

    def beat(self, now: float) -> bool:
        """A heartbeat came; whether it ends a lapse."""
        self._heard = now
        self._cause = ""
        returned, self.present = not self.present, True
        return returned

    def lose(self, cause: str) -> None:
        """The connection is gone: a lapse will be found unless another takes its place in time."""
        self._cause = cause

    def leave(self) -> bool:
        """The operator left on purpose; whether that ends a presence."""
        left, self.present = self.present, False
        return left

    def next_deadline(self) -> float | None:
        """When silence becomes a lapse."""
        return self._heard + self._patience if self.present else None

    def expire(self, now: float) -> str | None:
        """The cause of a lapse that is found now: ``silent``, or why the connection was lost."""
        if not self.present or now < self._heard + self._patience:
            return None
        self.present = False
        return self._cause or "silent"
