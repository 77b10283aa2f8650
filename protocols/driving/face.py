"""The face of a window: the head held still, and what its mouth does beneath the head's own motion.

A mouth is a few cells of the picture's detail, and the head's turning changes them more than speech does. So the head
is registered to itself (inverse compositional Lucas-Kanade with an affine warp; Baker and Matthews, IJCV 56, 2004),
all pictures of a window at once; what the warp and the upper face still tell of turning is regressed out, and what
is left of the lower face is mouth.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from protocols.driving.calibration import Calibration
from protocols.driving.picture import Head, Picture, slow_basis, tamed
from protocols.driving.track import Floats, MotionTrack, velocities
from protocols.observation import DETAIL_COLUMNS, DETAIL_ROWS, Motion

SIDE = 28
"""Rows and columns that a head is sampled on."""
SMOOTH = 0.05  # seconds; speech is faster than heads
FASTEST = 5.0  # Hz
STEP = 0.08
_FLOOR = 10.0  # levels of luma per second that coding and registration make by themselves
_ROUNDS = 8
_RIM = 3  # samples beside the head that are seen but not registered
_UPPER = slice(4, 13)
_MOUTH_ROWS, _MOUTH_COLUMNS = (14, 27), (5, 23)
_BLOCK = 6
_UPPER_MODES = 6
_LEAST_HEAD = 0.05  # of the picture's height; a smaller one has no mouth to be seen
_MOST_STEP = 1.5  # samples a round

Pixels = NDArray[np.float32]


def face(motion: MotionTrack, start: float, end: float, head: Head, calibration: Calibration) -> Picture | None:
    """The window's mouth as a picture of its own; None where too little was seen or the head is too small."""
    seen = [m for m in motion.between(start, end) if m.at > start]
    if len(seen) < 2 or head[3] < _LEAST_HEAD or head[2] <= 0:
        return None
    times: Floats = np.asarray(start + np.arange(int((end - start) / STEP + 1e-6) + 1) * STEP, dtype=np.float64)
    at = np.array([m.at for m in seen])
    patches, warps = _held_still(seen, head)
    told = velocities(at, np.column_stack([patches.reshape(len(seen), -1), _pose(warps)]), times, smooth=SMOOTH)
    if told.known.mean() < 0.5:
        return None
    cells = SIDE * SIDE
    speed = told.values[:, :cells].reshape(len(times), SIDE, SIDE)
    basis = slow_basis(len(times), STEP, FASTEST)
    turning = _turning(speed[:, _UPPER], told.values[:, cells:])
    modes, energy = _mouth_modes(speed, turning, basis, calibration)
    flow = np.zeros((len(times), 1, 1, 2))
    return Picture(times=times, known=told.known, basis=basis, modes=modes, flow=flow, energy=energy)


def faced(calibration: Calibration) -> Calibration:
    """The calibration with the smoothing that a face is read through."""
    return replace(calibration, smooth=SMOOTH)


def _held_still(seen: list[Motion], head: Head) -> tuple[Floats, Floats]:
    """The head (n, SIDE, SIDE) of each picture registered to their mean, and the affine warps (n, 6)."""
    details = np.stack([m.detail for m in seen]).astype(np.float32)
    grid = _grid(head)
    warps = np.zeros((len(seen), 6), np.float32)
    warps[:, 4:] = _shifts(details, grid)
    template = np.median(_sampled(details, grid, warps), axis=0)
    for turn in range(_ROUNDS):
        if turn == _ROUNDS // 2:
            template = np.median(_sampled(details, grid, warps), axis=0)
        warps = _closer(details, grid, warps, template)
    return _sampled(details, grid, warps).astype(np.float64), warps.astype(np.float64)


def _grid(head: Head) -> Pixels:
    """Where the head is sampled: columns and rows (2, SIDE, SIDE) of the detail, and coordinates -1..1 to warp by."""
    left, top, width, height = head
    across = np.linspace(left * DETAIL_COLUMNS, (left + width) * DETAIL_COLUMNS, SIDE) - 0.5
    down = np.linspace(top * DETAIL_ROWS, (top + height) * DETAIL_ROWS, SIDE) - 0.5
    return np.stack(np.meshgrid(across, down)).astype(np.float32)


_UNIT = np.stack(np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))).astype(np.float32)


def _sampled(details: Pixels, grid: Pixels, warps: Pixels) -> Pixels:
    """Details (n, 72, 128) at the warped grid, bilinear: (n, SIDE, SIDE)."""
    a = warps[:, :, None, None]
    column = np.clip(grid[0] + a[:, 0] * _UNIT[0] + a[:, 1] * _UNIT[1] + a[:, 4], 0, DETAIL_COLUMNS - 1.001)
    row = np.clip(grid[1] + a[:, 2] * _UNIT[0] + a[:, 3] * _UNIT[1] + a[:, 5], 0, DETAIL_ROWS - 1.001)
    left, top = column.astype(np.int32), row.astype(np.int32)
    right, low = column - left, row - top
    flat = details.reshape(len(details), -1)
    at = (top * DETAIL_COLUMNS + left).reshape(len(details), -1)

    def pick(offset: int) -> Pixels:
        return np.take_along_axis(flat, at + offset, axis=1).reshape(column.shape)

    upper = pick(0) * (1 - right) + pick(1) * right
    lower = pick(DETAIL_COLUMNS) * (1 - right) + pick(DETAIL_COLUMNS + 1) * right
    sampled: Pixels = (upper * (1 - low) + lower * low).astype(np.float32)
    return sampled


