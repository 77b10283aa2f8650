"""Gestures: was the challenge answered, first by the operator, then by the avatar, as fast as people are and no faster?

The telemetry shows what was done: a hold, a swing to and fro, a double blink. It must begin after it was asked for,
no sooner than a person reacts and no quicker than a neck turns. Then the picture must follow the very same channel
through the very same seconds, at the stream's lag. A gesture in only one of the two is no answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import numpy as np

from protocols.driving.calibration import CALIBRATION, Calibration
from protocols.driving.correlation import operator_motion, strengths_by_lag
from protocols.driving.lag import LAG_STEP, LAGS
from protocols.driving.picture import look
from protocols.driving.track import Floats, MotionTrack, TelemetryTrack
from protocols.gesture import Gesture

STEP = 0.02
FASTEST_REACTION = 0.2  # seconds; a choice reaction to a sign takes people more (Hick, 1952)
_BEFORE = 1.5  # seconds before the question that show where the operator was
_LONGEST = 3.5  # seconds that a gesture may take once begun
_AROUND = 3.0  # seconds of picture around the gesture that it is compared with
_COMMON_LAG = 0.8  # seconds; where to look while the lag is unknown
_UNBENT = 1e3
_LAG_TOLERANCE = 0.2  # seconds around a lag that is known
_MOVED = 0.2  # of its full size: where a movement is said to begin


class Shape(StrEnum):
    """How a gesture runs in its channel."""

    HOLD = "hold"
    SWING = "swing"
    PULSES = "pulses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a gesture is: ``channels`` any of which may carry it, ``sign``, least ``size`` and its ``hold`` seconds (or
    number of swings or pulses in ``times``), ``reach`` the least level to get to, ``speed`` the most a person does."""

    channels: tuple[str, ...]
    shape: Shape
    size: float
    speed: float
    sign: int = 1
    hold: float = 0.35
    times: int = 3
    reach: float = -1e9


FORMS: dict[Gesture, Form] = {
    Gesture.LOOK_LEFT: Form(channels=("yaw",), shape=Shape.HOLD, size=10.0, speed=700.0),
    Gesture.LOOK_RIGHT: Form(channels=("yaw",), shape=Shape.HOLD, size=10.0, speed=700.0, sign=-1),
    Gesture.TILT_LEFT: Form(channels=("roll",), shape=Shape.HOLD, size=8.0, speed=500.0, sign=-1),
    Gesture.TILT_RIGHT: Form(channels=("roll",), shape=Shape.HOLD, size=8.0, speed=500.0),
    Gesture.NOD: Form(channels=("pitch",), shape=Shape.SWING, size=6.0, speed=500.0),
    Gesture.SHAKE: Form(channels=("yaw",), shape=Shape.SWING, size=9.0, speed=700.0),
    Gesture.OPEN_MOUTH: Form(channels=("mouth_open",), shape=Shape.HOLD, size=0.3, speed=25.0, hold=0.45, reach=0.65),
    Gesture.BLINK_TWICE: Form(channels=("eye_blink",), shape=Shape.PULSES, size=0.5, speed=60.0, times=2),
    Gesture.RAISE_HAND: Form(
        channels=("hand_r", "hand_l"), shape=Shape.HOLD, size=0.5, speed=15.0, hold=0.5, reach=0.2
    ),
}

