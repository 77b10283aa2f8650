"""Telemetry from heartbeats onto the session's clock; what cannot be true is refused and counted."""

from collections import Counter
from dataclasses import dataclass
from operator import lt

from protocols.channel.clock import ClockOffset
from protocols.channel.limits import Limits
from protocols.channel.packing import Records
from protocols.telemetry import TelemetryBatch

_SECONDS = 1e-6


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
        self._last: int | None = None

    def take(self, sent: float, records: Records, now: float) -> Taken:
        """Read a heartbeat sent at ``sent`` (operator's clock) that arrived at ``now`` (ours)."""
        jumped = self._clock.beat(sent, now)
        if jumped is not None:
            self._last = None
        told = records.times
        if not len(told):
            return Taken(jumped=jumped)
        shift = self._clock.offset - self._zero
        times = [t * _SECONDS + shift for t in told]
        newest = now - self._zero + self._limits.sample_future
        oldest = now - self._zero - self._limits.sample_age
        # Nearly every heartbeat is in order from end to end, and then its samples go on as they came.
        ordered = (self._last is None or self._last < told[0]) and all(map(lt, told, told[1:]))
        if ordered and times[0] >= oldest and times[-1] <= newest:
            self._last = told[-1]
            return Taken(batch=TelemetryBatch(times=times, names=records.names, steps=records.steps), jumped=jumped)
        return self._sifted(records, times, oldest, newest, jumped)

    def _sifted(
        self, records: Records, times: list[float], oldest: float, newest: float, jumped: float | None
    ) -> Taken:
        """Take what can be true, one by one."""
        kept: list[int] = []
        refused: Counter[str] = Counter()
        for number, (told, at) in enumerate(zip(records.times, times, strict=True)):
            if at > newest:
                refused["future"] += 1
            elif at < oldest:
                refused["stale"] += 1
            elif self._last is not None and told <= self._last:
                refused["disordered"] += 1
            else:
                self._last = told
                kept.append(number)
        batch: TelemetryBatch | None = None
        if kept:
            placed = [times[number] for number in kept]
            batch = TelemetryBatch(times=placed, names=records.names, steps=records.steps[:, kept])
        return Taken(batch=batch, jumped=jumped, **refused)
