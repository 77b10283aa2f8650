"""What a face tracker reports of a performer, and what avatar software makes of it on the screen."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from samples.studio.kinetics import Drift
from samples.studio.motion import Motion
from samples.studio.pose import Pose

__all__ = ["RATE", "Screen", "Tracker", "tracking"]

RATE = 30.0  # samples a second
ANGLES = ("yaw", "pitch", "roll")
Sample = dict[str, float]


class Tracker:
    """A tracker with its own noise: white, a slow drift, jittered clocks, lost samples.

    One tracker gives the same samples for the same seed, in whatever order they are asked for.
    """

    def __init__(self, seed: int = 0, *, white: float = 0.5, drift: float = 0.4, lost: float = 0.015) -> None:
        self._seed, self._white, self._lost = seed, white, lost
        seeds = np.random.SeedSequence([seed, 77]).spawn(3)
        self._drift = {n: Drift(np.random.default_rng(s), drift) for n, s in zip(ANGLES, seeds, strict=True)}

    def sample(self, motion: Motion, t: float) -> Sample:
        """The measurement at ``t`` seconds, by the names of the telemetry feed."""
        pose = motion.pose(t)
        noise = np.random.default_rng([self._seed, max(0, round(t * 1000))]).normal(0, 1, 8)
        measured: Sample = {"t": round(t, 4)}
        for n, name in enumerate(ANGLES):
            angle = getattr(pose, name) + self._white * noise[n] + self._drift[name].value(t)
            measured[name] = round(float(angle), 2)
        for n, (key, value) in enumerate(
            (("mouthOpen", pose.mouth_open), ("eyeBlink", pose.eye_blink), ("smile", pose.smile))
        ):
            measured[key] = round(float(np.clip(value + 0.02 * noise[3 + n], 0, 1)), 3)
        measured["handL"] = round(float(pose.hand_l + 0.015 * noise[6]), 3)
        measured["handR"] = round(float(pose.hand_r + 0.015 * noise[7]), 3)
        return measured

    def samples(self, motion: Motion, begin: float, end: float) -> Iterator[Sample]:
        """The feed from ``begin`` to ``end`` seconds: about 30 Hz, with the gaps and the jitter of a real one."""
        for k in range(int(np.ceil(begin * RATE)), int(np.ceil(end * RATE))):
            rng = np.random.default_rng([self._seed, 13, k])
            gap = any(self._starts_gap(j, k) for j in range(max(0, k - 3), k + 1))
            if not gap:
                yield self.sample(motion, max(0.0, k / RATE + float(rng.normal(0, 0.0025))))

    def _starts_gap(self, j: int, k: int) -> bool:
        """Whether a gap that begins at sample ``j`` covers sample ``k``."""
        rng = np.random.default_rng([self._seed, 29, j])
        if rng.random() >= self._lost * 0.75:
            return False
        span = 1 if rng.random() < 0.8 else int(rng.integers(2, 5))
        return k < j + span


def tracking(motion: Motion, t: float) -> Sample:
    """One measurement of ``motion`` at ``t`` seconds by an average tracker."""
    return Tracker().sample(motion, t)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Avatar software: shows a motion late, smoothed, amplified and limited.

    ``delay`` and ``smoothing`` (its time constant) are in seconds; head angles become
    ``limit * tanh(gain * angle / limit)``.
    """

    motion: Motion
    gain: float = 1.2
    delay: float = 0.25
    smoothing: float = 0.03
    limits: tuple[float, float, float] = (40.0, 28.0, 28.0)

    def pose(self, t: float) -> Pose:
        """The pose shown at ``t`` seconds."""
        then = self.motion.pose(t - self.delay)
        angles = np.array([then.yaw, then.pitch, then.roll])
        if self.smoothing > 0:
            lags = self.smoothing * np.array([0.5, 1.5, 3.0])
            past = [self.motion.pose(t - self.delay - lag) for lag in lags]
            weights = np.exp(-np.array([0.0, *lags]) / self.smoothing)
            table = np.array([angles, *((p.yaw, p.pitch, p.roll) for p in past)])
            angles = weights @ table / weights.sum()
        limits = np.array(self.limits)
        yaw, pitch, roll = (float(a) for a in limits * np.tanh(self.gain * angles / limits))
        return replace(then, yaw=yaw, pitch=pitch, roll=roll)
