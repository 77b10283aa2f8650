"""Tracks: what was seen of the avatar's and told of the operator's motion, bounded, and read on one common clock.

Both sides arrive with their own rate, jitter and holes. A track keeps what came and answers with *velocities* on a
regular grid: at a grid time the displacement of the samples around it, weighted by a Gaussian, over the time that they
cover. That is exact for uneven samples, filters both sides alike, and says where it knows nothing.
"""

from collections import deque
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols.observation import Motion
from protocols.telemetry import TelemetrySample, columns

Floats = NDArray[np.float64]

_GAP = 0.35  # seconds; over a longer hole between two samples nothing is interpolated
_STEP_BACK = 1.0  # seconds; a larger step back in time starts the track anew, a smaller one is a late sample: dropped
_ENOUGH = 0.35  # of a grid point's kernel must be covered by samples, or the point is unknown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Velocities:
    """Velocities (n, k) at ``times`` (n,) seconds; rows where ``known`` (n,) is False are zero."""

    times: Floats
    values: Floats
    known: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Telemetry:
    """The telemetry of a span: by channel, its times (n,) and values (n,), NaN where it was not tracked."""

    times: Floats
    channels: dict[str, Floats]


class Timed(Protocol):
    """Anything that has a media time."""

    @property
    def at(self) -> float:
        """Seconds on the session's clock."""


T = TypeVar("T", bound=Timed)


class Track(Generic[T]):
    """What came over the last ``horizon`` seconds, in the order of time."""

    def __init__(self, horizon: float) -> None:
        self.horizon = horizon
        self._kept: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, one: T) -> bool:
        """Keep ``one``; False when it was dropped as late or repeated."""
        if self._kept and one.at <= self._kept[-1].at:
            if self._kept[-1].at - one.at <= _STEP_BACK:
                return False
            self._kept.clear()
        self._kept.append(one)
        while self._kept[0].at < one.at - self.horizon:
            self._kept.popleft()
        return True

    def _span(self, start: float, end: float) -> list[T]:
        return [one for one in self._kept if start <= one.at <= end]


class MotionTrack(Track[Motion]):
    """The picture's motion over the last ``horizon`` seconds."""

    def __init__(self, horizon: float = 45.0) -> None:
        super().__init__(horizon)

    def between(self, start: float, end: float) -> list[Motion]:
        """What was seen in ``start`` ≤ at ≤ ``end``, in the order of time."""
        return self._span(start, end)


class TelemetryTrack(Track[TelemetrySample]):
    """The operator's telemetry over the last ``horizon`` seconds."""

    def __init__(self, horizon: float = 60.0) -> None:
        super().__init__(horizon)

    def between(self, start: float, end: float) -> Telemetry:
        """What was told for ``start`` ≤ at ≤ ``end``; channels that were never tracked there are left out."""
        times, table = columns(self._span(start, end))
        return Telemetry(times=times, channels={name: v for name, v in table.items() if np.isfinite(v).any()})


def velocities(at: Floats, values: Floats, grid: Floats, *, smooth: float, gap: float = _GAP) -> Velocities:
    """Velocities at ``grid`` of positions ``values`` (n, k) that were sampled at ``at`` (n,) seconds."""
    if len(at) < 2:
        return _nothing(grid, values.shape[1])
    spans = np.diff(at)
    usable = (spans > 0) & (spans <= gap)
    centres = (at[1:] + at[:-1])[usable] / 2
    return smoothed(centres, spans[usable], np.diff(values, axis=0)[usable], grid, smooth=smooth)


def smoothed(centres: Floats, spans: Floats, moved: Floats, grid: Floats, *, smooth: float) -> Velocities:
    """Velocities at ``grid`` of displacements ``moved`` (n, k), each over a span of time around its centre."""
    if not len(centres):
        return _nothing(grid, moved.shape[1])
    kernel = np.exp(-0.5 * ((grid[:, None] - centres[None, :]) / smooth) ** 2)
    covered = kernel @ spans
    known = covered >= _ENOUGH * smooth * np.sqrt(2 * np.pi)
    kernel[~known] = 0.0
    kernel /= np.where(known, covered, 1.0)[:, None]
    return Velocities(times=grid, values=kernel @ moved, known=known)


def _nothing(grid: Floats, width: int) -> Velocities:
    return Velocities(times=grid, values=np.zeros((len(grid), width)), known=np.zeros(len(grid), dtype=np.bool_))
