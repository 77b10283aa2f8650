"""Bounds against tables that others printed, and against what bounds are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.simulation.tally import poisson_bounds, poisson_cdf, quantile, share_bounds


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.364, 121.627)],
)
def test_poisson_bounds_are_garwoods(count: int, low: float, high: float) -> None:
    assert poisson_bounds(count) == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (99, 100, 0.9455, 0.9997)],
)
def test_share_bounds_are_clopper_and_pearsons(count: int, of: int, low: float, high: float) -> None:
    assert share_bounds(count, of) == pytest.approx((low, high), abs=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 120), st.floats(0.5, 0.99))
def test_bounds_hold_the_count_and_grow_with_confidence(count: int, confidence: float) -> None:
    low, high = poisson_bounds(count, confidence)
    assert low <= count <= high
    wide = poisson_bounds(count, 0.995)
    assert wide[0] <= low
    assert high <= wide[1]
    assert poisson_cdf(count, high) == pytest.approx((1 - confidence) / 2, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 120), st.data())
def test_a_share_lies_within_its_bounds(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    low, high = share_bounds(count, of)
    assert 0 <= low <= count / of <= high <= 1
    mirrored = share_bounds(of - count, of)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_so_many_reach_a_quantile_and_no_less_would_do(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(v <= found for v in values) >= share * len(values) - 1e-9
    assert sum(v < found for v in values) < share * len(values) + 1e-9


def test_what_never_comes_is_a_quantile_too() -> None:
    assert quantile([1.0, math.inf, 2.0], 0.99) == math.inf
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)
