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

from protocols.driving.agreement import SHORTEST, Operator, lagged, operator_motion, strengths_by_lag
from protocols.driving.calibration import CALIBRATION, Calibration
from protocols.driving.elsewhere import elsewhere
from protocols.driving.face import face, faced
from protocols.driving.lag import LAG_STEP, LAGS, LagBelief
from protocols.driving.picture import Head, Picture, look
from protocols.driving.track import Floats, MotionTrack, TelemetryTrack

_DISAGREES = -0.7  # nats from which on it is asked whether both sides agree at a lag that is not looked at otherwise
_FACE, _FACE_SHOWS = frozenset({"mouth_open", "eye_blink", "smile"}), 0.4
_FEW_COMPONENTS = 4.0


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
    the surrogates, in their standard deviations; ``profile``: the log-likelihood ratio by lag, for ``LAGS``;
    ``elsewhere``: where both agree at a lag that no stream has, that lag, negative where the picture leads, and
    ``certain`` whether that is no chance;
    ``unclear``: whether the angles may have been told in radians.
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
    elsewhere: float | None = None
    certain: bool = False
    unclear: bool = False


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
    misplaced, certain = None, False
    if score < _DISAGREES or best == 0:
        there, strength = elsewhere(picture, telemetry, start, calibration)
        edge = score >= _DISAGREES  # a match at no lag at all may be the foot of a peak beyond it
        if strength >= (calibration.elsewhere_sure if edge else calibration.elsewhere_found):
            misplaced, score = there, min(score, 0.0)
            certain = strength >= calibration.elsewhere_sure
    found = bool(profile[best] > calibration.lag_found) and misplaced is None
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
        elsewhere=misplaced,
        certain=certain,
        unclear=telemetry.unclear,
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


def _variety(picture: Picture, operator: Operator) -> float:
    """0..1: how far the telemetry is from a few lines, that anything regular would agree with at some lag.

    Measured as the number of equally strong components that its spectrum in the slow basis is worth."""
    slow = picture.basis @ operator.values[len(LAGS) - 1 :: 2][: len(picture.times)]
    power = (slow**2).sum(axis=1)
    components = float(power.sum()) ** 2 / max(float((power**2).sum()), 1e-12)
    variety = float(np.clip((components - _FEW_COMPONENTS) / _FEW_COMPONENTS, 0.0, 1.0))
    # Mouths and lids are small, and many an avatar has none that move: their absence on the picture says little.
    return variety * (_FACE_SHOWS if _FACE.issuperset(operator.names) else 1.0)


def _refined(strengths: Floats, best: int) -> float:
    """The peak's place between the lags, by a parabola through it and its neighbours; seconds."""
    if not 0 < best < len(LAGS) - 1:
        return float(LAGS[best])
    left, middle, right = (float(v) for v in strengths[best - 1 : best + 2])
    bend = left - 2 * middle + right
    shift = 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
    return float(LAGS[best]) + shift * LAG_STEP


def _channels(picture: Picture, operator: Operator, best: int) -> tuple[ChannelMatch, ...]:
    told = lagged(operator, len(picture.times), np.array([best]), backwards=False)[0]
    slow = picture.basis @ told
    size = np.maximum((told**2).sum(axis=0), 1e-12)
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
    told = lagged(operator, len(picture.times), np.array([best]), backwards=False)[0]
    others = np.delete(told, operator.names.index("yaw"), axis=1)
    # Heads turn and tilt together; what is yaw alone decides.
    scatter = others.T @ others + len(told) * np.eye(others.shape[1])
    yaw = told[:, operator.names.index("yaw")]
    yaw = yaw - others @ np.linalg.solve(scatter, others.T @ yaw)
    sideways = picture.flow[..., 0].reshape(len(yaw), -1)
    together = yaw @ sideways / (np.linalg.norm(yaw) * np.linalg.norm(sideways, axis=0) + 1e-9)
    # The cells that follow yaw best are the face; their signs vote with the square of how well they follow.
    return bool((np.sign(together) * together**4).sum() < 0)
