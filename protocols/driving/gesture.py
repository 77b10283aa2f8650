"""Gestures: was the challenge answered, first by the operator, then by the avatar, as fast as people are and no faster?

The telemetry shows what was done: a hold, a swing to and fro, a double blink. It must begin after it was asked for,
no sooner than a person reacts and no quicker than a neck turns. Then the picture must follow the very same channel
through the very same seconds, at the stream's lag. A gesture in only one of the two is no answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from protocols.driving.agreement import operator_motion, strengths_by_lag
from protocols.driving.calibration import CALIBRATION, Calibration
from protocols.driving.convention import Reading, others
from protocols.driving.form import FORMS, LONGEST, Form, course, enacted
from protocols.driving.habit import UNTOLD, Habit, habit_of
from protocols.driving.lag import LAG_STEP, LAGS
from protocols.driving.picture import Head, look
from protocols.driving.track import Floats, MotionTrack, TelemetryTrack
from protocols.gesture import FASTEST_REACTION, Gesture

_BEFORE = 1.5  # seconds before the question that show where the operator was
_AROUND = 3.0  # seconds of picture around the gesture that it is compared with
_COMMON_LAG = 0.8  # seconds; where to look while the lag is unknown
_UNBENT = 1e3
_SEEN = 5e-3  # nats of motion; a picture with less is black, frozen or a slate, and shows nobody's gesture
_LAG_TOLERANCE = 0.2  # seconds around a lag that is known
_FINE = frozenset({"mouth_open", "eye_blink", "smile"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GestureOutcome:
    """``passed`` None where it could not be judged: no telemetry, no picture, or the time is not over.

    That goes for a picture, too, that shows half of what it should: a gift or a moving scene may stand before it. And
    for a gesture that the operator makes so often, or made so late, that it is no answer.

    ``score``: the surer the higher, from 1 on it passes; ``weight``: log-likelihood ratio, done because it was asked
    for : by chance, 0 where nothing was done; ``seen_at``: seconds at which the picture began to follow; ``reaction``:
    seconds from the question to the operator's first movement; ``telemetry_score`` and ``picture_score``: the same as
    ``score`` for each side alone, 0 where nothing was found; ``untold`` 0..1: how much of the time to begin lies in
    holes of the telemetry, in which it may have been done; ``began``: seconds of the operator's first movement;
    ``instead``: where another motion of the head was told in its place, and the picture showed it: which. Whoever
    tells it so each time has another convention, and answered.
    """

    passed: bool | None
    score: float
    seen_at: float | None
    reaction: float | None
    telemetry_score: float
    picture_score: float
    weight: float = 0.0
    untold: float = 0.0
    began: float | None = None
    instead: Reading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A gesture found in the telemetry: its channel, from when to when, how large against what is asked for."""

    channel: str
    start: float
    end: float
    size: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scene:
    """Both sides of a stream, how far one runs behind the other and where the head is, as far as that is known."""

    telemetry: TelemetryTrack
    motion: MotionTrack
    lag: float | None
    head: Head | None
    calibration: Calibration

    def shows(self, done: _Done) -> tuple[float, float] | None:
        """How clearly the picture follows what was done, from 1 on enough, and at which lag; None where not seen."""
        middle = self.lag if self.lag is not None else _COMMON_LAG
        slack = _AROUND if self.lag is not None else _AROUND + _COMMON_LAG
        start, end = done.start + middle - slack, done.end + middle + slack
        near = np.ones(len(LAGS), dtype=np.bool_) if self.lag is None else np.abs(LAGS - self.lag) <= _LAG_TOLERANCE
        if not near.any() or not self._reaches(end):
            return None
        strengths = self._strengths(done, start, end)
        if strengths is None:
            return None
        best = int(np.argmax(np.where(near, strengths, -np.inf)))
        return max(0.0, float(strengths[best]) / self._needed), best * LAG_STEP

    def _strengths(self, done: _Done, start: float, end: float) -> Floats | None:
        """The gesture's own channel as it is, a burst among quiet; and all channels together, with bursts tamed."""
        own, calibration = frozenset({done.channel}), self.calibration
        known = self.head is not None
        fine = known or done.channel in _FINE
        bursts = look(self.motion, start, end, calibration, fine=fine, bend=_UNBENT, near=self.head)
        whole = look(self.motion, start, end, calibration, fine=known, near=self.head)
        if bursts is None or whole is None or whole.energy < _SEEN:
            return None
        one = operator_motion(self.telemetry, start, len(bursts.times), calibration, only=own, bend=_UNBENT)
        every = operator_motion(self.telemetry, start, len(whole.times), calibration)
        if one is None or every is None:
            return None
        return strengths_by_lag(bursts, one, calibration) + strengths_by_lag(whole, every, calibration)

    @property
    def _needed(self) -> float:
        """Of many lags the best is higher by chance: where it was never found, more must be seen of the gesture."""
        if self.head is not None:
            return self.calibration.gesture_seen_head[self.lag is None]
        return self.calibration.gesture_seen * (1.0 if self.lag is not None else self.calibration.gesture_blind)

    def _reaches(self, end: float) -> bool:
        """Whether the picture was seen nearly to ``end``; the comparison may lack the quiet after the gesture."""
        return any(True for _ in self.motion.between(end - _AROUND, end + 1.0))


