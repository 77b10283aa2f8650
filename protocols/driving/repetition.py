"""Repetition: a picture that plays again, whatever lies over it, and telemetry that does.

Each block of the picture is compared with itself a period earlier. A loop makes every region of the avatar return at
one and the same period; an overlay that goes on, or one that scrolls round in a circle, makes few regions disagree
or agree. A camera that pans over the loop is taken out first. Cross-fades cost a moment of each turn, not the match.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols.driving.track import Floats, MotionTrack, TelemetryTrack
from protocols.observation import DETAIL_COLUMNS, DETAIL_ROWS, Motion

STEP = 0.04
SHORTEST_PERIOD = 1.5
OVERLAP = 4.0  # seconds that must have been seen twice
_LIVELY = 3.0  # levels of luma, standard deviation, from which a block is said to move
_GRAIN = 1.5  # levels of luma that coding alone changes
_ALIKE = 0.8  # similarity from which a block has returned
_PICTURE_SHARE = 0.5  # of the lively blocks that must return together
_TELEMETRY_ALIKE = 0.9
_FROZEN = 0.6  # levels of luma over the window that the liveliest block stays within
_ROWS, _COLUMNS = DETAIL_ROWS // 2, DETAIL_COLUMNS // 2
_BLOCK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """``detected``; ``period`` seconds, None where nothing repeats; ``score`` 0..1: how much of it returned."""

    detected: bool
    period: float | None
    score: float


NOTHING = Repetition(detected=False, period=None, score=0.0)


def picture_repetition(motion: MotionTrack, start: float, end: float) -> Repetition:
    """Whether the picture of ``start``..``end`` plays again within it: 20 s show periods of up to 16 s."""
    seen = motion.between(start, end)
    if len(seen) < 2 or seen[-1].at - seen[0].at < SHORTEST_PERIOD + OVERLAP:
        return NOTHING
    frames = _steady(seen)
    blocks = _blocks(_quick(frames))
    power = (blocks**2).mean(axis=(0, 2))
    lively = power > _LIVELY**2
    if lively.sum() < _LEAST_BLOCKS:
        return NOTHING
    similar = _similarity(blocks[:, lively], _GRAIN).mean(axis=1)
    share = np.zeros(len(similar))
    for period in _peaks(similar):
        returned = _returned(blocks[:, lively], period + round(SHORTEST_PERIOD / STEP))
        share[period] = _by_row(returned[None], np.flatnonzero(lively))[0]
    return _verdict(share, similar, _PICTURE_SHARE)


def _quick(frames: Floats) -> Floats:
    """What changes within three seconds; slow drift would be alike at any short period."""
    half = round(1.5 / STEP)
    total = np.concatenate([np.zeros((1, *frames.shape[1:])), np.cumsum(frames, axis=0, dtype=np.float64)])
    first = np.maximum(np.arange(len(frames)) - half, 0)
    last = np.minimum(np.arange(len(frames)) + half + 1, len(frames))
    quick: Floats = (frames - (total[last] - total[first]) / (last - first)[:, None, None]).astype(np.float32)
    return quick


def _peaks(similar: Floats) -> list[int]:
    """The highest periods of ``similar`` (periods,), a quarter of a second apart at least."""
    peaks: list[int] = []
    for index in np.argsort(-similar, kind="stable"):
        if all(abs(int(index) - peak) >= _PEAKS_APART for peak in peaks):
            peaks.append(int(index))
            if len(peaks) == _MOST_PEAKS:
                break
    return peaks


def _returned(blocks: Floats, period: int) -> NDArray[np.bool_]:
    """Which blocks (n, b, k) are most of the time as they were ``period`` grid steps earlier: (b,)."""
    now, then = blocks[period:], blocks[:-period]
    apart = ((now - then) ** 2).sum(axis=2)
    both = (now**2).sum(axis=2) + (then**2).sum(axis=2)
    moving = both > 2 * _LIVELY**2 * blocks.shape[2]
    apart[~moving], both[~moving] = np.nan, np.nan
    judged = moving.sum(axis=0) * STEP >= 1.0
    ratio = np.full(blocks.shape[1], 1.0)
    ratio[judged] = np.nanmedian(apart[:, judged] / both[:, judged], axis=0)
    returned: NDArray[np.bool_] = ratio < 1.0 - _ALIKE
    return returned


def _by_row(returned: NDArray[np.bool_], places: NDArray[np.int_]) -> Floats:
    """Share of lively blocks that return, in the third-best row of blocks: (periods,).

    A banner that scrolls round fills one row or two; an avatar that loops fills many, though a gift may cover some."""
    across = (_COLUMNS - 4 * _BLOCK) // _BLOCK
    rows = [returned[:, places // across == row] for row in range((_ROWS - 2 * _BLOCK) // _BLOCK)]
    shares = [row.mean(axis=1) for row in rows if row.shape[1] >= 2]
    if len(shares) < 3:
        return np.zeros(len(returned))
    third: Floats = np.sort(np.stack(shares), axis=0)[-3]
    return third


def telemetry_repetition(telemetry: TelemetryTrack, start: float, end: float) -> Repetition:
    """Whether the telemetry of ``start``..``end`` plays again within it; a person never does the same twice."""
    told = telemetry.between(start, end)
    if len(told.times) < 2 or told.times[-1] - told.times[0] < SHORTEST_PERIOD + OVERLAP:
        return NOTHING
    grid = np.arange(told.times[0], told.times[-1], STEP)
    columns = []
    for values in told.channels.values():
        tracked = np.isfinite(values)
        column = np.interp(grid, told.times[tracked], values[tracked])
        jitter = float(np.median(np.abs(np.diff(column, 3)))) / 3.0
        if column.std() > 4 * jitter and column.std() > 1e-6:
            columns.append((column - column.mean()) / column.std())
    if not columns:
        return NOTHING
    similar = _similarity(np.column_stack(columns)[:, :, None], 0.0)
    return _verdict(similar.min(axis=1), similar.mean(axis=1), _TELEMETRY_ALIKE)


def frozen(motion: MotionTrack, start: float, end: float) -> bool:
    """Whether the picture stands still altogether, as when an encoder repeats its last frame."""
    seen = motion.between(start, end)
    if len(seen) < 2:
        return False
    frames = np.stack([m.thumbnail for m in seen]).astype(np.float64)
    return bool(frames.std(axis=0).max() < _FROZEN)


def _steady(seen: list[Motion]) -> Floats:
    """Frames (n, 36, 64) on a regular clock, the camera's pans taken out where there are any."""
    times = np.array([m.at for m in seen])
    grid = np.arange(times[0], times[-1], STEP)
    nearest = np.clip(np.searchsorted(times, grid - STEP / 2), 0, len(times) - 1)
    detail = np.stack([seen[i].detail for i in nearest]).astype(np.float32)
    border = np.stack([m.flow[_BORDER] for m in seen])
    if np.abs(np.median(border, axis=1)).mean() > _PANNING:
        detail = _aligned(detail)
    halved: Floats = detail.reshape(len(detail), _ROWS, 2, _COLUMNS, 2).mean(axis=(2, 4))
    return halved