_FINE = frozenset({"mouth_open", "eye_blink", "smile"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GestureOutcome:
    """``passed`` None where it could not be judged: no telemetry, no picture, or the time is not over.

    That goes for a picture, too, that shows half of what it should: a gift or a moving scene may stand before it.

    ``score``: the surer the higher, from 1 on it passes; ``seen_at``: seconds at which the picture began to follow;
    ``reaction``: seconds from the question to the operator's first movement; ``telemetry_score`` and
    ``picture_score``: the same for each side alone, 0 where nothing was found.
    """

    passed: bool | None
    score: float
    seen_at: float | None
    reaction: float | None
    telemetry_score: float
    picture_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A gesture found in the telemetry: its channel, from when to when, how large against what is asked for."""

    channel: str
    start: float
    end: float
    score: float


def answered(
    gesture: Gesture,
    telemetry: TelemetryTrack,
    motion: MotionTrack,
    asked: float,
    within: float,
    lag: float | None = None,
    *,
    calibration: Calibration = CALIBRATION,
) -> GestureOutcome:
    """Judge the answer to ``gesture``, asked at ``asked`` seconds, to be begun ``within`` seconds.

    ``lag``: seconds that the picture runs behind, if known. None of ``passed`` is the operator's fault.
    """
    form = FORMS[gesture]
    found = [_look_for(form, telemetry, channel, asked, within) for channel in form.channels]
    told = [done for done in found if done is not None]
    if not told:
        return _unjudged()
    done = max(told, key=lambda one: one.score)
    if done.score < 1.0:
        return _failed(telemetry=done.score)
    reaction = done.start - asked
    shown = _shown(done, telemetry, motion, lag, calibration)
    if shown is None:
        return GestureOutcome(
            passed=None, score=0.0, seen_at=None, reaction=reaction, telemetry_score=done.score, picture_score=0.0
        )
    strength, behind = shown
    # Of many lags the best is higher by chance: a stream whose lag was never found must show the gesture more clearly.
    needed = calibration.gesture_seen * (1.0 if lag is not None else calibration.gesture_blind)
    picture = max(0.0, strength / needed)
    score = min(done.score, picture)
    passed = score >= 1.0
    unclear = calibration.gesture_unclear <= picture < 1.0
    return GestureOutcome(
        passed=None if unclear else passed,
        score=score,
        seen_at=done.start + behind if passed else None,
        reaction=reaction,
        telemetry_score=done.score,
        picture_score=picture,
    )


def _unjudged() -> GestureOutcome:
    return GestureOutcome(passed=None, score=0.0, seen_at=None, reaction=None, telemetry_score=0.0, picture_score=0.0)


def _failed(*, telemetry: float) -> GestureOutcome:
    return GestureOutcome(
        passed=False, score=telemetry * 0.5, seen_at=None, reaction=None, telemetry_score=telemetry, picture_score=0.0
    )


def _look_for(form: Form, telemetry: TelemetryTrack, channel: str, asked: float, within: float) -> _Done | None:
    """The best candidate in ``channel``; a score of 0 where nothing was done, None where nothing was told."""
    told = telemetry.between(asked - _BEFORE, asked + within + _LONGEST)
    values = told.channels.get(channel)
    if values is None:
        return None
    tracked = np.isfinite(values)
    at, position = told.times[tracked], values[tracked]
    if len(at) < 20 or at[-1] < asked + within or at[0] > asked + FASTEST_REACTION:
        return None
    grid = np.arange(at[0], at[-1], STEP)
    course = form.sign * _smooth(np.interp(grid, at, position), 0.04)
    best = _Done(channel=channel, start=asked, end=asked, score=0.0)
    for start, end, score in _candidates(form, grid, course, asked):
        if asked + FASTEST_REACTION <= start <= asked + within and score > best.score:
            inside = course[(grid >= start - 0.1) & (grid <= end + 0.1)]
            if np.abs(np.diff(inside)).max(initial=0.0) / STEP <= form.speed:
                best = _Done(channel=channel, start=start, end=end, score=score)
    return best


def _candidates(form: Form, grid: Floats, course: Floats, asked: float) -> Iterator[tuple[float, float, float]]:
    match form.shape:
        case Shape.HOLD:
            yield from _holds(form, grid, course, asked)
        case Shape.SWING:
            yield from _swings(form, grid, course)
        case Shape.PULSES:
            yield from _pulses(form, grid, course)
        case _ as never:
            assert_never(never)


def _holds(form: Form, grid: Floats, course: Floats, asked: float) -> Iterator[tuple[float, float, float]]:
    """Away from where the operator was just before, and stay."""
    held = round(form.hold / STEP)
    before = np.abs(grid - asked) < 0.3
    if len(course) <= held or not before.any():
        return
    rest = float(np.median(course[before]))
    lowest = np.lib.stride_tricks.sliding_window_view(course, held).min(axis=1)
    for peak in _summits(lowest):
        size = float(lowest[peak]) - rest
        needed = max(form.size, form.reach - rest)
        begin = int(peak)
        while begin > 0 and course[begin] > rest + _MOVED * size:
            begin -= 1
        yield float(grid[begin]), float(grid[min(peak + held, len(grid) - 1)]), max(0.0, size / needed)


def _summits(values: Floats) -> list[int]:
    """Local maxima of ``values``, the highest five."""
    inner = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] > values[2:])) + 1
    ends = [i for i in (0, len(values) - 1) if len(values)]
    places = {*(int(i) for i in inner), *ends}
    order = sorted(places, key=lambda i: (-float(values[i]), i))
    return order[:5]


def _swings(form: Form, grid: Floats, course: Floats) -> Iterator[tuple[float, float, float]]:
    """To and fro: turning points that follow each other within two seconds, each a size apart."""
    turns = _turning_points(course, form.size * 0.6)
    for first in range(len(turns) - form.times):
        run = turns[first : first + form.times + 1]
        if grid[run[-1]] - grid[run[0]] > 2.2:
            continue
        swings = np.abs(np.diff(course[run]))
        yield float(grid[run[0]]), float(grid[run[-1]]), float(np.sort(swings)[1] / form.size)


def _turning_points(course: Floats, least: float) -> list[int]:
    """Indices where ``course`` turns by at least ``least`` (a zigzag, its two ends included)."""
    turns, extreme, rising = [0], 0, None
    for index in range(1, len(course)):
        step = course[index] - course[extreme]
        if rising is None:
            if abs(course[index] - course[turns[0]]) >= least:
                rising, extreme = bool(course[index] > course[turns[0]]), index
        elif (step > 0) == rising and step != 0:
            extreme = index
        elif abs(step) >= least:
            turns.append(extreme)
            rising, extreme = not rising, index
    return [*turns, extreme]


def _pulses(form: Form, grid: Floats, course: Floats) -> Iterator[tuple[float, float, float]]:
    """Short closures that follow each other within 1.2 seconds."""
    over = np.concatenate([[False], course > form.size * 0.7, [False]])
    rises, falls = np.flatnonzero(over[1:] & ~over[:-1]), np.flatnonzero(~over[1:] & over[:-1])
    short = [(r, f) for r, f in zip(rises, falls, strict=True) if (f - r) * STEP <= 0.6]
    for first in range(len(short) - form.times + 1):
        run = short[first : first + form.times]
        begin, end = int(run[0][0]), min(int(run[-1][1]), len(grid) - 1)
        if grid[run[-1][0]] - grid[begin] > 1.2:
            continue
        heights = [float(course[r:f].max()) for r, f in run]
        yield float(grid[begin]), float(grid[end]), min(heights) / form.size


def _smooth(values: Floats, seconds: float) -> Floats:
    reach = max(1, round(3 * seconds / STEP))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP / seconds) ** 2)
    padded = np.pad(values, reach, mode="edge")
    smooth: Floats = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return smooth


def _shown(
    done: _Done, telemetry: TelemetryTrack, motion: MotionTrack, lag: float | None, calibration: Calibration
) -> tuple[float, float] | None:
    """How far the picture's following of the gesture's channel stands out, and at which lag; None where not seen."""
    middle = lag if lag is not None else _COMMON_LAG
    slack = _AROUND if lag is not None else _AROUND + _COMMON_LAG
    start, end = done.start + middle - slack, done.end + middle + slack
    only = frozenset({done.channel})
    # The gesture's own channel as it is, a burst among quiet; and all channels together, with bursts tamed.
    bursts = look(motion, start, end, calibration, fine=done.channel in _FINE, bend=_UNBENT)
    whole = look(motion, start, end, calibration)
    if bursts is None or whole is None or not _reaches(motion, end):
        return None
    one = operator_motion(telemetry, start, len(bursts.times), calibration, only=only, bend=_UNBENT)
    every = operator_motion(telemetry, start, len(whole.times), calibration)
    if one is None or every is None:
        return None
    strengths = strengths_by_lag(bursts, one, calibration) + strengths_by_lag(whole, every, calibration)
    near = np.ones(len(LAGS), dtype=np.bool_) if lag is None else np.abs(LAGS - lag) <= _LAG_TOLERANCE
    if not near.any():
        return None
    best = int(np.argmax(np.where(near, strengths, -np.inf)))
    return float(strengths[best]), best * LAG_STEP


def _reaches(motion: MotionTrack, end: float) -> bool:
    """Whether the picture was seen nearly to ``end``; the comparison may lack the quiet after the gesture."""
    return any(True for _ in motion.between(end - _AROUND, end + 1.0))
