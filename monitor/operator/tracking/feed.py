"""The feed: from a tracker's readings to the samples that the agent forwards, and what the performer is shown of it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from protocols.telemetry import TelemetrySample
from protocols.tracking.quality import Quality, QualityMeter
from protocols.tracking.reading import Reading

_WAITING = 600
_CLOSEST = 1 / 75  # seconds; faster than sixty a second shows nothing more of a body, and costs the network
_DIGITS = 4  # a hundredth of the noise of any tracker
_ROUNDED = tuple(field.name for field in fields(TelemetrySample) if field.name != "at")


class Doing(StrEnum):
    """What the feed is at."""

    SEARCHING = "searching"
    LISTENING = "listening"
    CONNECTING = "connecting"
    ASKING = "asking"
    FOLLOWING = "following"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """The tracking as the performer is shown it."""

    tracker: str
    doing: Doing
    detail: str
    quality: Quality
    newest: TelemetrySample | None


class TrackingFeed:
    """Takes readings; ``samples`` hands them on, the newest kept where nobody fetches them."""

    def __init__(self, flip: Iterable[str] = ()) -> None:
        """``flip``: of ``yaw``, ``pitch`` and ``roll`` those that the tracker tells the other way round."""
        self.tracker = ""
        self.doing = Doing.SEARCHING
        self.detail = ""
        self.newest: TelemetrySample | None = None
        self._meter = QualityMeter()
        self._flip = tuple(flip)
        self._waiting: deque[TelemetrySample] = deque(maxlen=_WAITING)
        self._stirred = asyncio.Event()
        self._last = float("-inf")

    def tell(self, doing: Doing, tracker: str | None = None, detail: str = "") -> None:
        """Say what is being done now."""
        self.doing, self.detail = doing, detail
        if tracker is not None:
            self.tracker = tracker

    def take(self, readings: Iterable[Reading], now: float) -> None:
        """Take what a packet said that arrived at ``now``."""
        for reading in readings:
            self._meter.take(reading, now)
            self.newest = None if reading.sample is None else self._mended(reading.sample)
            if self.newest is not None and self.newest.at >= self._last + _CLOSEST:
                self._last = self.newest.at
                self._waiting.append(self.newest)
                self._stirred.set()

    def refuse(self, complaint: str) -> None:
        """A packet made no sense."""
        self._meter.refuse(complaint)

    def quality(self, now: float) -> Quality:
        """How well the tracking arrives."""
        return self._meter.now(now)

    def now(self, now: float) -> Tracked:
        """What there is to show."""
        quality = self.quality(now)
        return Tracked(tracker=self.tracker, doing=self.doing, detail=self.detail, quality=quality, newest=self.newest)

    async def samples(self) -> AsyncIterator[TelemetrySample]:
        """What was tracked, as it happens."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while self._waiting:
                yield self._waiting.popleft()

    def _mended(self, sample: TelemetrySample) -> TelemetrySample:
        told = {name: value for name in _ROUNDED if (value := getattr(sample, name)) is not None}
        turned = {name: -value if name in self._flip else value for name, value in told.items()}
        return replace(sample, **{name: round(value, _DIGITS) for name, value in turned.items()})
