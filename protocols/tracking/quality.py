"""How well tracking arrives: rate, gaps, lag, and whether anybody is seen. Times are arguments."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from protocols.tracking.reading import Reading

_OVER = 3.0  # seconds that the rate is counted over
_LEAST = 0.5
_SILENT = 1.5
_NO_FACE = 1.0
_FEW = 12.0  # samples a second, below which a gesture of half a second is hard to see
_GAP = 0.25
_MOST = 1024
_FORGETTING = 0.001  # seconds a second: two clocks drift


class Condition(StrEnum):
    """What is to be said of the tracking, the worst first."""

    SILENT = "silent"
    NO_FACE = "no_face"
    SPARSE = "sparse"
    UNEVEN = "uneven"
    GOOD = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The tracking as it stands; ``lag`` seconds that the newest packets came later than the quickest ones, where the
    tracker tells its clock, and ``refused`` packets that made no sense, with what was wrong with the last."""

    condition: Condition
    rate: float
    gap: float
    lag: float | None
    refused: int
    complaint: str | None


class QualityMeter:
    """Counts what arrives."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=_MOST)
        self._began = 0.0
        self._heard: float | None = None
        self._seen: float | None = None
        self._offset: float | None = None
        self._lag: float | None = None
        self._measured = 0.0
        self.refused = 0
        self._complaint: str | None = None

    def take(self, reading: Reading, now: float) -> None:
        """A reading has arrived."""
        if self._heard is None or now - self._heard > _SILENT:
            self._began = now
        self._heard = now
        if reading.sample is not None:
            self._seen = now
            self._arrivals.append(now)
        if reading.sent is not None:
            self._time(now - reading.sent, now)

    def refuse(self, complaint: str) -> None:
        """A packet made no sense."""
        self.refused += 1
        self._complaint = complaint

    def now(self, now: float) -> Quality:
        """The tracking as it stands."""
        while self._arrivals and self._arrivals[0] < now - _OVER:
            self._arrivals.popleft()
        times = [*self._arrivals, now]
        gap = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
        rate = len(self._arrivals) / min(_OVER, max(_LEAST, now - self._began))
        return Quality(
            condition=self._condition(now, rate, gap),
            rate=rate,
            gap=gap,
            lag=self._lag,
            refused=self.refused,
            complaint=self._complaint,
        )

    def _condition(self, now: float, rate: float, gap: float) -> Condition:
        if self._heard is None or now - self._heard > _SILENT:
            return Condition.SILENT
        if self._seen is None or now - self._seen > _NO_FACE:
            return Condition.NO_FACE
        if rate < _FEW:
            return Condition.SPARSE
        return Condition.UNEVEN if gap > _GAP else Condition.GOOD

    def _time(self, behind: float, now: float) -> None:
        """The least (arrival - sending) seen is the nearest to the clocks' offset; what is over it is lag."""
        if self._offset is None or behind < self._offset:
            self._offset = behind
        else:
            self._offset += _FORGETTING * max(0.0, now - self._measured)
        self._measured = now
        self._lag = max(0.0, behind - self._offset)