def _shifts(details: Pixels, grid: Pixels) -> Pixels:
    """Where the head went, (n, 2) columns and rows of the detail, from one picture to the next, summed up."""
    count = len(details)
    where = np.zeros((count, 6), np.float32)
    spacing = np.array([grid[0, 0, 1] - grid[0, 0, 0], grid[1, 1, 0] - grid[1, 0, 0]], np.float32)
    window = np.outer(np.hanning(SIDE), np.hanning(SIDE))
    template: Pixels | None = None
    for index in range(count):
        if index:
            where[index] = where[index - 1]
        patch = _sampled(details[index : index + 1], grid, where[index : index + 1])[0]
        if template is None:
            template = patch.copy()
        down, across = np.gradient(patch)
        error = (template - patch) * window
        lines = np.stack([(across * window).ravel(), (down * window).ravel()])
        step = np.linalg.solve(lines @ lines.T + 50.0 * np.eye(2), lines @ error.ravel())
        where[index, 4:] += np.clip(step, -_MOST_STEP, _MOST_STEP) * spacing
        template += 0.1 * (_sampled(details[index : index + 1], grid, where[index : index + 1])[0] - template)
    return where[:, 4:]


def _closer(details: Pixels, grid: Pixels, warps: Pixels, template: Pixels) -> Pixels:
    """The warps after one more round of registration to ``template``."""
    down, across = np.gradient(template)
    spacing = grid[0, 0, 1] - grid[0, 0, 0], grid[1, 1, 0] - grid[1, 0, 0]
    across, down = across / spacing[0], down / spacing[1]  # levels per column and per row of the detail
    inner = np.zeros((SIDE, SIDE), bool)
    inner[_RIM:-_RIM, _RIM:-_RIM] = True
    lines = np.stack([across * _UNIT[0], across * _UNIT[1], down * _UNIT[0], down * _UNIT[1], across, down])
    lines = lines[:, inner]
    error = template[inner] - _sampled(details, grid, warps)[:, inner]
    # A sample that is far off is a hand, a gift, or the mouth itself.
    weight = 1.0 / (1.0 + (error / (3.0 * np.median(np.abs(error), axis=1, keepdims=True) + 4.0)) ** 2)
    scatter = np.einsum("ap,np,bp->nab", lines, weight, lines, optimize=True) + np.eye(6) * 20.0
    step = np.linalg.solve(scatter, ((weight * error) @ lines.T)[..., None])[..., 0]
    closer: Pixels = (warps + np.clip(step, -_MOST_STEP, _MOST_STEP)).astype(np.float32)
    return closer


def _pose(warps: Floats) -> Floats:
    """What a turning head does to the warp, and its squares, (n, 9)."""
    centred = (warps - np.median(warps, axis=0)) / (warps.std(axis=0) + 1e-3)
    across, down = centred[:, 4], centred[:, 5]
    return np.column_stack([centred, across**2, down**2, across * down])


def _turning(upper: Floats, pose: Floats) -> Floats:
    """Orthonormal time courses (n, k) of the head's turning: the warp's, and the upper face's strongest."""
    count = len(upper)
    flat = upper.reshape(count, -1)
    _, vectors = np.linalg.eigh(flat @ flat.T)
    sources = np.column_stack([np.ones(count), pose, vectors[:, -_UPPER_MODES:]])
    q, r = np.linalg.qr(sources / np.maximum(np.linalg.norm(sources, axis=0), 1e-9))
    return q[:, np.abs(np.diag(r)) > 1e-2]


def _mouth_modes(speed: Floats, turning: Floats, basis: Floats, calibration: Calibration) -> tuple[Floats, float]:
    (top, low), (left, right) = _MOUTH_ROWS, _MOUTH_COLUMNS
    region = speed[:, top:low, left:right]
    flat = region.reshape(len(region), -1)
    flat = tamed(flat - turning @ (turning.T @ flat), 4.0, _FLOOR)
    power = (flat**2).sum(axis=0)
    even = (basis @ (flat / np.sqrt(power + len(flat) * _FLOOR**2))).reshape(len(basis), *region.shape[1:])
    blocks = np.stack(
        [
            even[:, r : r + _BLOCK, c : c + _BLOCK].reshape(len(basis), -1)
            for r in range(0, low - top - _BLOCK + 1, 2)
            for c in range(0, right - left - _BLOCK + 1, 3)
        ]
    )
    _, vectors = np.linalg.eigh(blocks @ blocks.transpose(0, 2, 1))
    modes: Floats = vectors[:, :, ::-1][:, :, :3]
    return modes, float(np.log1p(np.quantile(power, 0.9) / (len(flat) * _FLOOR**2)))
