"""Repetition: a picture that plays again, whatever lies over it, and telemetry that does.

Each block of the picture is compared with itself a period earlier. A loop makes every region of the avatar return at
one and the same period; an overlay that goes on, or one that scrolls round in a circle, makes few regions disagree
or agree. A camera that pans over the loop is taken out first. Cross-fades cost a moment of each turn, not the match.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols.driving.picture import Head
from protocols.driving.track import Floats, MotionTrack, Telemetry
from protocols.observation import DETAIL_COLUMNS, DETAIL_ROWS, Motion

Singles = NDArray[np.float32]
_Number = TypeVar("_Number", bound=np.generic)

STEP = 0.04
SHORTEST_PERIOD = 1.5
OVERLAP = 4.0  # seconds that must have been seen twice
_LIVELY = 3.0  # levels of luma, standard deviation, from which a block is said to move
_GRAIN = 1.5  # levels of luma that coding alone changes
_ALIKE = 0.8  # similarity from which a block has returned
_PICTURE_SHARE = 0.5  # of the lively blocks that must return together
_TELEMETRY_ALIKE = 0.9
_FROZEN = 0.6  # levels of luma over the window that the liveliest block stays within
_BESIDE, _ABOVE = 0.25, 0.1  # of a head's box: how much further it is looked at, on either side
_BLOCK = 4  # cells of half the detail; the rim is a block high and two wide
_DOWN, _ACROSS = DETAIL_ROWS // (2 * _BLOCK) - 2, DETAIL_COLUMNS // (2 * _BLOCK) - 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """``detected``; ``period`` seconds, None where nothing repeats; ``score`` 0..1: how much of it returned."""

    detected: bool
    period: float | None
    score: float


NOTHING = Repetition(detected=False, period=None, score=0.0)


def picture_repetition(motion: MotionTrack, start: float, end: float, head: Head | None = None) -> Repetition:
    """Whether the picture of ``start``..``end`` plays again within it: 20 s show periods of up to 16 s.

    ``head``: where the avatar's head is; a gift that moves over the rest of it hides no loop there."""
    seen = motion.between(start, end)
    if len(seen) < 2 or seen[-1].at - seen[0].at < SHORTEST_PERIOD + OVERLAP:
        return NOTHING
    blocks = _quick(_steady(seen))
    energy = np.einsum("bkn,bkn->bn", blocks, blocks)
    lively: NDArray[np.bool_] = energy.mean(axis=1) > _LIVELY**2 * blocks.shape[1]
    found = _among(blocks, energy, lively)
    return found if found.detected or head is None else _among(blocks, energy, lively & _around(head))


def _among(blocks: Singles, energy: Singles, lively: NDArray[np.bool_]) -> Repetition:
    """Whether those of the blocks (b, k, n) that are ``lively`` (b,) return together."""
    if lively.sum() < _LEAST_BLOCKS:
        return NOTHING
    blocks, energy = blocks[lively], energy[lively]
    similar = _similarity(blocks, energy, _GRAIN).mean(axis=0)
    share = np.zeros(len(similar))
    for period in _peaks(similar):
        returned = _returned(blocks, energy, period + round(SHORTEST_PERIOD / STEP))
        share[period] = _by_row(returned, np.flatnonzero(lively))
    return _verdict(share, similar, _PICTURE_SHARE)


def _around(head: Head) -> NDArray[np.bool_]:
    """Which blocks (b,) have their middle on the head or close beside it."""
    left, top, width, height = head
    row, column = np.divmod(np.arange(_DOWN * _ACROSS), _ACROSS)
    down, across = (row + 1.5) * 2 * _BLOCK / DETAIL_ROWS, (column + 2.5) * 2 * _BLOCK / DETAIL_COLUMNS
    beside: NDArray[np.bool_] = np.abs(across - left - width / 2) <= (0.5 + _BESIDE) * width
    return beside & (np.abs(down - top - height / 2) <= (0.5 + _ABOVE) * height)


def _quick(blocks: Singles) -> Singles:
    """What changes within three seconds (b, k, n); slow drift would be alike at any short period."""
    half, count = round(1.5 / STEP), blocks.shape[2]
    total = np.zeros((*blocks.shape[:2], count + 1))
    np.cumsum(blocks, axis=2, out=total[:, :, 1:])
    quick = np.empty_like(blocks)
    first = np.maximum(np.arange(count) - half, 0)
    last = np.minimum(np.arange(count) + half + 1, count)
    # Slices, since picking columns one by one takes as long as all the rest.
    whole = slice(half, max(half, count - half))
    np.subtract(total[:, :, 2 * half + 1 :], total[:, :, : max(0, count - 2 * half)], out=quick[:, :, whole])
    for edge in (np.arange(min(half, count)), np.arange(max(half, count - half), count)):
        quick[:, :, edge] = total[:, :, last[edge]] - total[:, :, first[edge]]
    quick /= (last - first).astype(np.float32)
    return np.subtract(blocks, quick, out=quick)


