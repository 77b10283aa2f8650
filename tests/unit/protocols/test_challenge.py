import itertools
import random

import pytest

from protocols.challenge import ChallengeSchedule
from protocols.gesture import NEEDS, Ability, Gesture, askable
from protocols.policy import ChallengePolicy

POLICY = ChallengePolicy()
ALL = frozenset(Ability)


def schedule(abilities=ALL, seed=1):
    return ChallengeSchedule(POLICY, abilities, random.Random(seed).random, now=0.0)


def test_only_what_the_avatar_can_show_is_asked():
    asked = schedule(frozenset({Ability.HEAD}))
    gestures = {asked.ask(float(now)) for now in range(200)}
    assert gestures == {gesture for gesture in Gesture if NEEDS[gesture] is Ability.HEAD}


def test_an_avatar_that_can_show_nothing_is_never_asked():
    asked = schedule(frozenset())
    assert asked.next_deadline() is None
    assert asked.due(1e9) is None
    assert asked.ask(0.0) is None


def test_one_gesture_is_better_than_none():
    asked = schedule(frozenset({Ability.HANDS}))
    assert [asked.ask(0.0), asked.ask(1.0)] == [Gesture.RAISE_HAND] * 2


def test_the_same_gesture_never_comes_twice_in_a_row():
    asked = schedule()
    gestures = [asked.ask(float(now)) for now in range(100)]
    assert all(one is not other for one, other in itertools.pairwise(gestures))


def test_gaps_are_as_the_policy_says_and_differ():
    asked, gaps, now = schedule(seed=7), [], 0.0
    for _ in range(400):
        assert asked.due(asked.next_deadline() - 0.01) is None
        deadline = asked.next_deadline()
        assert asked.due(deadline) is not None
        gaps.append(asked.next_deadline() - deadline)
        now = deadline
    assert min(gaps) >= POLICY.least_gap_s - 1e-6
    assert max(gaps) <= 3 * POLICY.mean_every_s + 1e-6
    assert 0.8 * POLICY.mean_every_s < sum(gaps) / len(gaps) < 1.2 * POLICY.mean_every_s
    assert len({round(gap, 3) for gap in gaps}) > 300
    assert now > 0


@pytest.mark.parametrize("seed", range(5))
def test_the_first_comes_around_its_time(seed):
    assert 0.5 * POLICY.first_after_s <= schedule(seed=seed).next_deadline() <= 1.5 * POLICY.first_after_s


def test_gestures_keep_their_order():
    assert askable(ALL) == tuple(Gesture)
