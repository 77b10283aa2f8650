"""Agreement: how far what the picture shows goes along with what the operator's side tells, at each lag.

How much agreement there would be by chance is measured on surrogates of the same telemetry: shifted in a circle past
every plausible lag, and played backwards.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from protocols.driving.calibration import Calibration
from protocols.driving.lag import LAG_STEP, LAGS
from protocols.driving.picture import Picture, tamed
from protocols.driving.track import ANGLES, Floats, TelemetryTrack, Velocities, velocities

SHORTEST = 3.0  # seconds of picture and of telemetry below which nothing can be said
_LEAST_SAMPLES = 8
_LEAST_NOISE_DEGREES, _LEAST_NOISE_UNIT = 0.1, 0.005  # of a tracker at its best
_APART = 25  # grid steps (1 s) between a plausible lag and the nearest surrogate shift
_LEAST_SPREAD_BLOCK, _LEAST_SPREAD_BEST = 0.09, 1.3  # as broad motion has them, over ten seconds
_STRIDE = 4  # grid steps between surrogates; neighbours are alike anyway
_BACK = len(LAGS) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operator:
    """Telemetry velocities (m, c) on the fine grid that begins ``back`` steps before the window, in units of their own
    noise; ``motion`` (c,): signal-to-noise ratio of each channel."""

    names: tuple[str, ...]
    values: Floats
    motion: Floats
    back: int = _BACK


def operator_motion(
    telemetry: TelemetryTrack,
    start: float,
    count: int,
    calibration: Calibration,
    *,
    only: frozenset[str] | None = None,
    bend: float = 2.5,
    reach: tuple[int, int] = (_BACK, 0),
) -> Operator | None:
    """The telemetry for a picture of ``count`` grid times from ``start`` on; None where too little was told.

    ``only``: names of the channels to look at, all of them by default. ``bend`` as for the picture. ``reach``: grid
    steps before the picture and after it that the telemetry is read for, too."""
    back, ahead = reach
    fine = 2 * (count - 1) + 1 + back + ahead
    grid: Floats = np.asarray(start - back * LAG_STEP + np.arange(fine) * LAG_STEP, dtype=np.float64)
    told = telemetry.between(grid[0] - 0.5, grid[-1] + 0.5)
    if not told.channels:
        return None
    names, columns, motion = [], [], []
    wanted = {name: values for name, values in told.channels.items() if only is None or name in only}
    for name, (found, at, position) in _moved(told.times, wanted, grid, calibration.smooth):
        noise = _noise(at, position, name, calibration.smooth)
        speed = found.values / noise
        names.append(name)
        columns.append(tamed(speed, bend, 1.0)[:, 0] * found.known)
        motion.append(max(0.0, float((speed[found.known] ** 2).mean()) - 1.0))
    if not names:
        return None
    return Operator(names=tuple(names), values=np.column_stack(columns), motion=np.array(motion), back=back)


def _moved(
    times: Floats, channels: Mapping[str, Floats], grid: Floats, smooth: float
) -> Iterator[tuple[str, tuple[Velocities, Floats, Floats]]]:
    """Of each of ``channels`` its velocities on the ``grid``, and when and where it was tracked; none for one that was
    tracked too little. Those that were tracked at the same times, as most are, are smoothed together."""
    tracked = {name: np.isfinite(values) for name, values in channels.items()}
    together: dict[bytes, list[str]] = defaultdict(list)
    for name, known in tracked.items():
        together[known.tobytes()].append(name)
    found: dict[str, tuple[Velocities, Floats, Floats]] = {}
    for names in together.values():
        at = times[tracked[names[0]]]
        positions = np.stack([channels[name][tracked[name]] for name in names], axis=1)
        if len(at) < _LEAST_SAMPLES:
            continue
        moved = velocities(at, positions, grid, smooth=smooth)
        if moved.known.sum() * LAG_STEP < SHORTEST:
            continue
        for number, name in enumerate(names):
            found[name] = replace(moved, values=moved.values[:, [number]]), at, positions[:, number]
    yield from ((name, found[name]) for name in channels if name in found)


def _noise(at: Floats, position: Floats, name: str, smooth: float) -> float:
    """Standard deviation of the smoothed velocity that the tracker's own jitter makes.

    Third differences of a person's motion at 15 Hz and more are jitter; 20 = 1 + 9 + 9 + 1."""
    least = _LEAST_NOISE_DEGREES if name in ANGLES else _LEAST_NOISE_UNIT
    jitter = float(np.median(np.abs(np.diff(position, 3)))) / 0.6745 / np.sqrt(20.0)
    step = float(np.median(np.diff(at)))
    return float(max(jitter, least) * np.sqrt(max(step, 1e-3)) / (2 * np.pi**0.25 * smooth**1.5))


