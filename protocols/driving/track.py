"""Tracks: what was seen of the avatar's and told of the operator's motion, bounded, and read on one common clock.

Both sides arrive with their own rate, jitter and holes. A track keeps what came and answers with *velocities* on a
regular grid: at a grid time the displacement of the samples around it, weighted by a Gaussian, over the time that they
cover. That is exact for uneven samples, filters both sides alike, and says where it knows nothing.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols.observation import Motion
from protocols.telemetry import CHANNELS, TelemetryBatch, TelemetrySample, measured

Floats = NDArray[np.float64]
TELEMETRY_CHANNELS = tuple(CHANNELS.values())
ANGLES = frozenset({"yaw", "pitch", "roll", "torso_yaw", "torso_pitch", "torso_roll"})
"""Channels that are told in degrees; the others are shares."""

_GAP = 0.35  # seconds; over a longer hole between two samples nothing is interpolated
_LOOSE = 64  # samples that came one by one, before they are packed into a block
_STEP_BACK = 1.0  # seconds; a larger step back in time starts the track anew, a smaller one is a late sample: dropped
_WIDEST_RADIANS = 1.75  # a hundred degrees; whoever told an angle beyond it counts in degrees
_ENOUGH = 0.35  # of a grid point's kernel must be covered by samples, or the point is unknown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Velocities:
    """Velocities (n, k) at ``times`` (n,) seconds; rows where ``known`` (n,) is False are zero."""

    times: Floats
    values: Floats
    known: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Telemetry:
    """The telemetry of a span: by channel, its times (n,) and values (n,), NaN where it was not tracked.

    ``unclear``: its angles may have been told in radians, and are given here as if they had been.
    """

    times: Floats
    channels: dict[str, Floats]
    unclear: bool = False


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


class TelemetryTrack:
    """The operator's telemetry over the last ``horizon`` seconds, kept in blocks of columns.

    Nobody's head stays within two degrees of zero for long, and none turns by more than a hundred. So as long as no
    angle beyond the one was told, it is not clear whether they are degrees or radians; from then on it is.
    """

    def __init__(self, horizon: float = 60.0) -> None:
        self.horizon = horizon
        self._blocks: deque[_Block] = deque()
        self._loose: list[TelemetrySample] = []
        self._newest: float | None = None
        self._widest: float | None = None

    def __len__(self) -> int:
        self._pack()
        return sum(int(np.count_nonzero(block.times >= self._oldest)) for block in self._blocks)

    def add(self, sample: TelemetrySample) -> bool:
        """Keep one sample; False when it was dropped as late or repeated."""
        if not self._follows(sample.at):
            return False
        self._loose.append(sample)
        self._newest = sample.at
        if self._wonders:
            self._note(abs(value) for value in (getattr(sample, name) for name in ANGLES) if value is not None)
        if len(self._loose) >= _LOOSE:
            self._pack()
        return True

    def extend(self, batch: TelemetryBatch) -> None:
        """Keep the samples of a batch, as if they were added one by one."""
        if self._newest is not None and batch.times[0] <= self._newest:
            for sample in batch.samples():
                self.add(sample)
            return
        self._pack()
        self._keep(np.array(batch.times), batch.names, batch.steps)
        self._newest = batch.at
        if self._wonders:
            told = [measured(name, row) for name, row in zip(batch.names, batch.steps, strict=True) if name in ANGLES]
            self._note(float(np.nanmax(np.abs(row))) for row in told if np.isfinite(row).any())

    def between(self, start: float, end: float) -> Telemetry:
        """What was told for ``start`` ≤ at ≤ ``end``; channels that were never tracked there are left out."""
        self._pack()
        start = max(start, self._oldest)
        cuts = [(block, *block.times.searchsorted((start, np.nextafter(end, np.inf)))) for block in self._blocks]
        within = [(block, first, last) for block, first, last in cuts if first < last]
        if not within:
            return Telemetry(times=np.empty(0), channels={})
        joined = [_joined(list(alike)) for _, alike in groupby(within, key=_kind)]
        times = np.concatenate([block.times for block in joined])
        channels: dict[str, Floats] = {}
        for name in TELEMETRY_CHANNELS:
            values = np.concatenate([block.channel(name) for block in joined])
            if np.isfinite(values).any():
                channels[name] = np.rad2deg(values) if self.unclear and name in ANGLES else values
        return Telemetry(times=times, channels=channels, unclear=self.unclear)

    @property
    def unclear(self) -> bool:
        """Whether angles were told, and all of them so small that they may be radians."""
        return self._widest is not None and bool(self._widest <= _WIDEST_RADIANS)

    def holes(self, start: float, end: float) -> float:
        """How much of ``start``..``end`` (0..1) lies between samples too far apart to know what was between."""
        told = self.between(start, end).times
        gaps = np.diff(np.concatenate([[start], told, [end]]))
        return float(gaps[gaps > _GAP].sum() / (end - start))

    @property
    def _wonders(self) -> bool:
        return self._widest is None or self._widest <= _WIDEST_RADIANS

    def _note(self, sizes: Iterable[float]) -> None:
        widest = max(sizes, default=None)
        if widest is not None:
            self._widest = widest if self._widest is None else max(self._widest, widest)

    @property
    def _oldest(self) -> float:
        return -np.inf if self._newest is None else self._newest - self.horizon

    def _follows(self, at: float) -> bool:
        """Whether a sample of that time is kept; one far back starts the track anew."""
        if self._newest is not None and at <= self._newest:
            if self._newest - at <= _STEP_BACK:
                return False
            self._blocks.clear()
            self._loose.clear()
        return True

    def _pack(self) -> None:
        """Make a block of the samples that came one by one."""
        if self._loose:
            loose, self._loose = self._loose, []
            table = np.array(
                [[getattr(sample, name) for sample in loose] for name in TELEMETRY_CHANNELS], dtype=np.float64
            )
            self._keep(np.array([sample.at for sample in loose]), TELEMETRY_CHANNELS, table)  # None became NaN

    def _keep(self, times: Floats, names: tuple[str, ...], table: NDArray[Any]) -> None:
        self._blocks.append(_Block(times=times, names=names, table=table))
        while self._blocks[0].times[-1] < times[-1] - self.horizon:
            self._blocks.popleft()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """Samples that lie together: ``times`` (n,), ``table`` (k, n), a row for each of ``names``.

    The table holds values as float64, or as int16 the steps of a batch.
    """

    times: Floats
    names: tuple[str, ...]
    table: NDArray[Any]

    def channel(self, name: str) -> Floats:
        """The values of a channel, NaN where it was not tracked."""
        if name not in self.names:
            return np.full(len(self.times), np.nan)
        told: NDArray[Any] = self.table[self.names.index(name)]
        return measured(name, told) if told.dtype == np.int16 else told


_Cut = tuple[_Block, int, int]
"""A block, from which sample on, and before which."""


def _kind(cut: _Cut) -> tuple[tuple[str, ...], np.dtype[Any]]:
    return cut[0].names, cut[0].table.dtype


def _joined(cuts: list[_Cut]) -> _Block:
    """One block of cuts of one kind: a heartbeat a second makes many small ones."""
    times = np.concatenate([block.times[first:last] for block, first, last in cuts])
    table = np.concatenate([block.table[:, first:last] for block, first, last in cuts], axis=1)
    return _Block(times=times, names=cuts[0][0].names, table=table)


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
