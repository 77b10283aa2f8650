"""Driving correlation: does the telemetry's person move what the picture shows, and how far behind?

The picture is cut into overlapping blocks of cells. In each block the few strongest ways in which it moves are set
against all telemetry channels together, at every lag. What the avatar software does to gain, sign and mixture is
thereby free; what is asked is only whether *some* region follows the operator, in time.

How much agreement there would be by chance is measured on surrogates with the same rhythm and the same correlations
between channels: the telemetry shifted in a circle past every plausible lag, and the telemetry played backwards
(Theiler et al., Physica D 58, 1992). A slow sine agrees with its surrogates as well as with itself, and a still
operator gives a statistic with nothing in it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols.driving.calibration import CALIBRATION, Calibration
from protocols.driving.face import Head, face, faced
from protocols.driving.lag import LAG_STEP, LAGS, LagBelief
from protocols.driving.picture import Picture, look, tamed
from protocols.driving.track import Floats, MotionTrack, TelemetryTrack, velocities

SHORTEST = 3.0  # seconds of picture and of telemetry below which nothing can be said
_DEGREES = frozenset({"yaw", "pitch", "roll", "torso_yaw", "torso_pitch", "torso_roll"})
_LEAST_NOISE_DEGREES, _LEAST_NOISE_UNIT = 0.1, 0.005  # of a tracker at its best
_REACH = float(LAGS[-1])
_APART = 25  # grid steps (1 s) between a plausible lag and the nearest surrogate shift
_LEAST_SPREAD_BLOCK, _LEAST_SPREAD_BEST = 0.09, 1.3  # as broad motion has them, over ten seconds
_FACE, _FACE_SHOWS = frozenset({"mouth_open", "eye_blink", "smile"}), 0.4
_FEW_COMPONENTS = 4.0
_STRIDE = 4  # grid steps between surrogates; neighbours are alike anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMatch:
    """One telemetry channel at the lag found: multiple correlation 0..1 with the best region, its share of motion."""

    channel: str
    correlation: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Driving:
    """What one window says about whether the telemetry's person drives this avatar.

    ``score``: log-likelihood ratio human-drives : not, natural logarithm, uncapped; ``weight``: the same within
    ±calibration.cap, to be added up over windows; ``lag``: seconds that the picture runs behind the telemetry, None
    where no lag stands out; ``information`` 0..1: how likely it is that a driven avatar would have shown it in this
    window (a still performer: near 0, and then the weight is near 0 too); ``strength``: height of the best peak over
    the surrogates, in their standard deviations; ``profile``: the log-likelihood ratio by lag, for ``LAGS``.
    """

    start: float
    end: float
    score: float
    weight: float
    lag: float | None
    information: float
    strength: float
    channels: tuple[ChannelMatch, ...]
    mirrored: bool
    profile: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operator:
    """Telemetry velocities (m, c) on the fine grid that ends with the window and begins 3 s before it, in units of
    their own noise; ``motion`` (c,): signal-to-noise ratio of each channel."""

    names: tuple[str, ...]
    values: Floats
    motion: Floats


def assess(
    telemetry: TelemetryTrack,
    motion: MotionTrack,
    start: float,
    end: float,
    belief: LagBelief | None = None,
    *,
    head: Head | None = None,
    calibration: Calibration = CALIBRATION,
) -> Driving:
    """Judge the window ``start``..``end`` (seconds, 10 at best, at least 3) by what both tracks hold.

    ``belief``: what earlier windows found about the lag; without it every lag is equally likely. ``head``: where the
    avatar's head was when the window began; with it, telemetry of the face alone is looked for in the face.
    """
    belief = belief or LagBelief.uninformed()
    picture = look(motion, start, end, calibration)
    operator = None if picture is None else operator_motion(telemetry, start, len(picture.times), calibration)
    if picture is None or operator is None or end - start < SHORTEST:
        return _nothing(start, end)
    strengths = strengths_by_lag(picture, operator, calibration)
    information = calibration.information(float(np.log1p(operator.motion).sum()), picture.energy)
    information *= _variety(picture, operator)
    profile = calibration.likelihood(strengths, information)
    if head is not None and _FACE.issuperset(operator.names):
        strengths, profile = _with_face(telemetry, motion, start, end, head, calibration, strengths, profile)
    score = belief.marginal(profile)
    best = int(np.argmax(np.log(belief.probabilities) + profile + 1e-3 * strengths))
    found = bool(profile[best] > calibration.lag_found)
    return Driving(
        start=start,
        end=end,
        score=score,
        weight=float(np.clip(score, -calibration.cap, calibration.cap)),
        lag=_refined(strengths, best) if found else None,
        information=information,
        strength=float(strengths[best]),
        channels=_channels(picture, operator, best),
        mirrored=found and _mirrored(picture, operator, best),
        profile=tuple(float(value) for value in profile),
    )


def measure(
    telemetry: TelemetryTrack, motion: MotionTrack, start: float, end: float, calibration: Calibration = CALIBRATION
) -> tuple[Floats, float, float, float] | None:
    """What ``assess`` goes by, before it is weighed: the strengths (76,) by lag, the operator's motion and the
    picture's in nats, and the telemetry's variety 0..1; None where a side is missing."""
    picture = look(motion, start, end, calibration)
    operator = None if picture is None else operator_motion(telemetry, start, len(picture.times), calibration)
    if picture is None or operator is None:
        return None
    told = float(np.log1p(operator.motion).sum())
    return strengths_by_lag(picture, operator, calibration), told, picture.energy, _variety(picture, operator)


def _with_face(
    telemetry: TelemetryTrack,
    motion: MotionTrack,
    start: float,
    end: float,
    head: Head,
    calibration: Calibration,
    strengths: Floats,
    profile: Floats,
) -> tuple[Floats, Floats]:
    """Strengths and profile (76,) with what the face says: a driven mouth shows in it or in the flow, or in both."""
    mouth = face(motion, start, end, head, calibration)
    told = None if mouth is None else operator_motion(telemetry, start, len(mouth.times), faced(calibration), bend=4.0)
    if mouth is None or told is None:
        return strengths, profile
    there = strengths_by_lag(mouth, told, calibration)
    information = calibration.information(float(np.log1p(told.motion).sum()), mouth.energy) * _FACE_SHOWS
    either = np.logaddexp(calibration.likelihood(there, information), profile) - np.log(2.0)
    return np.maximum(strengths, there), either


def _nothing(start: float, end: float) -> Driving:
    return Driving(
        start=start,
        end=end,
        score=0.0,
        weight=0.0,
        lag=None,
        information=0.0,
        strength=0.0,
        channels=(),
        mirrored=False,
        profile=(0.0,) * len(LAGS),
    )


def operator_motion(
    telemetry: TelemetryTrack,
    start: float,
    count: int,
    calibration: Calibration,
    *,
    only: frozenset[str] | None = None,
    bend: float = 2.5,
) -> Operator | None:
    """The telemetry for a picture of ``count`` grid times from ``start`` on; None where too little was told.

    ``only``: names of the channels to look at, all of them by default. ``bend`` as for the picture."""
    fine = 2 * (count - 1) + 1 + len(LAGS) - 1
    grid: Floats = np.asarray(start - _REACH + np.arange(fine) * LAG_STEP, dtype=np.float64)
    told = telemetry.between(grid[0] - 0.5, grid[-1] + 0.5)
    if not told.channels:
        return None
    names, columns, motion = [], [], []
    for name, values in told.channels.items():
        if only is not None and name not in only:
            continue
        tracked = np.isfinite(values)
        at, position = told.times[tracked], values[tracked]
        if len(at) < 8:
            continue
        found = velocities(at, position[:, None], grid, smooth=calibration.smooth)
        if found.known.sum() * LAG_STEP < SHORTEST:
            continue
        noise = _noise(at, position, name, calibration.smooth)
        speed = found.values[:, 0] / noise
        names.append(name)
        columns.append(tamed(speed[:, None], bend, 1.0)[:, 0] * found.known)
        motion.append(max(0.0, float((speed[found.known] ** 2).mean()) - 1.0))
    if not names:
        return None
    return Operator(names=tuple(names), values=np.column_stack(columns), motion=np.array(motion))


def _noise(at: Floats, position: Floats, name: str, smooth: float) -> float:
    """Standard deviation of the smoothed velocity that the tracker's own jitter makes.

    Third differences of a person's motion at 15 Hz and more are jitter; 20 = 1 + 9 + 9 + 1."""
    least = _LEAST_NOISE_DEGREES if name in _DEGREES else _LEAST_NOISE_UNIT
    jitter = float(np.median(np.abs(np.diff(position, 3)))) / 0.6745 / np.sqrt(20.0)
    step = float(np.median(np.diff(at)))
    return float(max(jitter, least) * np.sqrt(max(step, 1e-3)) / (2 * np.pi**0.25 * smooth**1.5))


