import itertools
import random

import pytest

from protocols.challenge import ChallengeSchedule, Wanted, risk_of
from protocols.driving.form import FORMS
from protocols.gesture import NEEDS, Ability, Gesture, askable
from protocols.policy import ChallengePolicy
from protocols.verdict import Driver

POLICY = ChallengePolicy()
ALL = frozenset(Ability)


def schedule(abilities=ALL, seed=1, policy=POLICY):
    return ChallengeSchedule(policy, abilities, random.Random(seed).random, now=0.0)


def one(wanted):
    """The one gesture that is wanted."""
    [gesture] = wanted.gestures
    return gesture


def test_only_what_the_avatar_can_show_is_asked():
    asked = schedule(frozenset({Ability.HEAD}))
    gestures = {one(asked.ask(float(now))) for now in range(200)}
    assert gestures == {gesture for gesture in Gesture if NEEDS[gesture] is Ability.HEAD}


def test_an_avatar_that_can_show_nothing_is_never_asked_where_digits_are_not_either():
    asked = schedule(frozenset(), policy=ChallengePolicy(digits="never"))
    assert asked.next_deadline() is None
    assert not asked.due(1e9)
    assert asked.ask(0.0) is None
    assert asked.ask(1.0, telling=lambda gestures: gestures) is None


def test_where_no_gesture_can_be_asked_digits_are_within_the_same_budget():
    asked = schedule(frozenset(), policy=ChallengePolicy(per_hour=2))
    assert asked.due(asked.next_deadline())
    assert [asked.ask(0.0), asked.ask(1.0)] == [Wanted()] * 2
    assert asked.next_deadline() == 3600.0
    cannot = {"ann": ALL}
    spared = ChallengeSchedule(POLICY, ALL, random.Random(2).random, now=0.0, cannot=cannot)
    assert spared.ask(0.0, present={"ann"}) == Wanted()
    assert spared.ask(1.0, present={"bob"}).gestures


def test_one_gesture_is_better_than_none():
    asked = schedule(frozenset({Ability.HANDS}))
    assert [one(asked.ask(0.0)), one(asked.ask(1.0))] == [Gesture.RAISE_HAND] * 2


def test_the_same_gesture_never_comes_twice_in_a_row():
    asked = schedule()
    gestures = [one(asked.ask(float(now))) for now in range(100)]
    assert all(before is not after for before, after in itertools.pairwise(gestures))


def test_gaps_are_as_the_policy_says_and_differ():
    asked, gaps, now = schedule(seed=7), [], 0.0
    for _ in range(400):
        assert not asked.due(asked.next_deadline() - 0.01)
        deadline = asked.next_deadline()
        assert asked.due(deadline)
        assert asked.ask(deadline) is not None
        gaps.append(asked.next_deadline() - deadline)
        now = deadline
    assert min(gaps) >= POLICY.least_gap_s - 1e-6
    assert max(gaps) <= 3 * POLICY.mean_every_s + 1e-6
    assert 0.8 * POLICY.mean_every_s < sum(gaps) / len(gaps) < 1.2 * POLICY.mean_every_s
    assert len({round(gap, 3) for gap in gaps}) > 300
    assert now > 0


def test_only_what_tells_is_asked():
    asked = schedule()

    def telling(gestures):
        return tuple(g for g in gestures if g in {Gesture.NOD, Gesture.SHAKE, Gesture.OPEN_MOUTH})

    gestures = [one(asked.ask(float(now), telling=telling)) for now in range(60)]
    assert set(gestures) == {Gesture.NOD, Gesture.SHAKE, Gesture.OPEN_MOUTH}
    assert all(gesture is not other for gesture, other in itertools.pairwise(gestures))
    only = [one(asked.ask(100.0, telling=lambda gestures: gestures[:1])) for _ in range(3)]
    assert len(set(only)) == 1, "where one gesture alone tells, it is asked for again"


def test_in_doubt_one_of_the_few_that_tell_most_is_asked():
    asked = schedule()
    ranked = list(Gesture)
    doubtful = {one(asked.ask(float(now), risk=0.5, telling=lambda _: tuple(ranked))) for now in range(60)}
    assert doubtful == set(ranked[:3])


def test_what_a_person_who_answers_keeps_missing_is_let_be():
    def asked_for(asked, *, settled):
        found = []
        for now in range(0, 4000, 40):
            found.append(one(asked.ask(float(now))))
            passed = found[-1] is not Gesture.SHAKE
            asked.judged(now + 10.0, settled=settled and passed, missed=not passed, passed=passed)
        return found

    assert asked_for(schedule(), settled=True).count(Gesture.SHAKE) <= 3
    assert asked_for(schedule(), settled=False).count(Gesture.SHAKE) > 3, "nobody has shown yet that they are there"


def test_where_nothing_else_is_left_it_is_asked_for_all_the_same():
    asked = schedule()
    asked.judged(0.0, settled=True, missed=False)
    for now in range(60):
        gesture = one(asked.ask(float(now), telling=lambda gestures: gestures[:2]))
        asked.judged(float(now), settled=False, missed=True, passed=False)
        assert gesture is not None


def test_after_a_question_that_was_missed_the_next_comes_soon_every_time():
    asked = schedule()
    for now in (100.0, 200.0, 300.0):
        asked.ask(now)
        asked.judged(now, settled=False, missed=True)
        assert asked.next_deadline() - now <= 1.5 * POLICY.again_s


