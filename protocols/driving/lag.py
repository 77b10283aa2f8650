"""Lag: what is known about how far the picture runs behind the telemetry, carried from window to window.

A stream has one lag; clocks drift a little. Windows that agree with it each on its own, but at lags that jump about,
are chance. So the lag is a hidden state with a forward filter, and a window's weight is its likelihood averaged over
what the windows before it left possible.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAG_STEP = 0.04
LAGS: Floats = np.arange(76, dtype=np.float64) * LAG_STEP
"""Lags looked at: 0 .. 3 s, the picture behind the telemetry."""

_DRIFT = 0.05  # seconds, standard deviation from one window to the next: 0.4 % of ten seconds
_RESTART = 0.05  # probability that the lag changed altogether: the encoder or the network was restarted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LagBelief:
    """Probability of each of ``LAGS`` (76,), sums to one."""

    probabilities: Floats

    @classmethod
    def uninformed(cls) -> "LagBelief":
        """Every lag equally likely."""
        return cls(probabilities=np.full(len(LAGS), 1.0 / len(LAGS)))

    @classmethod
    def around(cls, lag: float, spread: float = 0.1) -> "LagBelief":
        """Mostly near ``lag`` seconds, as known from an earlier session."""
        near = np.exp(-0.5 * ((LAGS - lag) / spread) ** 2) + 1e-12
        return cls(probabilities=0.9 * near / near.sum() + 0.1 / len(LAGS))

    @property
    def lag(self) -> float:
        """The most probable lag in seconds."""
        return float(LAGS[int(np.argmax(self.probabilities))])

    def marginal(self, profile: Floats) -> float:
        """Log-likelihood ratio of a window whose ratio by lag is ``profile`` (76,)."""
        return float(np.logaddexp.reduce(np.log(self.probabilities) + profile))

    def after(self, profile: tuple[float, ...] | Floats) -> "LagBelief":
        """The belief for the next window, once a window said ``profile`` (76,)."""
        logs = np.log(self.probabilities) + np.asarray(profile, dtype=np.float64)
        posterior = np.exp(logs - logs.max())
        drifted = _DRIFT_KERNEL @ (posterior / posterior.sum())
        drifted /= drifted.sum()
        return LagBelief(probabilities=(1 - _RESTART) * drifted + _RESTART / len(LAGS))


_DRIFT_KERNEL: Floats = np.exp(-0.5 * ((LAGS[:, None] - LAGS[None, :]) / _DRIFT) ** 2)
_DRIFT_KERNEL /= _DRIFT_KERNEL.sum(axis=0)
