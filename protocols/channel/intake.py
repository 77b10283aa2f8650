"""Telemetry from heartbeats onto the session's clock; what cannot be true is refused and counted."""

from collections import Counter
from dataclasses import dataclass
from operator import lt

from protocols.channel.clock import ClockOffset
from protocols.channel.limits import Limits
from protocols.channel.message import Samples
from protocols.telemetry import TelemetryBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one heartbeat brought: samples in the order of time, refusals by reason, a jump of the clock if any."""

    batch: TelemetryBatch | None = None
    future: int = 0
    stale: int = 0
    disordered: int = 0
    jumped: float | None = None

    @property
    def count(self) -> int:
        """How many samples were taken."""
        return 0 if self.batch is None else len(self.batch)

    @property
    def refused(self) -> int:
        """How many samples were refused."""
        return self.future + self.stale + self.disordered


class Intake:
    """The telemetry of one operator. It outlives connections: what was taken before a resume is not taken again."""

    def __init__(self, limits: Limits, zero: float) -> None:
        self._limits = limits
        self._zero = zero
        self._clock = ClockOffset(limits)
        self._last = float("-inf")

    def take(self, sent: float, samples: Samples, now: float) -> Taken:
        """Read a heartbeat sent at ``sent`` (operator's clock) that arrived at ``now`` (ours)."""
        jumped = self._clock.beat(sent, now)
        if jumped is not None:
            self._last = float("-inf")
        times = samples.t
        if not times:
            return Taken(jumped=jumped)
        shift = self._clock.offset - self._zero
        newest = now - self._zero + self._limits.sample_future
        oldest = now - self._zero - self._limits.sample_age
        # Nearly every heartbeat is in order from end to end, and then its columns go on as they came.
        ordered = self._last < times[0] and all(map(lt, times, times[1:]))
        if ordered and times[0] + shift >= oldest and times[-1] + shift <= newest:
            self._last = times[-1]
            placed = TelemetryBatch(times=[t + shift for t in times], channels=samples.channels())
            return Taken(batch=placed, jumped=jumped)
        return self._sifted(samples, shift, oldest, newest, jumped)

    def _sifted(self, samples: Samples, shift: float, oldest: float, newest: float, jumped: float | None) -> Taken:
        """Take what can be true, one by one."""
        kept: list[int] = []
        refused: Counter[str] = Counter()
        for number, t in enumerate(samples.t):
            at = t + shift
            if at > newest:
                refused["future"] += 1
            elif at < oldest:
                refused["stale"] += 1
            elif t <= self._last:
                refused["disordered"] += 1
            else:
                self._last = t
                kept.append(number)
        times = [samples.t[number] + shift for number in kept]
        channels = {name: [column[number] for number in kept] for name, column in samples.channels().items()}
        batch = TelemetryBatch(times=times, channels=channels) if kept else None
        return Taken(batch=batch, jumped=jumped, **refused)