def answered(
    gesture: Gesture,
    telemetry: TelemetryTrack,
    motion: MotionTrack,
    asked: float,
    within: float,
    lag: float | None = None,
    *,
    habit: Habit = UNTOLD,
    head: Head | None = None,
    calibration: Calibration = CALIBRATION,
) -> GestureOutcome:
    """Judge the answer to ``gesture``, asked at ``asked`` seconds, to be begun ``within`` seconds.

    ``lag``: seconds that the picture runs behind, if known; ``habit``: how the operator moves when nothing is asked;
    ``head``: where the avatar's head is: what moves elsewhere is then left out, and finer detail looked at.
    None of ``passed`` is the operator's fault.
    """
    form = FORMS[gesture]
    scene = _Scene(telemetry=telemetry, motion=motion, lag=lag, head=head, calibration=calibration)
    found = [_look_for(form, telemetry, channel, asked, within, habit, calibration) for channel in form.channels]
    told = [done for done in found if done is not None]
    if not told:
        return _unjudged()
    done = max(told, key=lambda one: (one.size >= 1.0, one.weight, one.size))
    if done.size < 1.0:
        otherwise = _otherwise(form, scene, asked, within)
        return otherwise or _failed(telemetry=done.size, untold=telemetry.holes(asked, asked + within))
    picture, behind = scene.shows(done) or (None, 0.0)
    answer = done.weight / calibration.gesture_telling
    passed = picture is not None and picture >= 1.0 and answer >= 1.0
    unclear = picture is None or answer < 1.0 or calibration.gesture_unclear <= picture < 1.0
    return GestureOutcome(
        passed=None if unclear else passed,
        score=max(0.0, min(done.size, answer, picture or 0.0)),
        seen_at=done.start + behind if passed else None,
        reaction=done.start - asked,
        telemetry_score=max(0.0, min(done.size, answer)),
        picture_score=picture or 0.0,
        weight=done.weight,
        began=done.start,
    )


def in_order(outcomes: Sequence[GestureOutcome]) -> GestureOutcome:
    """The answer to gestures that were asked for one after the other: each within its own span, and in this order.

    ``outcomes``, at least one, are those of the single gestures as they were asked for. One that failed fails them
    all, and so do two that began in another order; where none failed and one could not be judged, nor can the whole.
    What each says by itself adds up, since whoever moves by chance must do so again for the next. Spans of the same
    gesture must not overlap: the same movement would be found in both, and is no answer to two questions.
    """
    failed = [outcome for outcome in outcomes if outcome.passed is False]
    begun = [outcome.began for outcome in outcomes if outcome.passed]
    disordered = any(later <= earlier for earlier, later in pairwise(at for at in begun if at is not None))
    passed = False if failed or disordered else (None if len(begun) < len(outcomes) else True)
    score = min(outcome.score for outcome in outcomes)
    return GestureOutcome(
        passed=passed,
        score=min(score, 0.5) if passed is False else score,
        seen_at=outcomes[-1].seen_at if passed else None,
        reaction=outcomes[0].reaction,
        telemetry_score=min(outcome.telemetry_score for outcome in outcomes),
        picture_score=min(outcome.picture_score for outcome in outcomes),
        weight=sum(outcome.weight for outcome in outcomes) if passed else 0.0,
        untold=0.0 if disordered else min((outcome.untold for outcome in failed), default=0.0),
        began=outcomes[0].began,
    )


def _otherwise(form: Form, scene: _Scene, asked: float, within: float) -> GestureOutcome | None:
    """The answer as told by another convention, if that is as telling and as visible; None where there is none."""
    telemetry, calibration = scene.telemetry, scene.calibration
    found: list[tuple[_Done, Reading]] = []
    for there, reading in others(form):
        unasked = habit_of(there, telemetry, asked)
        done = _look_for(there, telemetry, reading.channel, asked, within, unasked, calibration)
        if done is not None and done.size >= 1.0:
            found.append((done, reading))
    if not found:
        return None
    done, reading = max(found, key=lambda one: one[0].weight)
    weight = done.weight - float(np.log(len(list(others(form)))))  # any of so many would have done
    picture, behind = scene.shows(done) or (0.0, 0.0)
    if min(weight / calibration.gesture_telling, picture) < 1.0:
        return None
    return GestureOutcome(
        passed=False,
        score=0.0,
        seen_at=done.start + behind,
        reaction=done.start - asked,
        telemetry_score=min(done.size, weight / calibration.gesture_telling),
        picture_score=picture,
        weight=weight,
        began=done.start,
        instead=reading,
    )


def _unjudged() -> GestureOutcome:
    return GestureOutcome(passed=None, score=0.0, seen_at=None, reaction=None, telemetry_score=0.0, picture_score=0.0)


def _failed(*, telemetry: float, untold: float) -> GestureOutcome:
    return GestureOutcome(
        passed=False,
        score=telemetry * 0.5,
        seen_at=None,
        reaction=None,
        telemetry_score=telemetry,
        picture_score=0.0,
        untold=untold,
    )


def _look_for(
    form: Form,
    telemetry: TelemetryTrack,
    channel: str,
    asked: float,
    within: float,
    habit: Habit,
    calibration: Calibration,
) -> _Done | None:
    """The best answer in ``channel``; a size of 0 where nothing was done, None where nothing was told."""
    told = telemetry.between(asked - _BEFORE, asked + within + LONGEST)
    values = told.channels.get(channel)
    if values is None:
        return None
    tracked = np.isfinite(values)
    at = told.times[tracked]
    if len(at) < 20 or at[-1] < asked + within or at[0] > asked + FASTEST_REACTION:
        return None
    grid, moved = course(form, at, values[tracked])
    done = [
        _Done(
            channel=channel,
            start=found.start,
            end=found.end,
            size=found.score,
            weight=habit.weight(found.score, found.start - asked, calibration),
        )
        for found in enacted(form, grid, moved, asked, within)
    ]
    nothing = _Done(channel=channel, start=asked, end=asked, size=0.0, weight=0.0)
    return max(done, key=lambda one: (one.size >= 1.0, one.weight, one.size), default=nothing)
