"""Media time: a stream's own time stamps put on the session's clock, so that the network's jitter does not shake it."""

import math

WINDOW = 5.0
"""Seconds; the smallest delay of the last one to two windows counts, so what drifts is forgotten after ten."""
JUMP = 1.0
"""Seconds that a time stamp may leave the course of arrivals before it counts as a jump."""


class MediaClock:
    """Maps time stamps to seconds since ``zero``, anchored at arrivals.

    A packet cannot arrive before it was sent, so the smallest (arrival - time stamp) of late is the best known
    distance between the two clocks. Time stamps that jump, stand still or run backwards anchor anew. Times given
    out never decrease and are never later than the latest arrival.
    """

    def __init__(self, zero: float) -> None:
        self._zero = zero
        self._last_at = -math.inf
        self.anchors = 0
        self._arrived = zero
        self._pts: float | None = None
        self._current = self._before = math.inf
        self._window_began = zero
        self._excused = 0.0

    def reset(self) -> None:
        """Forget the time stamps' course, as after a reconnection; times still never decrease."""
        self._pts = None

    def note(self, pts: float, arrived: float) -> None:
        """Take in that a packet stamped ``pts`` seconds arrived at ``arrived`` on the monotonic clock."""
        delay = arrived - pts
        if self._pts is None or self._jumped(pts, pts - self._pts, arrived):
            self._anchor(delay, arrived)
        elif arrived - self._window_began >= WINDOW:
            self._before, self._current, self._window_began = self._current, delay, arrived
        else:
            self._current = min(self._current, delay)
        self._pts, self._arrived = pts, arrived

    def at(self, pts: float | None) -> float:
        """Seconds since zero of a frame stamped ``pts``, which belongs to what was noted; None: as of its arrival."""
        latest = self._arrived - self._zero
        stamped = latest if pts is None or self._pts is None else pts + self._delay - self._zero
        self._last_at = max(self._last_at, min(stamped, latest))
        return self._last_at

    @property
    def _delay(self) -> float:
        return min(self._current, self._before)

    def _anchor(self, delay: float, arrived: float) -> None:
        self.anchors += 1
        self._current, self._before, self._window_began = delay, math.inf, arrived
        self._excused = 0.0

    def _jumped(self, pts: float, step: float, arrived: float) -> bool:
        elapsed = arrived - self._arrived
        if step < -JUMP or step > elapsed + JUMP:
            return True
        # A pause of the network makes what follows late, and it catches up; lateness without a pause is a clock
        # that stands still or runs slow.
        if elapsed > JUMP and step < elapsed:
            self._excused += elapsed
        late = arrived - pts - self._delay
        self._excused = min(self._excused, late + JUMP)
        return late > max(self._excused, 0.0) + JUMP
