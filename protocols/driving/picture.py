"""The picture of a window as the mathematics wants it: camera taken out, bursts tamed, the ways each block moves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols.driving.calibration import Calibration
from protocols.driving.lag import LAG_STEP
from protocols.driving.track import Floats, MotionTrack, smoothed, velocities
from protocols.observation import DETAIL_COLUMNS, DETAIL_ROWS, GRID_COLUMNS, GRID_ROWS, Motion

FLOOR = 0.004  # picture widths per second: flow below this is noise of the codec and of the estimate
FASTEST = 2.6  # Hz; people's heads and hands have nothing above it that both sides would show
STEP = 2 * LAG_STEP
LUMA_FLOOR = 8.0  # levels of luma per second
_FINE = 8  # cells of half the detail, an eighth of the width: a mouth with the face around it
_STILL = 2e-4  # picture widths per second of the whole picture below which no camera moves
_INDEPENDENT = 0.02
_CELLS = GRID_ROWS * GRID_COLUMNS * 2
_WIDER, _TALLER = 0.25, 0.1  # of a head's box: how much further its motion shows, on either side
_INSIDE = 0.5  # of a block that must lie there for the block to belong to the head

Head = tuple[float, float, float, float]
"""A head's box: left, top, width and height, in widths and heights of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A window on the grid's n times.

    ``modes`` (blocks, k, r): orthonormal time courses of each block's strongest motions, in the slow basis;
    ``basis`` (k, n): that basis; ``known`` (n,); ``flow`` (n, 18, 32, 2): cleaned velocities; ``energy``: the
    liveliest block's motion in units of the noise floor, as nats.
    """

    times: Floats
    known: NDArray[np.bool_]
    basis: Floats
    modes: Floats
    flow: Floats
    energy: float


def look(
    motion: MotionTrack,
    start: float,
    end: float,
    calibration: Calibration,
    *,
    fine: bool = False,
    bend: float = 2.0,
    near: Head | None = None,
) -> Picture | None:
    """The window's picture; None where less than half of it was seen.

    ``fine`` adds blocks of how luma changes at a quarter of a cell: mouths and lids, which flow hardly sees.
    ``bend``: from how many times its typical size on a motion counts less. ``near``: a head; blocks elsewhere, where
    gifts drift and scenes move, are left out."""
    seen = [m for m in motion.between(start, end) if m.at > start]
    times: Floats = np.asarray(start + np.arange(int((end - start) / STEP + 1e-6) + 1) * STEP, dtype=np.float64)
    if len(seen) < 2:
        return None
    spans = np.array([m.interval for m in seen])
    centres = np.array([m.at for m in seen]) - spans / 2
    moved = np.stack([m.flow for m in seen]).reshape(len(seen), _CELLS) * spans[:, None]
    moving = smoothed(centres, spans, moved, times, smooth=calibration.smooth)
    if moving.known.mean() < 0.5:
        return None
    flow = _cleaned(moving.values, moving.known, bend)
    basis = slow_basis(len(times), STEP)
    modes, energy = _modes(flow, basis, calibration, near)
    if fine:
        modes = np.concatenate([modes, _fine_modes(seen, times, basis, calibration, bend, near)])
    return Picture(times=times, known=moving.known, basis=basis, modes=modes, flow=flow, energy=energy)


def slow_basis(count: int, step: float, fastest: float = FASTEST) -> Floats:
    """Cosines (k, count) up to the ``fastest`` human motion in Hz, orthonormal; what is faster is noise."""
    k = min(count, max(2, round(2 * fastest * step * count)))
    phase = np.pi * np.outer(np.arange(k), np.arange(count) + 0.5) / count
    basis: Floats = np.cos(phase) * np.sqrt(2.0 / count)
    basis[0] /= np.sqrt(2.0)
    return basis


def tamed(values: Floats, times_typical: float, floor: float) -> Floats:
    """``values`` (n, k) with what exceeds its column's typical size by far bent down: a gift that crosses is one
    outlier, not the strongest motion of the window."""
    scale = times_typical * (1.5 * np.median(np.abs(values), axis=0) + floor)
    bent: Floats = scale * np.tanh(values / scale)
    return bent


def _cleaned(values: Floats, known: NDArray[np.bool_], bend: float) -> Floats:
    """Velocities (n, 18, 32, 2) less the camera's motion: subtracted as the border's median, then regressed out of
    every cell, since flow in flat regions follows a camera only in part."""
    count = len(values)
    cells = values.reshape(count, GRID_ROWS, GRID_COLUMNS, 2)
    camera = np.median(cells[:, _BORDER], axis=1)
    relative = (cells - camera[:, None, None, :]).reshape(count, _CELLS)
    nuisance = [np.ones(count), np.linspace(-1.0, 1.0, count)]
    if np.abs(camera).mean() > _STILL:
        nuisance += [camera[:, 0], camera[:, 1]]
    q = _orthonormal(np.column_stack(nuisance) * known[:, None])
    relative *= known[:, None]
    relative -= q @ (q.T @ relative)
    relative = tamed(relative, bend, FLOOR)
    relative -= q @ (q.T @ relative)
    return relative.reshape(count, GRID_ROWS, GRID_COLUMNS, 2)


def _orthonormal(columns: Floats) -> Floats:
    lengths = np.maximum(np.linalg.norm(columns, axis=0), 1e-9)
    q, r = np.linalg.qr(columns / lengths)
    return q[:, np.abs(np.diag(r)) > _INDEPENDENT]


def _corners(extent: tuple[int, int], size: tuple[int, int], near: Head | None) -> list[tuple[int, int]]:
    """Rows and columns where blocks of ``size`` begin that overlap by half, of a head those that lie around it."""
    rows, columns = size
    corners = [
        (row, column)
        for row in range(0, extent[0] - rows + 1, max(1, rows // 2))
        for column in range(0, extent[1] - columns + 1, max(1, columns // 2))
    ]
    if near is None:
        return corners
    left, top, width, height = near
    upper, lower = (top - _TALLER * height) * extent[0], (top + (1 + _TALLER) * height) * extent[0]
    first, last = (left - _WIDER * width) * extent[1], (left + (1 + _WIDER) * width) * extent[1]

    def inside(corner: tuple[int, int]) -> float:
        down = min(corner[0] + rows, lower) - max(corner[0], upper)
        across = min(corner[1] + columns, last) - max(corner[1], first)
        return max(0.0, down) * max(0.0, across) / (rows * columns)

    nearest = sorted(corners, key=inside)[-2:]
    return [corner for corner in corners if inside(corner) >= _INSIDE or corner in nearest]


def _modes(flow: Floats, basis: Floats, calibration: Calibration, near: Head | None) -> tuple[Floats, float]:
    count = len(flow)
    power = (flow**2).sum(axis=0)
    even = np.einsum("kn,nrcd->krcd", basis, flow / np.sqrt(power + count * FLOOR**2), optimize=True)
    rows, columns = calibration.blocks
    corners = _corners((GRID_ROWS, GRID_COLUMNS), calibration.blocks, near)
    blocks = np.stack([even[:, r : r + rows, c : c + columns].reshape(len(basis), -1) for r, c in corners])
    livelihood = max(float(power[r : r + rows, c : c + columns].mean()) for r, c in corners)
    _, vectors = np.linalg.eigh(blocks @ blocks.transpose(0, 2, 1))
    modes = vectors[:, :, ::-1][:, :, : calibration.modes]
    return modes, float(np.log1p(livelihood / (count * FLOOR**2)))


def _fine_modes(
    seen: list[Motion], times: Floats, basis: Floats, calibration: Calibration, bend: float, near: Head | None
) -> Floats:
    """Modes (blocks, k, r) of the changes of luma, in small blocks that overlap by half."""
    detail = np.stack([m.detail for m in seen]).astype(np.float32)
    rows, columns = DETAIL_ROWS // 2, DETAIL_COLUMNS // 2
    halved = detail.reshape(len(seen), rows, 2, columns, 2).mean(axis=(2, 4)).reshape(len(seen), -1)
    at = np.array([m.at for m in seen])
    changes = velocities(at, halved, times, smooth=calibration.smooth)
    even = changes.values - changes.values.mean(axis=0)
    even = tamed(even, bend, LUMA_FLOOR)
    power = (even**2).sum(axis=0)
    slow = (basis @ (even / np.sqrt(power + len(times) * LUMA_FLOOR**2))).reshape(len(basis), rows, columns)
    blocks = np.stack(
        [
            slow[:, r : r + _FINE, c : c + _FINE].reshape(len(basis), -1)
            for r, c in _corners((rows, columns), (_FINE, _FINE), near)
        ]
    )
    _, vectors = np.linalg.eigh(blocks @ blocks.transpose(0, 2, 1))
    modes: Floats = vectors[:, :, ::-1][:, :, : calibration.modes]
    return modes


_rows, _columns = np.mgrid[0:GRID_ROWS, 0:GRID_COLUMNS]
_BORDER: NDArray[np.bool_] = (_rows < 2) | (_columns < 3) | (_columns >= GRID_COLUMNS - 3)