_PEAKS_APART, _MOST_PEAKS = 6, 12
_PANNING = 0.005  # picture widths per second
_LEAST_BLOCKS = 4
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


def _blocks(frames: Floats) -> Floats:
    """Blocks (n, b, 16) of the picture without its outermost rim, where banners and pans come and go."""
    inner = frames[:, _BLOCK : _ROWS - _BLOCK, 2 * _BLOCK : _COLUMNS - 2 * _BLOCK]
    count, rows, columns = inner.shape
    cut = inner.reshape(count, rows // _BLOCK, _BLOCK, columns // _BLOCK, _BLOCK)
    blocks: Floats = cut.transpose(0, 1, 3, 2, 4).reshape(count, -1, _BLOCK * _BLOCK)
    return blocks


def _similarity(blocks: Floats, grain: float) -> Floats:
    """1 - |a - b|² / (|a|² + |b|²) of each block (n, b, k) with itself a period earlier: (periods, b).

    Periods run from the shortest to what leaves enough overlap, in steps of the grid."""
    count, _, width = blocks.shape
    size = 1 << int(2 * count - 1).bit_length()
    spectrum = np.fft.rfft(blocks, size, axis=0)
    shared = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=2), size, axis=0)[:count]
    power = np.vstack([np.zeros(blocks.shape[1]), np.cumsum((blocks**2).sum(axis=2), axis=0)])
    periods = np.arange(round(SHORTEST_PERIOD / STEP), count - round(OVERLAP / STEP))
    both = power[count - periods] + power[count] - power[periods]
    floor = 2 * (count - periods)[:, None] * width * grain**2
    similarity: Floats = (2 * shared[periods] + 1e-9) / (both + floor + 1e-9)
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