def _peaks(similar: Floats) -> list[int]:
    """The highest periods of ``similar`` (periods,), a quarter of a second apart at least."""
    peaks: list[int] = []
    for index in np.argsort(-similar, kind="stable"):
        if all(abs(int(index) - peak) >= _PEAKS_APART for peak in peaks):
            peaks.append(int(index))
            if len(peaks) == _MOST_PEAKS:
                break
    return peaks


def _returned(blocks: Singles, energy: Singles, period: int) -> NDArray[np.bool_]:
    """Which blocks (b, k, n) are most of the time as they were ``period`` grid steps earlier: (b,).

    ``energy``: the blocks' sums of squares (b, n)."""
    both = energy[:, period:] + energy[:, :-period]
    apart = both - 2 * np.einsum("bkn,bkn->bn", blocks[:, :, period:], blocks[:, :, :-period])
    moving = both > 2 * _LIVELY**2 * blocks.shape[1]
    as_before = moving & (apart < (1.0 - _ALIKE) * both)
    moves = moving.sum(axis=1)
    returned: NDArray[np.bool_] = (moves * STEP >= 1.0) & (2 * as_before.sum(axis=1) > moves)
    return returned


def _by_row(returned: NDArray[np.bool_], places: NDArray[np.int_]) -> float:
    """Share of lively blocks (b,) that return, in the third-best row of blocks.

    A banner that scrolls round fills one row or two; an avatar that loops fills many, though a gift may cover some."""
    rows = [returned[places // _ACROSS == row] for row in range(_DOWN)]
    shares = sorted(float(row.mean()) for row in rows if len(row) >= 2)
    return shares[-3] if len(shares) >= 3 else 0.0


def telemetry_repetition(heard: Telemetry) -> Repetition:
    """Whether the telemetry plays again within itself; a person never does the same twice."""
    if len(heard.times) < 2 or heard.times[-1] - heard.times[0] < SHORTEST_PERIOD + OVERLAP:
        return NOTHING
    grid = np.arange(heard.times[0], heard.times[-1], STEP)
    columns = []
    for values in heard.channels.values():
        tracked = np.isfinite(values)
        column = np.interp(grid, heard.times[tracked], values[tracked])
        jitter = float(np.median(np.abs(np.diff(column, 3)))) / 3.0
        spread = float(column.std())
        if spread > 4 * jitter and spread > 1e-6:
            columns.append((column - column.mean()) / spread)
    if not columns:
        return NOTHING
    told = np.stack(columns)[:, None]
    similar = _similarity(told, (told**2).sum(axis=1), 0.0)
    return _verdict(similar.min(axis=0), similar.mean(axis=0), _TELEMETRY_ALIKE)


def frozen(motion: MotionTrack, start: float, end: float) -> bool:
    """Whether the picture stands still altogether, as when an encoder repeats its last frame."""
    seen = motion.between(start, end)
    if len(seen) < 2:
        return False
    cells = np.stack([m.detail for m in seen]).reshape(len(seen), DETAIL_ROWS // 4, 4, -1, 4).mean(axis=(2, 4))
    return bool(cells.std(axis=0).max() < _FROZEN)


def _steady(seen: list[Motion]) -> Singles:
    """Blocks (b, 16, n) on a regular clock, halved, the camera's pans taken out where there are any.

    The outermost rim of the picture is left out, where banners and pans come and go."""
    times = np.array([m.at for m in seen])
    grid = np.arange(times[0], times[-1], STEP)
    nearest = np.clip(np.searchsorted(times, grid - STEP / 2), 0, len(times) - 1)
    border = np.stack([m.flow[_BORDER] for m in seen])
    if np.abs(np.median(border, axis=1)).mean() > _PANNING:
        detail = _aligned(np.stack([seen[i].detail for i in nearest]).astype(np.float32))
        within = detail[:, *_INNER]
        return _blocks(within.reshape(len(grid), within.shape[1] // 2, 2, -1, 2).mean(axis=(2, 4)))
    # Two pixels side by side are one number of 16 bits here: an order of magnitude faster than a mean over axes.
    pairs = np.stack([m.detail[_INNER] for m in seen]).view(np.uint16)
    across = (pairs & 0xFF) + (pairs >> 8)
    sums: NDArray[np.uint16] = across[:, ::2] + across[:, 1::2]
    return _blocks(sums).take(nearest, axis=2).astype(np.float32) / np.float32(4.0)


_PEAKS_APART, _MOST_PEAKS = 6, 12
_PANNING = 0.005  # picture widths per second
_LEAST_BLOCKS = 4
_INNER = np.s_[2 * _BLOCK : DETAIL_ROWS - 2 * _BLOCK, 4 * _BLOCK : DETAIL_COLUMNS - 4 * _BLOCK]
_BORDER: NDArray[np.bool_] = np.zeros((18, 32), dtype=np.bool_)
_BORDER[:2] = _BORDER[:, :3] = _BORDER[:, -3:] = True


def _aligned(detail: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every frame (n, 72, 128) shifted onto the first, by phase correlation (Kuglin & Hines, 1975)."""
    window = np.outer(np.hanning(DETAIL_ROWS), np.hanning(DETAIL_COLUMNS)).astype(np.float32)
    spectra = np.fft.rfft2((detail - detail.mean(axis=(1, 2), keepdims=True)) * window)
    cross = spectra * np.conj(spectra[0])
    peaks = np.fft.irfft2(cross / (np.abs(cross) + 1e-6), s=(DETAIL_ROWS, DETAIL_COLUMNS))
    shifts = np.array([_peak(peak) for peak in peaks])
    plain = np.fft.rfft2(detail)
    rows = np.fft.fftfreq(DETAIL_ROWS)[None, :, None] * shifts[:, 0, None, None]
    columns = np.fft.rfftfreq(DETAIL_COLUMNS)[None, None, :] * shifts[:, 1, None, None]
    shifted = np.fft.irfft2(plain * np.exp(2j * np.pi * (rows + columns)), s=(DETAIL_ROWS, DETAIL_COLUMNS))
    return shifted.astype(np.float32)


def _peak(surface: NDArray[np.float32]) -> tuple[float, float]:
    """Place of the highest point of a circular surface, to a fraction of a pixel: the centroid of its surroundings."""
    row, column = (int(i) for i in np.unravel_index(int(np.argmax(surface)), surface.shape))
    near = np.arange(-2, 3)
    patch = np.maximum(surface[np.ix_((row + near) % DETAIL_ROWS, (column + near) % DETAIL_COLUMNS)], 0.0)
    total = float(patch.sum()) + 1e-12
    down = row + float(patch.sum(axis=1) @ near) / total
    right = column + float(patch.sum(axis=0) @ near) / total
    half_rows, half_columns = DETAIL_ROWS / 2, DETAIL_COLUMNS / 2
    return (down + half_rows) % DETAIL_ROWS - half_rows, (right + half_columns) % DETAIL_COLUMNS - half_columns


def _blocks(frames: NDArray[_Number]) -> NDArray[_Number]:
    """The blocks (b, 16, n) of frames (n, 28, 48): what happens in a cell lies side by side in memory."""
    count = len(frames)
    cut = frames.reshape(count, _DOWN, _BLOCK, _ACROSS, _BLOCK).transpose(1, 3, 2, 4, 0)
    return np.ascontiguousarray(cut).reshape(_DOWN * _ACROSS, _BLOCK * _BLOCK, count)


def _similarity(blocks: NDArray[Any], energy: NDArray[Any], grain: float) -> Floats:
    """1 - |a - b|² / (|a|² + |b|²) of each block (b, k, n) with itself a period earlier: (b, periods).

    ``energy``: the blocks' sums of squares (b, n). Periods run from the shortest to what leaves enough overlap, in
    steps of the grid."""
    _, width, count = blocks.shape
    size = 1 << int(2 * count - 1).bit_length()
    spectrum = np.fft.rfft(blocks, size, axis=2)
    shared = np.fft.irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=1), size, axis=1)[:, :count]
    power = np.zeros((len(blocks), count + 1))
    np.cumsum(energy, axis=1, out=power[:, 1:])
    periods = np.arange(round(SHORTEST_PERIOD / STEP), count - round(OVERLAP / STEP))
    both = power[:, count - periods] + power[:, [count]] - power[:, periods]
    floor = 2 * (count - periods) * width * grain**2
    similarity: Floats = (2 * shared[:, periods] + 1e-9) / (both + floor + 1e-9)
    return similarity


def _verdict(share: Floats, similar: Floats, needed: float) -> Repetition:
    """The period at which most returns; of periods equally good the first, since twice a period is one too."""
    if not len(share):
        return NOTHING
    height = share + 1e-3 * similar
    candidates = np.flatnonzero(height >= height.max() - 0.1)
    first = int(candidates[0])
    near = candidates[candidates < first + round(0.5 / STEP)]
    best = int(near[np.argmax(height[near])])
    score = float(np.clip(share[best], 0.0, 1.0))
    detected = score >= needed
    period = round(SHORTEST_PERIOD / STEP) * STEP + best * STEP
    return Repetition(detected=detected, period=period if detected else None, score=score)
