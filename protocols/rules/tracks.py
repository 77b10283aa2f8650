"""The tracks that several rules read: the picture's motion and the operator's, each kept once a session.

``Instruments`` is all that the rules ask of them. A session and a replay measure it on tracks; a simulation answers
with what was measured on such streams before, and everything from here on is the same.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from protocols.driving.calibration import Calibration
from protocols.driving.correlation import Driving, assess
from protocols.driving.gesture import GestureOutcome, answered
from protocols.driving.habit import Habit, Habits, Spans
from protocols.driving.lag import LagBelief
from protocols.driving.picture import Head
from protocols.driving.plausibility import Plausibility, plausibility
from protocols.driving.repetition import Repetition, picture_repetition
from protocols.driving.track import ANGLES, MotionTrack, TelemetryTrack
from protocols.gesture import Gesture
from protocols.observation import Look, Motion, Observation
from protocols.telemetry import TelemetryBatch, TelemetrySample

_STILL_DEGREES, _STILL_UNIT = 0.35, 0.03  # standard deviation of a feed that nobody moves
_STILL_UNCLEAR = 1.7  # degrees; the same of angles that may be radians
_LOOKS = 64
_LOOKED = 2  # looks that find nobody, from which nobody is taken to be there
_NEAR = 4.0  # seconds from the beginning of a window within which a look tells where the head is
_LIVELY = 0.02  # picture widths per second; an avatar that is moved moves at least so fast somewhere


class Instruments(Protocol):
    """What can be measured of both motions. Times are media seconds; nothing is weighed by a policy here."""

    def observe(self, observation: Observation) -> None:
        """Keep what can be measured later."""

    def assess(self, start: float, end: float, belief: LagBelief, calibration: Calibration) -> Driving:
        """Whether the telemetry's person moves the picture of a window."""

    def silent(self, start: float, end: float) -> bool:
        """Whether the operator's side told of no motion: no samples, or a feed that does not move."""

    def liveliness(self, start: float, end: float) -> float:
        """0..1: how much the picture moved in the places where it moved most, camera motion left out."""

    def repetition(self, start: float, end: float) -> Repetition:
        """Whether the picture plays again what it has shown."""

    def plausibility(self, start: float, end: float) -> Plausibility:
        """Whether the telemetry by itself is a person's."""

    def habit(self, gesture: Gesture, until: float, busy: Spans) -> Habit:
        """How often the gesture was done unasked before ``until``, but for the ``busy`` times."""

    def answered(
        self, gesture: Gesture, asked: float, within: float, lag: float | None, habit: Habit, calibration: Calibration
    ) -> GestureOutcome:
        """Whether a gesture was done on both sides, and not by habit."""

    def told(self, start: float, end: float) -> bool:
        """Whether the operator's side told anything at all."""

    def vacant(self, start: float, end: float) -> bool:
        """Whether the picture was looked at, and no avatar was to be seen on it."""


@dataclass(slots=True, kw_only=True)
class Tracks:
    """Motion and telemetry of one session, and what is measured on them: the ``Instruments`` of a real stream."""

    motion: MotionTrack = field(default_factory=MotionTrack)
    telemetry: TelemetryTrack = field(default_factory=TelemetryTrack)
    habits: Habits = field(default_factory=Habits)
    heads: deque[tuple[float, Head]] = field(default_factory=lambda: deque(maxlen=_LOOKS))
    looks: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=_LOOKS))

    def observe(self, observation: Observation) -> None:
        """Keep what belongs to a track."""
        match observation:
            case Motion():
                self.motion.add(observation)
            case TelemetrySample():
                self.telemetry.add(observation)
            case TelemetryBatch():
                self.telemetry.extend(observation)
            case Look(at=at, vector=vector, head=head):
                self.looks.append((at, head is not None or vector is not None))
                if head is not None:
                    self.heads.append((at, head))
            case _:
                pass

    def assess(self, start: float, end: float, belief: LagBelief, calibration: Calibration) -> Driving:
        """As ``Instruments``: the correlation of both tracks."""
        head = self._head(start)
        return assess(self.telemetry, self.motion, start, end, belief, head=head, calibration=calibration)

    def silent(self, start: float, end: float) -> bool:
        """As ``Instruments``: from three seconds before the window on, since the picture runs behind."""
        told = self.telemetry.between(start - 3.0, end)
        if not told.channels or len(told.times) < 10:
            return True
        degrees = _STILL_UNCLEAR if told.unclear else _STILL_DEGREES
        return all(
            float(np.nanstd(values)) < (degrees if name in ANGLES else _STILL_UNIT)
            for name, values in told.channels.items()
        )

    def liveliness(self, start: float, end: float) -> float:
        """As ``Instruments``: the speed of the liveliest cells."""
        seen = self.motion.between(start, end)
        if not seen:
            return 0.0
        flow = np.stack([motion.flow for motion in seen])
        speed = np.linalg.norm(flow - np.median(flow, axis=(1, 2), keepdims=True), axis=-1)
        return float(min(1.0, np.median(np.quantile(speed.reshape(len(seen), -1), 0.97, axis=1)) / _LIVELY))

    def repetition(self, start: float, end: float) -> Repetition:
        """As ``Instruments``: the picture compared with itself."""
        heads = [head for at, head in self.heads if start <= at <= end]
        left, top, width, height = np.median(np.array(heads), axis=0).tolist() if heads else (0.0, 0.0, 0.0, 0.0)
        return picture_repetition(self.motion, start, end, (left, top, width, height) if heads else None)

    def plausibility(self, start: float, end: float) -> Plausibility:
        """As ``Instruments``: the telemetry's traits."""
        return plausibility(self.telemetry, start, end)

    def habit(self, gesture: Gesture, until: float, busy: Spans) -> Habit:
        """As ``Instruments``: in the telemetry, as far as it was looked through."""
        return self.habits.of(gesture, self.telemetry, until, busy)

    def answered(
        self, gesture: Gesture, asked: float, within: float, lag: float | None, habit: Habit, calibration: Calibration
    ) -> GestureOutcome:
        """As ``Instruments``: in the telemetry, then in the picture."""
        head = self._head(asked + within / 2)
        return answered(
            gesture, self.telemetry, self.motion, asked, within, lag, habit=habit, head=head, calibration=calibration
        )

    def told(self, start: float, end: float) -> bool:
        """As ``Instruments``: any channel at all."""
        return bool(self.telemetry.between(start, end).channels)

    def vacant(self, start: float, end: float) -> bool:
        """As ``Instruments``: by two looks at least."""
        located = [found for at, found in self.looks if start <= at <= end]
        return len(located) >= _LOOKED and not any(located)

    def _head(self, at: float) -> Head | None:
        """Where the head was near ``at``, as the nearest look has it."""
        nearest = min(self.heads, key=lambda seen: abs(seen[0] - at), default=None)
        return None if nearest is None or abs(nearest[0] - at) > _NEAR else nearest[1]
