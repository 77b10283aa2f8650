"""The offset between the operator's clock and ours: estimated from what arrives, never trusted.

No message arrives before it was sent, so the least (arrival - sending) seen is the nearest to the truth. It is
forgotten slowly, so that two clocks may run at slightly different speeds.
"""

from collections import deque

from protocols.channel.limits import Limits


class ClockOffset:
    """``offset`` seconds are added to a time of the operator's to get ours; zero until the first heartbeat."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._recent: deque[float] = deque(maxlen=limits.clock_beats)
        self._sent: float | None = None
        self._at = 0.0
        self.offset = 0.0

    def beat(self, sent: float, now: float) -> float | None:
        """Take in one heartbeat. Seconds by which the operator's clock was found to have jumped, else None.

        Its clock went back where it says an earlier time than before; it went ahead where a message seems to arrive
        far before it was sent; it stood still (a laptop asleep) where all of the last heartbeats seem far too late.
        A network that stalls delivers late as well, but not for long, and is not mistaken for that.
        """
        seen = now - sent
        before, self._sent = self._sent, sent
        elapsed, self._at = now - self._at, now
        self._recent.append(seen)
        if before is None:
            self.offset = seen
            return None
        expected = self.offset + self._limits.clock_forgetting * elapsed
        if sent < before or seen < expected - self._limits.clock_jump:
            return self._anchor(seen)
        least = min(self._recent)
        if len(self._recent) == self._limits.clock_beats and least > expected + self._limits.clock_jump:
            return self._anchor(least)
        self.offset = min(expected, seen)
        return None

    def _anchor(self, offset: float) -> float:
        jumped, self.offset = self.offset - offset, offset
        self._recent.clear()
        return jumped
