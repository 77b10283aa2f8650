"""Telemetry from heartbeats onto the session's clock; what cannot be true is refused and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocols.channel.clock import ClockOffset
from protocols.channel.limits import Limits
from protocols.channel.message import Sample
from protocols.telemetry import TelemetrySample


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one heartbeat brought: samples in the order of time, refusals by reason, a jump of the clock if any."""

    samples: tuple[TelemetrySample, ...] = ()
    future: int = 0
    stale: int = 0
    disordered: int = 0
    jumped: float | None = None

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

    def take(self, sent: float, samples: Sequence[Sample], now: float) -> Taken:
        """Read a heartbeat sent at ``sent`` (operator's clock) that arrived at ``now`` (ours)."""
        jumped = self._clock.beat(sent, now)
        if jumped is not None:
            self._last = float("-inf")
        shift = self._clock.offset - self._zero
        newest = now - self._zero + self._limits.sample_future
        oldest = now - self._zero - self._limits.sample_age
        taken: list[TelemetrySample] = []
        future = stale = disordered = 0
        for sample in samples:
            at = sample.t + shift
            if at > newest:
                future += 1
            elif at < oldest:
                stale += 1
            elif sample.t <= self._last:
                disordered += 1
            else:
                self._last = sample.t
                taken.append(_placed(sample, at))
        return Taken(samples=tuple(taken), future=future, stale=stale, disordered=disordered, jumped=jumped)


def _placed(sample: Sample, at: float) -> TelemetrySample:
    return TelemetrySample(
        at=at,
        yaw=sample.yaw,
        pitch=sample.pitch,
        roll=sample.roll,
        mouth_open=sample.mouth_open,
        eye_blink=sample.eye_blink,
        smile=sample.smile,
        hand_l=sample.hand_l,
        hand_r=sample.hand_r,
        torso_yaw=sample.torso_yaw,
        torso_pitch=sample.torso_pitch,
        torso_roll=sample.torso_roll,
    )
