"""Reading no faster than the media plays, where whole segments or files would otherwise come at once."""

LATE = 0.2
"""Seconds behind that are waited out; beyond them the media has paused, and goes on from now."""
AHEAD = 5.0
"""Seconds; a time stamp further ahead than this has jumped."""


class Pace:
    """Says how long to wait before the next packet; times are of the monotonic clock."""

    def __init__(self) -> None:
        self._anchor: float | None = None

    def wait(self, stamp: float, now: float) -> float:
        """Seconds until a packet stamped ``stamp`` is due; what jumped or is late is due now and anchors anew."""
        if self._anchor is None or not -LATE <= self._anchor + stamp - now <= AHEAD:
            self._anchor = now - stamp
        return max(self._anchor + stamp - now, 0.0)
