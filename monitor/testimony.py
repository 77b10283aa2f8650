"""Testimony: what a judge was told, from before the trouble on, so that its verdict can be recomputed bit for bit.

The judge is copied from time to time, and what it is told since is kept beside the copy; two such spans are kept, so
that there is always a whole one behind. Curves of the last half hour are kept as numbers, for the case's timeline.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.challenge_transcript import Transcript, transcript
from protocols.driving.habit import Habit
from protocols.frozen import duplicate, freeze
from protocols.gesture import Gesture
from protocols.judge import Judge, Judged
from protocols.observation import Look, Motion, Observation
from protocols.telemetry import TelemetryBatch, TelemetrySample, measured
from protocols.timeline import Series, series
from protocols.verdict import Verdict

SPAN_S = 30.0
SPAN_BYTES = 8 * 1024 * 1024
_CURVE_S = 1800.0
_MOST_LOOKS = 24
_SURE = 0.3  # that the located region is an avatar
_STEP_S = 0.25  # of the curves of motion and telemetry

Told = tuple[float, Sequence[Observation]]
"""What was told at once, and the media time at which it was judged."""


@dataclass(slots=True)
class _Span:
    judge: Judge
    told: list[Told] = field(default_factory=list)
    began: float | None = None
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deposition:
    """A testimony as it stood at one moment; nothing in it changes any more. ``began``: media seconds."""

    judge: Judge
    told: Sequence[Told]
    curves: dict[str, Series]

    @property
    def began(self) -> float:
        """The media time from which everything was kept."""
        return self.told[0][0] if self.told else 0.0

    def frozen(self) -> bytes:
        """The judge as it was and everything that it was told since, for ``thaw``."""
        return freeze({"judge": self.judge, "told": [(at, list(batch)) for at, batch in self.told]})

    def telemetry(self) -> list[dict[str, float]]:
        """The operator's samples as they are on the wire, in order."""
        return [sample.to_wire() for _, batch in self.told for one in batch for sample in _samples(one)]

    def looks(self) -> list[Look]:
        """What the avatar looked like, some looks spread over the time that is kept."""
        return _spread(one for _, batch in self.told for one in batch if isinstance(one, Look))

    def transcript(self) -> list[Transcript]:
        """What was asked of the operator, and answered."""
        return transcript(one for _, batch in self.told for one in batch)


class Testimony:
    """A judge that remembers what it was told. Used by one thread at a time, as the judge is."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._spans = deque([_Span(duplicate(judge))], maxlen=2)
        self._curves: dict[str, deque[tuple[float, float]]] = {
            name: deque() for name in ("probability", "likeness", "motion", "telemetry")
        }
        self._pose: tuple[float, NDArray[np.float64]] | None = None

    def consider(self, observations: Iterable[Observation], at: float) -> tuple[Verdict, tuple[Judged, ...]]:
        """As the judge's."""
        batch, span = list(observations), self._spans[-1]
        span.told.append((at, batch))
        span.began = at if span.began is None else span.began
        span.size += sum(_size(one) for one in batch)
        verdict, judged = self._judge.consider(batch, at)
        self._draw(verdict, batch, at)
        if at - span.began >= SPAN_S or span.size >= SPAN_BYTES:
            self._spans.append(_Span(duplicate(self._judge)))
        return verdict, judged

    @property
    def settled(self) -> bool:
        """As the judge's."""
        return self._judge.settled

    @property
    def missed(self) -> bool:
        """As the judge's."""
        return self._judge.missed

    def telling(self, gestures: tuple[Gesture, ...], at: float) -> tuple[Gesture, ...]:
        """As the judge's."""
        return self._judge.telling(gestures, at)

    def learned(self) -> dict[Gesture, Habit]:
        """As the judge's."""
        return self._judge.learned()

    def looks(self) -> list[Look]:
        """As its deposition's, from whichever thread."""
        spans = tuple(self._spans)
        return _spread(one for span in spans for _, batch in tuple(span.told) for one in batch if isinstance(one, Look))

    def deposition(self) -> Deposition:
        """What there is to say now."""
        told = [told for span in self._spans for told in span.told]
        return Deposition(judge=self._spans[0].judge, told=told, curves=self._told_curves())

    def _draw(self, verdict: Verdict, batch: Sequence[Observation], at: float) -> None:
        self._add("probability", at, verdict.p_human)
        state = self._judge.likeness.state
        if state is not None:
            self._add("likeness", at, float(state.probability))
        for one in batch:
            match one:
                case Motion():
                    self._add("motion", one.at, float(np.abs(one.flow).mean()), _STEP_S)
                case TelemetrySample() | TelemetryBatch():
                    self._add_poses(*_poses(one))
                case _:
                    pass

    def _add_poses(self, times: Sequence[float], poses: NDArray[np.float64]) -> None:
        """How fast the head turns from each pose to the next (n, 3), degrees."""
        if self._pose is not None:
            times, poses = [self._pose[0], *times], np.vstack([self._pose[1], poses])
        self._pose = times[-1], poses[-1]
        turned = np.abs(np.diff(poses, axis=0)).sum(axis=1).tolist()
        for before, at, degrees in zip(times, times[1:], turned, strict=False):
            if 0.0 < at - before < 1.0:
                self._add("telemetry", at, degrees / (at - before), _STEP_S)

    def _add(self, name: str, at: float, value: float, step: float = 0.0) -> None:
        curve = self._curves[name]
        if curve and step and at - curve[-1][0] < step:
            curve[-1] = (curve[-1][0], max(curve[-1][1], value))
            return
        curve.append((at, value))
        while curve[0][0] < at - _CURVE_S:
            curve.popleft()

    def _told_curves(self) -> dict[str, Series]:
        return {
            name: series(tuple(curve), unit=_UNITS[name][0], low=0.0, high=_UNITS[name][1])
            for name, curve in self._curves.items()
            if curve
        }


_AXES = ("yaw", "pitch", "roll")
_UNITS = {
    "probability": ("probability", 1.0),
    "likeness": ("probability", 1.0),
    "motion": ("picture widths per second", 0.2),
    "telemetry": ("degrees per second", 180.0),
}


def _poses(one: TelemetrySample | TelemetryBatch) -> tuple[Sequence[float], NDArray[np.float64]]:
    """Times, and yaw, pitch and roll (n, 3) in degrees, 0 where one is not tracked."""
    if isinstance(one, TelemetrySample):
        return [one.at], np.array([[getattr(one, axis) or 0.0 for axis in _AXES]])
    rows = dict(zip(one.names, one.steps, strict=True))
    turns = [measured(axis, rows[axis]) if axis in rows else np.zeros(len(one)) for axis in _AXES]
    return one.times, np.nan_to_num(np.stack(turns, axis=1))


def _spread(looks: Iterable[Look]) -> list[Look]:
    shown = [look for look in looks if look.vector is not None and look.confidence >= _SURE]
    return shown[:: max(1, -(-len(shown) // _MOST_LOOKS))]


def _samples(one: Any) -> tuple[TelemetrySample, ...]:
    match one:
        case TelemetrySample():
            return (one,)
        case TelemetryBatch():
            return one.samples()
        case _:
            return ()


def _size(one: Observation) -> int:
    match one:
        case Motion():
            return one.flow.nbytes + one.detail.nbytes
        case Look():
            return 2048
        case TelemetryBatch():
            return one.steps.nbytes
        case _:
            return 64
