"""Calibration: the numbers that turn a statistic into a log-likelihood ratio, in one versioned value.

Fitted by tests/bench/calibrate_driving.py on recorded streams, across avatars and people. A verdict names the version
that it was judged by.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Everything in driving that was measured rather than derived.

    The strength z of a lag is standard normal, heavy-tailed, where nobody drives. Where somebody does, it is
    N(mean, spread) at the true lag with probability ``information`` and as if nobody did otherwise. That probability
    is a logistic function of how much the operator moved (nats over all channels) and of how much the picture did.
    """

    version: str = "2026-11-e"
    mean: float = 7.5
    spread: float = 2.8
    tail: float = 2.2
    """Strength from which chance is taken to fall off exponentially, not as a Gaussian."""
    seen: tuple[float, float, float] = (-1.0, 1.5, 0.0)
    """Logistic coefficients of information: constant, log of operator motion, log of picture motion."""
    cap: float = 3.0
    ceiling: float = 8.0
    """No single lag of a single window says more than this."""
    lag_found: float = 1.5
    """A lag is reported from this log-likelihood ratio on."""
    elsewhere_found: float = 1.8
    """Strength from which a match at a lag that no stream has counts, where the next window has it as well."""
    elsewhere_sure: float = 5.5
    """And from which it counts by itself, and against a match at no lag at all."""
    doubted: float = 2.0
    """Nats that disagreement speaks against at most, all together, while such matches explain it."""
    smooth: float = 0.1
    """Seconds, of the Gaussian that both velocities are read through."""
    blocks: tuple[int, int] = (6, 8)
    """Rows and columns of cells in a block; neighbours overlap by half."""
    modes: int = 6
    """Ways to move that are looked at in a block."""
    gesture_seen: float = 3.4
    """Strengths of the gesture's channel and of all together, added: from here on the picture shows it too."""
    gesture_seen_head: tuple[float, float] = (4.85, 6.5)
    """The same where the head was located, and only it is looked at, down to its detail; and while the lag is not
    known. Above what 98 in 100 of strangers' pictures show, whichever avatar is left out of the count."""
    gesture_unclear: float = 0.5
    """From this share of it on the picture may show the gesture behind something else: then it says neither."""
    gesture_blind: float = 1.5
    """How many times that, while the lag is not known."""
    gesture_telling: float = 1.5
    """Log-likelihood ratio, answered : by chance, from which a gesture is an answer."""
    reaction: tuple[float, float, float] = (1.3, 0.7, 0.1)
    """Seconds, median of people's reactions; their spread, of the logarithm; the share of those who take any time."""
    reaction_any: float = 0.125
    """Per second: the density of the latter."""
    answer_size: tuple[float, float] = (1.7, 0.35)
    """Times the least size that people do who are asked, the median; its spread, of the logarithm."""
    habit_rate: tuple[float, float] = (0.05, 0.01)
    """How many times a second people who were not asked do a gesture at its least size: of those that hold a pose, and
    of those that go to and fro. Recorded people: 0.04 to 0.08 and at most 0.007."""
    habit_scale: float = 0.4
    """By how much of that size more it has to be to be e times as rare."""
    habit_least: float = 0.2
    """Times that anything may have been done that was not seen."""
    habit_known_s: float = 10.0
    """Seconds of telemetry that what is known of others is worth."""
    sharpness: float = 2.0
    """How much the best block outweighs the others."""

    def information(self, operator: float, picture: float) -> float:
        """How likely it is, 0..1, that driving would show, from the motion of both sides (≥ 0)."""
        constant, by_operator, by_picture = self.seen
        # A person who hardly moves or a picture that hardly does settles it, whatever the other does.
        x = constant + by_operator * np.log(operator + 1e-3) + by_picture * np.log(picture + 1e-3)
        return float(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0)))) * float(operator > 0 and picture > 0)

    def likelihood(self, strength: Floats, information: float) -> Floats:
        """Log-likelihood ratio, driven : not, of each strength."""
        z = np.maximum(strength, 0.0)
        inner = np.minimum(z, self.tail)
        chance = -0.5 * inner**2 - self.tail * np.maximum(z - self.tail, 0.0)
        driven = -0.5 * ((np.minimum(z, self.mean) - self.mean) / self.spread) ** 2 - np.log(self.spread)
        share = min(max(information, 0.0), 0.999)
        ratio: Floats = np.logaddexp(np.log1p(-share), np.log(share + 1e-12) + driven - chance)
        return np.minimum(ratio, self.ceiling)


CALIBRATION = Calibration()