def _lagged(operator: Operator, count: int, shifts: NDArray[np.int_], *, backwards: bool) -> Floats:
    """Telemetry (shifts, n, c) as it would have to be for each shift, in fine grid steps, round in a circle."""
    values = -operator.values[::-1] if backwards else operator.values
    rows = 2 * np.arange(count)[None, :] + (len(LAGS) - 1) - shifts[:, None]
    lagged: Floats = values[rows % len(values)]
    centred: Floats = lagged - lagged.mean(axis=1, keepdims=True)
    return centred


def strengths_by_lag(picture: Picture, operator: Operator, calibration: Calibration) -> Floats:
    """Height of the agreement at each of ``LAGS`` (76,) over the surrogates, in their standard deviations."""
    count, fine = len(picture.times), len(operator.values)
    past = np.arange(len(LAGS) - 1 + _APART, fine - _APART, _STRIDE)
    shifted = np.concatenate(
        [
            _lagged(operator, count, np.arange(len(LAGS)), backwards=False),
            _lagged(operator, count, past, backwards=False),
            _lagged(operator, count, np.arange(0, fine, _STRIDE), backwards=True),
        ]
    )
    agreement = np.sqrt(_agreement(picture, shifted))
    heights = _standardised(agreement, _LEAST_SPREAD_BLOCK)
    best = np.logaddexp.reduce(calibration.sharpness * heights, axis=0)[None]
    return _standardised(best, _LEAST_SPREAD_BEST)[0, : len(LAGS)]


