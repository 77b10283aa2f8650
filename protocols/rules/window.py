"""Windows: the stretches of full-rate watching that evidence is taken from, one after the other."""

from collections.abc import Iterator

Span = tuple[float, float]
"""Start and end in media seconds."""

_HOLE = 1.0  # seconds without motion after which a window begins anew


class Windows:
    """Cuts the time for which motion was seen into windows of ``length`` seconds.

    A window is given out once ``settle`` seconds more have passed, so that the telemetry that belongs to it has
    arrived (heartbeats carry a second of it at once). What is shorter than a window when the watching stops is
    given out by ``rest``, if it is half a window at least.
    """

    def __init__(self, length: float, settle: float) -> None:
        self._length = length
        self._settle = settle
        self._start: float | None = None
        self._newest = 0.0

    def seen(self, at: float) -> None:
        """Motion was seen at ``at``; what comes a little late is passed over."""
        if self._start is not None and -_HOLE <= at - self._newest < 0:
            return
        if self._start is None or not 0 <= at - self._newest <= _HOLE:
            self._start = at
        self._newest = at

    def closed(self, at: float) -> Iterator[Span]:
        """Windows that are complete at media time ``at``."""
        while self._start is not None and self._newest >= self._start + self._length:
            if at < self._start + self._length + self._settle:
                return
            yield self._start, self._start + self._length
            self._start += self._length

    def begun(self, at: float, span: float) -> Span | None:
        """The first ``span`` seconds of the window that is open at ``at``, once they are complete."""
        if self._start is None or not span < self._length or self._newest < self._start + span:
            return None
        return None if at < self._start + span + self._settle else (self._start, self._start + span)

    def rest(self) -> Iterator[Span]:
        """What is left when the watching stops for good."""
        if self._start is not None and self._newest - self._start >= self._length / 2:
            yield self._start, self._newest
        self._start = None
