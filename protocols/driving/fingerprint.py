"""Fingerprints of telemetry: enough to know the same motion again, and too little to tell what it was.

At each large turn of the head to the side, the motion of the five seconds around it is compared with fixed
directions; on which side of each it lies is a bit (locality-sensitive hashing; M. Charikar, STOC 2002). The same
motion has nearly the same bits whatever its noise, size, offset, sampling or clock, and another motion has others. One
number of 24 bits and a time are all that is kept of a turn, some 12 turns a minute: neither the motion can be made out
of them again, nor a person be known by them.

What is looked for are the numbers with those bits changed that the motion hardly decides (Q. Lv et al., Multi-Probe
LSH, VLDB 2007), so that one number need be kept and not many.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from protocols.driving.form import turning_points
from protocols.driving.track import Floats, Telemetry, TelemetryTrack, velocities

AROUND = 2.5
"""Seconds before and after a turn that its print is taken of."""
BITS = 24
PROBES = 32
"""Numbers that are looked for, the print's own the first."""

_CHANNELS = ("yaw", "pitch", "roll")
_MIRRORED = np.array([-1.0, 1.0, -1.0])
_STEP = 0.1
_SMOOTH = 0.15  # seconds
_FINE = 0.05  # seconds between two points of the course in which turns are looked for
_BEFORE = 15.0  # seconds by which it is told what a large turn is
_LARGE, _LEAST = 0.5, 2.0  # of the span that the head turns in, and degrees: more than trackers' noise
_LEAST_SPEED = 1.0  # degrees per second, root mean square; what is slower is noise
_LEAST_GAP = 2.0  # seconds between two prints
_UNSURE = 8  # bits that are hardly decided, of which up to three are changed
_FEWEST = 20  # samples around a turn

_REACH = round(AROUND / _STEP)
_OFFSETS: Floats = np.arange(-_REACH, _REACH + 1, dtype=np.float64) * _STEP
_SHAPE = (BITS, len(_OFFSETS), len(_CHANNELS))
_CHANGES = np.array([[n in some for n in range(_UNSURE)] for k in range(4) for some in combinations(range(_UNSURE), k)])


def _directions() -> Floats:
    """Signs (BITS, n, 3) that are the same on every machine for ever: prints are compared with those of last month."""
    size = int(np.prod(_SHAPE))
    drawn = hashlib.shake_256(b"nakanohito prints 1").digest(-(-size // 8))
    signs = np.unpackbits(np.frombuffer(drawn, dtype=np.uint8))[:size].astype(np.float64)
    return signs.reshape(_SHAPE) * 2.0 - 1.0


_DIRECTIONS = _directions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A turn of the head at ``at`` seconds: its number ``key``, and the numbers that the same turn may have elsewhere,
    as it is (``alike``) or in a mirror (``mirrored``), likeliest first."""

    at: float
    key: int
    alike: tuple[int, ...]
    mirrored: tuple[int, ...]


def prints(telemetry: TelemetryTrack, start: float, end: float) -> Iterator[Print]:
    """The prints of the turns in ``start`` ≤ at < ``end``, as far as the motion around them was told; at most one every
    two seconds. None without yaw, and none of somebody who keeps still."""
    told = telemetry.between(start - _BEFORE, end + AROUND + _STEP)
    latest = -np.inf
    for at in _turns(told):
        if start <= at < end and at - latest >= _LEAST_GAP:
            found = _print(told, at)
            if found is not None:
                latest = at
                yield found


def _turns(told: Telemetry) -> Iterator[float]:
    """When the head turns round, in the order of time."""
    yaw = told.channels.get("yaw", np.empty(0))
    tracked = np.isfinite(yaw)
    if np.count_nonzero(tracked) < _FEWEST:
        return
    times = told.times[tracked]
    grid: Floats = np.arange(times[0], times[-1], _FINE)
    course = _smooth(np.interp(grid, times, yaw[tracked]))
    low, high = np.quantile(course, [0.1, 0.9])
    for turn in turning_points(course, max(_LEAST, _LARGE * float(high - low)))[1:-1]:
        yield float(grid[turn]) + _FINE * _vertex(course[turn - 1 : turn + 2])


def _smooth(course: Floats) -> Floats:
    reach = round(3 * _SMOOTH / _FINE)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * _FINE / _SMOOTH) ** 2)
    smooth: Floats = np.convolve(np.pad(course, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
    return smooth


def _vertex(three: Floats) -> float:
    """How far from the middle one of three points (-0.5..0.5) the parabola through them turns."""
    before, middle, after = (float(value) for value in three)
    bend = before - 2 * middle + after
    return 0.0 if bend == 0.0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _print(told: Telemetry, at: float) -> Print | None:
    """The print of the turn at ``at``; None where the motion around it was not told."""
    motion = np.zeros(_SHAPE[1:])
    near = np.abs(told.times - at) <= AROUND + 0.5
    for column, name in enumerate(_CHANNELS):
        values = told.channels.get(name, np.full(len(told.times), np.nan))
        tracked = near & np.isfinite(values)
        speed = velocities(told.times[tracked], values[tracked][:, None], at + _OFFSETS, smooth=_SMOOTH)
        if name == "yaw" and speed.known.mean() < 0.9:
            return None
        motion[:, column] = speed.values[:, 0] / max(_LEAST_SPEED, float(np.sqrt((speed.values**2).mean())))
    sides = np.tensordot(_DIRECTIONS, motion, axes=2)
    alike, mirrored = _probes(sides), _probes(np.tensordot(_DIRECTIONS, motion * _MIRRORED, axes=2))
    return Print(at=at, key=alike[0], alike=alike, mirrored=mirrored)


def _probes(sides: Floats) -> tuple[int, ...]:
    """The number whose bits say on which sides the motion lies, then those with the least sure bits changed."""
    key = _number(sides > 0)
    unsure: Sequence[int] = np.argsort(np.abs(sides), kind="stable")[:_UNSURE].tolist()
    cost = _CHANGES @ np.abs(sides[unsure])
    places = np.array([1 << (BITS - 1 - bit) for bit in unsure])
    changed = (_CHANGES @ places)[np.argsort(cost, kind="stable")[:PROBES]]
    return tuple(int(key ^ change) for change in changed)


def _number(bits: np.ndarray) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
