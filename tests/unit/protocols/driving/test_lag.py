"""The lag as a hidden state."""

import numpy as np
import pytest

from protocols.driving.lag import LAGS, LagBelief


def profile_at(lag: float, height: float = 6.0) -> np.ndarray:
    return np.where(np.abs(LAGS - lag) < 0.05, height, -3.0)


def test_a_belief_is_a_distribution() -> None:
    belief = LagBelief.uninformed()
    for _ in range(3):
        belief = belief.after(profile_at(0.8))
        assert belief.probabilities.sum() == pytest.approx(1.0)
    assert belief.lag == pytest.approx(0.8, abs=0.05)


def test_windows_that_agree_weigh_more_than_windows_that_jump() -> None:
    belief = LagBelief.uninformed().after(profile_at(0.8))
    assert belief.marginal(profile_at(0.8)) > belief.marginal(profile_at(2.0)) + 2.0


def test_a_lag_that_drifts_is_followed() -> None:
    belief = LagBelief.uninformed()
    for lag in np.arange(0.4, 1.2, 0.04):
        belief = belief.after(profile_at(float(lag)))
    assert belief.lag == pytest.approx(1.16, abs=0.06)


def test_a_restart_with_a_new_lag_is_found_again() -> None:
    belief = LagBelief.around(0.4)
    for _ in range(4):
        belief = belief.after(profile_at(2.2))
    assert belief.lag == pytest.approx(2.2, abs=0.05)


def test_a_window_without_information_leaves_the_belief_nearly_as_it_was() -> None:
    belief = LagBelief.around(0.6)
    after = belief.after(np.zeros(len(LAGS)))
    assert after.lag == pytest.approx(0.6, abs=0.05)
    assert after.marginal(np.zeros(len(LAGS))) == pytest.approx(0.0)
