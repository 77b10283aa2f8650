"""Forms: what each gesture is, and where one is found in the course of a channel.

A course is one channel of telemetry on a regular grid, smoothed, its sign such that the gesture goes upwards. A
gesture is a hold, a swing to and fro, or pulses; sizes, durations and speeds are those of people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import numpy as np

from protocols.driving.track import Floats
from protocols.gesture import FASTEST_REACTION, Gesture

STEP = 0.02
LONGEST = 3.5  # seconds that a gesture may take once begun
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A gesture in a course: from when to when, in seconds, and how large against what is asked for."""

    start: float
    end: float
    score: float


def course(form: Form, times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The grid (n,) and the course (n,) of a channel that was told at ``times`` (m,), NaN left out, m at least 2."""
    grid: Floats = np.arange(times[0], times[-1], STEP)
    return grid, form.sign * _smooth(np.interp(grid, times, values), 0.04)


def enacted(form: Form, grid: Floats, moved: Floats, asked: float, within: float) -> Iterator[Found]:
    """Those that begin after a reaction to ``asked``, ``within`` seconds, and are no faster than people move."""
    for start, end, score in _candidates(form, grid, moved, asked):
        if asked + FASTEST_REACTION <= start <= asked + within and score > 0:
            inside = moved[(grid >= start - 0.1) & (grid <= end + 0.1)]
            if np.abs(np.diff(inside)).max(initial=0.0) / STEP <= form.speed:
                yield Found(start=start, end=end, score=score)


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
        begin = _onset(course, int(peak), rest, size)
        yield float(grid[begin]), float(grid[min(peak + held, len(grid) - 1)]), max(0.0, size / needed)


def _onset(course: Floats, peak: int, rest: float, size: float) -> int:
    """Where the movement to ``peak`` began; what went before it, up to half of the way, is another movement."""
    begin = peak
    while begin > 0 and course[begin] > rest + 0.5 * size:
        begin -= 1
    while begin > 0 and course[begin] > rest + _MOVED * size and course[begin - 1] < course[begin]:
        begin -= 1
    return begin


def _summits(values: Floats) -> list[int]:
    """Local maxima of ``values``, the highest five."""
    inner = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] > values[2:])) + 1
    ends = [i for i in (0, len(values) - 1) if len(values)]
    places = {*(int(i) for i in inner), *ends}
    order = sorted(places, key=lambda i: (-float(values[i]), i))
    return order[:5]


def _swings(form: Form, grid: Floats, course: Floats) -> Iterator[tuple[float, float, float]]:
    """To and fro: turning points that follow each other within two seconds, each a size apart."""
    turns = turning_points(course, form.size * 0.6)
    for first in range(len(turns) - form.times):
        run = turns[first : first + form.times + 1]
        if grid[run[-1]] - grid[run[0]] > 2.2:
            continue
        swings = np.abs(np.diff(course[run]))
        yield float(grid[run[0]]), float(grid[run[-1]]), float(np.sort(swings)[1] / form.size)


def turning_points(course: Floats, least: float) -> list[int]:
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