def lagged(operator: Operator, count: int, shifts: NDArray[np.int_], *, backwards: bool) -> Floats:
    """Telemetry (shifts, n, c) as it would have to be for each shift, in fine grid steps, round in a circle."""
    values = -operator.values[::-1] if backwards else operator.values
    rows = 2 * np.arange(count)[None, :] + operator.back - shifts[:, None]
    moved: Floats = values[rows % len(values)]
    centred: Floats = moved - moved.mean(axis=1, keepdims=True)
    return centred


def strengths_by_lag(picture: Picture, operator: Operator, calibration: Calibration) -> Floats:
    """Height of the agreement at each of ``LAGS`` (76,) over the surrogates, in their standard deviations."""
    past = np.arange(_BACK + _APART, len(operator.values) - _APART, _STRIDE)
    return strengths(picture, operator, np.arange(len(LAGS)), past, calibration)


def strengths(
    picture: Picture, operator: Operator, shifts: NDArray[np.int_], chance: NDArray[np.int_], calibration: Calibration
) -> Floats:
    """The same at ``shifts`` (l,), grid steps that the picture runs behind; ``chance``: shifts that are surrogates."""
    count = len(picture.times)
    shifted = np.concatenate(
        [
            lagged(operator, count, shifts, backwards=False),
            lagged(operator, count, chance, backwards=False),
            lagged(operator, count, np.arange(0, len(operator.values), _STRIDE), backwards=True),
        ]
    )
    agreement = np.sqrt(_agreement(picture, shifted))
    heights = _standardised(agreement, len(shifts), _LEAST_SPREAD_BLOCK)
    best = np.logaddexp.reduce(calibration.sharpness * heights, axis=0)[None]
    return _standardised(best, len(shifts), _LEAST_SPREAD_BEST)[0, : len(shifts)]


def _standardised(values: Floats, count: int, least: float) -> Floats:
    """Rows less the mean of their surrogates (the columns after the first ``count``), over their standard deviation,
    which is ``least`` at least: all shifts of a sine agree alike, and that they do makes none of them stand out."""
    chance = values[:, count:]
    spread = np.maximum(chance.std(axis=1, keepdims=True), least)
    standardised: Floats = (values - chance.mean(axis=1, keepdims=True)) / spread
    return standardised


def _agreement(picture: Picture, shifted: Floats) -> Floats:
    """-log det(1 - canonical correlations squared) of every block with the telemetry (l, n, c): (blocks, l)."""
    whitened = _whitened(shifted) @ picture.basis.T.astype(np.float32)
    count, channels, slow = whitened.shape
    blocks, _, modes = picture.modes.shape
    flat = picture.modes.transpose(1, 0, 2).reshape(slow, blocks * modes).astype(np.float32)
    shared = (whitened.reshape(-1, slow) @ flat).reshape(count, channels, blocks, modes)
    order = (2, 0, 3, 1) if modes <= channels else (2, 0, 1, 3)  # the smaller of the two Gram matrices
    shared = shared.transpose(order)
    gram = shared @ shared.swapaxes(-1, -2)
    agreement: Floats = -np.linalg.slogdet(np.eye(gram.shape[-1]) - gram)[1]
    return np.maximum(agreement, 0.0)


def _whitened(shifted: Floats) -> NDArray[np.float32]:
    """Telemetry (l, n, c) as (l, c, n) of unit size and uncorrelated, save for what is its noise."""
    count, channels = shifted.shape[1:]
    scatter = shifted.swapaxes(1, 2) @ shifted + 0.5 * count * np.eye(channels)
    solved = np.linalg.solve(np.linalg.cholesky(scatter), shifted.swapaxes(1, 2))
    whitened: NDArray[np.float32] = solved.astype(np.float32)
    return whitened