def _variety(picture: Picture, operator: Operator) -> float:
    """0..1: how far the telemetry is from a few lines, that anything regular would agree with at some lag.

    Measured as the number of equally strong components that its spectrum in the slow basis is worth."""
    slow = picture.basis @ operator.values[len(LAGS) - 1 :: 2][: len(picture.times)]
    power = (slow**2).sum(axis=1)
    components = float(power.sum()) ** 2 / max(float((power**2).sum()), 1e-12)
    variety = float(np.clip((components - _FEW_COMPONENTS) / _FEW_COMPONENTS, 0.0, 1.0))
    # Mouths and lids are small, and many an avatar has none that move: their absence on the picture says little.
    return variety * (_FACE_SHOWS if _FACE.issuperset(operator.names) else 1.0)


def _standardised(values: Floats, least: float) -> Floats:
    """Rows less the mean of their surrogates (the columns after the lags), over their standard deviation,
    which is ``least`` at least: all shifts of a sine agree alike, and that they do makes none of them stand out."""
    chance = values[:, len(LAGS) :]
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


def _refined(strengths: Floats, best: int) -> float:
    """The peak's place between the lags, by a parabola through it and its neighbours; seconds."""
    if not 0 < best < len(LAGS) - 1:
        return float(LAGS[best])
    left, middle, right = (float(v) for v in strengths[best - 1 : best + 2])
    bend = left - 2 * middle + right
    shift = 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
    return float(LAGS[best]) + shift * LAG_STEP


def _channels(picture: Picture, operator: Operator, best: int) -> tuple[ChannelMatch, ...]:
    lagged = _lagged(operator, len(picture.times), np.array([best]), backwards=False)[0]
    slow = picture.basis @ lagged
    size = np.maximum((lagged**2).sum(axis=0), 1e-12)
    explained = (np.einsum("bkr,kc->brc", picture.modes, slow) ** 2).sum(axis=1).max(axis=0) / size
    motion = operator.motion / max(float(operator.motion.sum()), 1e-12)
    return tuple(
        ChannelMatch(channel=name, correlation=float(np.sqrt(min(1.0, e))), weight=float(w))
        for name, e, w in zip(operator.names, explained, motion, strict=True)
    )


def _mirrored(picture: Picture, operator: Operator, best: int) -> bool:
    """Whether the picture moves to the left where an unmirrored avatar would move to the right.

    A turn to the own left (yaw > 0) moves the face to the viewer's right."""
    if "yaw" not in operator.names:
        return False
    lagged = _lagged(operator, len(picture.times), np.array([best]), backwards=False)[0]
    others = np.delete(lagged, operator.names.index("yaw"), axis=1)
    # Heads turn and tilt together; what is yaw alone decides.
    scatter = others.T @ others + len(lagged) * np.eye(others.shape[1])
    yaw = lagged[:, operator.names.index("yaw")]
    yaw = yaw - others @ np.linalg.solve(scatter, others.T @ yaw)
    sideways = picture.flow[..., 0].reshape(len(yaw), -1)
    together = yaw @ sideways / (np.linalg.norm(yaw) * np.linalg.norm(sideways, axis=0) + 1e-9)
    # The cells that follow yaw best are the face; their signs vote with the square of how well they follow.
    return bool((np.sign(together) * together**4).sum() < 0)
