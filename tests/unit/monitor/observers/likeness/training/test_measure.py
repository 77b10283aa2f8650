"""The figures of the model card, on scores whose figures are known."""

import numpy as np
import pytest

from monitor.observers.likeness.training import duplicates, measure
from protocols.evidence import Finding
from protocols.likeness import LikenessCalibration

CALIBRATION = LikenessCalibration(
    centre=0.5,
    slope=12.0,
    cap=4.0,
    memory=0.5,
    independent_s=2.0,
    least_confidence=0.3,
    full_confidence=0.7,
    stale_s=20.0,
)


def scores(genuine, impostor):
    return measure.Scores(genuine=np.array(genuine), impostor=np.array(impostor), first=len(genuine))


def test_scores_that_lie_apart_have_no_error():
    row = measure.figures(scores([0.8, 0.9], [0.1, 0.2, 0.3]), 4)
    assert row["equal error"] == pytest.approx(0.0, abs=1e-3)
    assert row["accepted at 1 % false"] == 1.0
    assert row["not found"] == 0.5


def test_scores_that_cannot_be_told_apart_are_wrong_half_of_the_time():
    same = np.linspace(0, 1, 101)
    assert measure.figures(scores(same, same), None)["equal error"] == pytest.approx(0.5, abs=0.01)


def test_the_centre_of_a_calibration_lies_between_genuine_and_impostor():
    rng = np.random.default_rng(3)
    apart = scores(rng.normal(0.7, 0.1, 400), rng.normal(0.2, 0.1, 4000))
    fit = measure.calibration(apart, apart)
    assert 0.35 < fit["centre"] < 0.55
    assert fit["slope"] > 10
    told = measure.reliability([measure.chances(apart, fit)])
    assert told.brier < 0.02
    assert told.error < 0.03


def test_probabilities_that_are_sure_and_wrong_are_found_out():
    upside_down = measure.chances(scores([0.1] * 50, [0.9] * 50), {"slope": 20.0, "centre": 0.5})
    told = measure.reliability([upside_down])
    assert told.brier > 0.9
    assert told.error > 0.9
    assert sum(share for share, _, _ in told.bins) == pytest.approx(1.0)


def test_verdicts_are_listed_with_the_right_one_first():
    counts = {
        "own": {Finding.PASS: 3, Finding.UNKNOWN: 1, Finding.FAIL: 0},
        "others": {Finding.PASS: 2, Finding.UNKNOWN: 5, Finding.FAIL: 40},
    }
    assert "| plain | 3 / 1 / 0 | 40 / 5 / 2 |" in measure.verdicts({"plain": counts})


def test_a_second_registration_is_told_from_one_of_another_and_outfits_of_one_person_count_neither_way():
    axes = np.eye(4, dtype=np.float32)
    first = {n: axes[[n, n]] for n in range(3)}
    second = {0: axes[[0, 0]], 1: axes[[1, 1]], 2: axes[[0, 0]]}
    person = np.array([0, 1, 0])
    same, other = duplicates.chances(first, second, person, CALIBRATION)
    assert [p > 0.99 for p in same] == [True, True, False]
    assert other[0].max() < 0.01  # the second set of identity 2 is like the first of 0, and both are of one person
    person = np.array([0, 1, 2])
    _, other = duplicates.chances(first, second, person, CALIBRATION)
    assert other[0, 2] > 0.99
    assert "| 0.99 | 66.7% | 11.111% | 33.3% |" in duplicates.table(same, other)
