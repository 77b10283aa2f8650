"""Announced breaks: so many seconds an hour, counted over the hour before, for a session's operators together."""

from collections import deque

_HOUR = 3600.0


class Breaks:
    """The budget of one session. Times in seconds on the monotonic clock; 0 of a budget allows none."""

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self._taken: deque[tuple[float, float]] = deque()
        self.until: float | None = None

    def on(self, now: float) -> bool:
        """Whether a break is on."""
        return self.until is not None and now < self.until

    def left(self, now: float) -> float:
        """Seconds that may still be taken now."""
        while self._taken and self._taken[0][1] <= now - _HOUR:
            self._taken.popleft()
        used = sum(end - max(begin, now - _HOUR) for begin, end in self._taken)
        return max(0.0, self.budget - used)

    def begin(self, seconds: float, now: float) -> float | None:
        """Begin a break, as long as wished or as is left; its end, or None where nothing is left or one is on."""
        granted = min(seconds, self.left(now))
        if granted <= 0 or self.on(now):
            return None
        self.until = now + granted
        self._taken.append((now, self.until))
        return self.until

    def end(self, now: float) -> bool:
        """End it early; whether one was on. What was not taken may be taken later."""
        if not self.on(now):
            return False
        begin, _ = self._taken.pop()
        self._taken.append((begin, now))
        self.until = None
        return True

    def expire(self, now: float) -> bool:
        """Whether a break has run out."""
        if self.until is None or now < self.until:
            return False
        self.until = None
        return True
