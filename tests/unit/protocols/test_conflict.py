import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from protocols.conflict import resemblance
from protocols.likeness import LikenessCalibration

CALIBRATION = LikenessCalibration(
    centre=0.5,
    slope=12.0,
    cap=4.0,
    memory=0.5,
    independent_s=2.0,
    least_confidence=0.3,
    full_confidence=0.7,
    stale_s=20,
)


def likeness(seed: int, rows: int = 4, spread: float = 0.1) -> NDArray[np.float32]:
    """Pictures of one avatar: a direction of its own, and a little of each picture's."""
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=32) + spread * chance.normal(size=(rows, 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_one_likeness_resembles_itself_and_no_other() -> None:
    one, same, other = likeness(1)[:2], likeness(1)[2:], likeness(2)
    found, apart = resemblance(one, same, CALIBRATION), resemblance(one, other, CALIBRATION)
    assert found is not None
    assert found.similarity > 0.9
    assert found.probability > 0.99
    assert apart is not None
    assert apart.probability < 0.1


def test_the_pair_that_is_most_alike_is_named() -> None:
    one, other = likeness(1, spread=2.0), likeness(2, spread=2.0)
    other[3] = one[2]
    found = resemblance(one, other, CALIBRATION)
    assert found is not None
    assert (found.picture, found.other) == (2, 3)


def test_a_look_that_is_nobodys_makes_no_conflict() -> None:
    stock = likeness(7)
    assert resemblance(stock[:2], stock[2:], CALIBRATION, generic=stock[:2]) is None
    mine = np.concatenate([stock[:1], likeness(1)[:2]])
    found = resemblance(mine, likeness(1), CALIBRATION, generic=stock)
    assert found is not None
    assert found.picture in (1, 2)
    plain = resemblance(mine, likeness(1), CALIBRATION, generic=np.zeros((0, 32), np.float32))
    assert plain is not None


@given(st.integers(0, 50), st.integers(1, 6), st.integers(1, 6))
def test_similarity_and_probability_stay_in_their_ranges(seed: int, rows: int, others: int) -> None:
    found = resemblance(likeness(seed, rows, 1.0), likeness(seed + 1, others, 1.0), CALIBRATION)
    assert found is not None
    assert -1.001 <= found.similarity <= 1.001
    assert 0 < found.probability < 1
    assert found.picture < rows
    assert found.other < others