def test_while_there_is_doubt_it_comes_sooner_but_less_and_less():
    asked, gaps = schedule(seed=3), []
    for now in (100.0, 1_000.0, 2_000.0, 3_000.0):
        asked.ask(now)
        asked.judged(now, settled=False, missed=False)
        gaps.append(asked.next_deadline() - now)
    assert gaps[0] < POLICY.least_gap_s
    assert gaps[0] < gaps[3]
    asked.judged(3_000.0, settled=True, missed=False)
    asked.ask(4_000.0)
    asked.judged(4_000.0, settled=False, missed=False)
    assert asked.next_deadline() - 4_000.0 < POLICY.least_gap_s


def test_once_it_is_settled_the_routine_goes_on():
    asked = schedule()
    asked.ask(100.0)
    due = asked.next_deadline()
    asked.judged(105.0, settled=True, missed=False)
    assert asked.next_deadline() == due


@pytest.mark.parametrize("seed", range(5))
def test_the_first_comes_around_its_time(seed):
    assert 0.5 * POLICY.first_after_s <= schedule(seed=seed).next_deadline() <= 1.5 * POLICY.first_after_s


def test_gestures_keep_their_order():
    assert askable(ALL) == tuple(Gesture)


def gaps_at(risk, seed=3, count=300, policy=POLICY):
    asked, gaps, now = ChallengeSchedule(policy, ALL, random.Random(seed).random, now=0.0), [], 0.0
    for _ in range(count):
        asked.ask(now, risk=risk)
        gaps.append(asked.next_deadline() - now)
        now += 4000.0  # beyond the hour, so that the budget is not in the way
    return gaps


def test_the_more_is_in_doubt_the_more_often_is_asked():
    calm, doubtful = sum(gaps_at(0.0)) / 300, sum(gaps_at(1.0)) / 300
    assert 2.2 < calm / doubtful < 3.6
    assert max(gaps_at(0.0)) <= POLICY.longest_gap_s
    assert max(gaps_at(0.0, policy=ChallengePolicy(longest_gap_s=300))) == 300
    assert [risk_of(driver) for driver in (Driver.HUMAN, Driver.AI)] == [0.0, 1.0]


def test_doubt_shortens_what_is_left_of_a_gap_and_trust_draws_nothing_out():
    asked = schedule(seed=11)
    asked.ask(1000.0)
    before = asked.next_deadline() - 1100.0
    assert before > 60
    assert not asked.due(1100.0, risk=1.0)
    shorter = asked.next_deadline()
    assert shorter - 1100.0 == pytest.approx(before / 3)
    assert not asked.due(1100.0, risk=0.0)
    assert asked.next_deadline() == shorter


def test_doubt_does_not_undercut_the_least_gap():
    asked = schedule(seed=11)
    asked.ask(1000.0)
    asked.due(1000.0, risk=1.0)
    assert asked.next_deadline() >= 1000.0 + POLICY.least_gap_s


def test_an_hour_has_its_budget_of_routine_ones_and_the_ladder_asks_in_any_case():
    policy = ChallengePolicy(mean_every_s=10, least_gap_s=1, per_hour=5)
    asked, routine, now = ChallengeSchedule(policy, ALL, random.Random(5).random, now=0.0), [], 0.0
    while now < 7200:
        now = max(now + 0.1, asked.next_deadline())
        if asked.due(now):
            asked.ask(now)
            routine.append(now)
    for begin in range(0, 3600, 60):
        assert sum(begin <= at < begin + 3600 for at in routine) <= 5
    full = ChallengeSchedule(policy, ALL, random.Random(5).random, now=0.0)
    assert all(full.ask(float(at)) is not None for at in range(7))
    assert not full.due(3599.0)
    assert full.next_deadline() == 3602.0


def test_now_and_then_two_gestures_of_other_movements_are_asked_in_a_row_where_nothing_is_in_doubt():
    asked = schedule()
    rows = [asked.ask(float(now), routine=True).gestures for now in range(600)]
    assert 0.14 < sum(len(row) == 2 for row in rows) / 600 < 0.26
    movements = [{channel for gesture in row for channel in FORMS[gesture].channels} for row in rows if len(row) == 2]
    assert all(len(channels) >= 2 for channels in movements)
    assert {len(asked.ask(float(now), routine=True, risk=0.25).gestures) for now in range(100)} == {1}
    assert {len(asked.ask(float(now)).gestures) for now in range(100)} == {1}
    mouth = schedule(frozenset({Ability.MOUTH}), policy=ChallengePolicy(rows=1.0))
    assert mouth.ask(0.0, routine=True).gestures == (Gesture.OPEN_MOUTH,)


def test_nobody_is_asked_for_what_somebody_who_is_there_cannot_do():
    cannot = {"ann": frozenset({Ability.HEAD, Ability.HANDS}), "bob": frozenset({Ability.EYELIDS})}
    asked = ChallengeSchedule(POLICY, ALL, random.Random(2).random, now=0.0, cannot=cannot)
    alone = {one(asked.ask(float(now), present={"ann"})) for now in range(100)}
    assert alone == {Gesture.OPEN_MOUTH, Gesture.BLINK_TWICE}
    assert {one(asked.ask(float(now), present={"ann", "bob"})) for now in range(100)} == {Gesture.OPEN_MOUTH}
    assert asked.ask(0.0, present={"stranger"}) is not None
    policy = ChallengePolicy(digits="never")
    nothing = ChallengeSchedule(policy, frozenset({Ability.HEAD}), random.random, now=0.0, cannot=cannot)
    assert nothing.ask(0.0, present={"ann"}) is None
