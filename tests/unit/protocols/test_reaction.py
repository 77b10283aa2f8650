"""How quick a person is, from what they have answered, within what people can and a policy allows."""

import pytest

from protocols.gesture import FASTEST_REACTION, FASTEST_TYPED, Gesture
from protocols.observation import Asked, ChallengeAsked, DigitsAsked
from protocols.policy import ChallengePolicy
from protocols.reaction import ENOUGH, Kind, kind_of, soonest, within

POLICY = ChallengePolicy()
NOD = ChallengeAsked(at=0.0, challenge="c", gesture=Gesture.NOD, within=6.0)
ROW = ChallengeAsked(at=0.0, challenge="c", gesture=Gesture.NOD, within=6.0, then=(Gesture.BLINK_TWICE,))
DIGITS = DigitsAsked(at=0.0, challenge="c", digits="0472", within=30.0)


@pytest.mark.parametrize(("asked", "kind"), [(NOD, Kind.GESTURE), (ROW, Kind.ROW), (DIGITS, Kind.DIGITS)])
def test_each_kind_of_question_has_its_own_time(asked: Asked, kind: Kind) -> None:
    assert kind_of(asked) is kind
    usual = {Kind.GESTURE: POLICY.within_s, Kind.ROW: POLICY.row_within_s, Kind.DIGITS: POLICY.digits_within_s}
    assert within(kind, (), POLICY) == usual[kind]


def test_newcomers_are_taken_as_people_are() -> None:
    few = (3.0,) * (ENOUGH - 1)
    assert soonest(Kind.GESTURE, few) == FASTEST_REACTION
    assert soonest(Kind.DIGITS, few) == FASTEST_TYPED
    assert within(Kind.GESTURE, few, POLICY) == POLICY.within_s


def test_nobody_is_suddenly_twice_as_fast_as_ever_and_nobodys_floor_is_unfair() -> None:
    assert soonest(Kind.GESTURE, (0.9,) * ENOUGH) == pytest.approx(0.45)
    assert soonest(Kind.GESTURE, (0.3,) * ENOUGH) == FASTEST_REACTION
    assert soonest(Kind.GESTURE, (5.0,) * ENOUGH) == pytest.approx(3 * FASTEST_REACTION)


def test_deadlines_follow_the_person_within_the_bounds_of_the_policy() -> None:
    assert within(Kind.GESTURE, (3.0,) * ENOUGH, POLICY) == pytest.approx(5.5)
    assert within(Kind.GESTURE, (0.5,) * ENOUGH, POLICY) == pytest.approx(POLICY.within_least * POLICY.within_s)
    assert within(Kind.GESTURE, (20.0,) * ENOUGH, POLICY) == pytest.approx(POLICY.within_most * POLICY.within_s)


def test_one_odd_answer_changes_little() -> None:
    usual = (1.0, 1.1, 1.2, 1.0, 1.1, 1.2, 1.0, 1.1, 1.2, 1.0, 1.1, 1.2)
    odd = (*usual, 0.2, 5.9)
    assert soonest(Kind.GESTURE, odd) == pytest.approx(soonest(Kind.GESTURE, usual), rel=0.05)
    assert within(Kind.GESTURE, odd, POLICY) == within(Kind.GESTURE, usual, POLICY)
