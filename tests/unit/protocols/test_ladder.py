import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.evidence import RuleName
from protocols.ladder import CUTS, TABLE, Ladder, Rung, Signal, rows
from protocols.ladder_policy import LadderPolicy
from protocols.measure import Measure, MeasureKind

POLICY = LadderPolicy()
ORDER = Measure(kind=MeasureKind.DROP, seconds=30, by="key_1")
CLIMBING = (Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE, Rung.SLATE)


def a_policy(*rungs: str) -> LadderPolicy:
    return LadderPolicy.model_validate({"driving": [{"rung": rung, "seconds": 5} for rung in rungs]})


FULL = a_policy("notify", "challenge", "grace", "slate")


def rungs(steps):
    return [step.rung for step in steps]


def climb(ladder, cause, now=0.0):
    """Every step until the cut, with the time of each."""
    steps = ladder.suspect(cause, now)
    while (deadline := ladder.next_deadline()) is not None:
        steps += ladder.tick(deadline)
    return steps


def standing_on(rung, policy=FULL):
    ladder = Ladder(policy)
    if rung is not Rung.WATCHING:
        ladder.suspect(RuleName.DRIVING, 0.0)
    while ladder.rung is not rung:
        ladder.tick(ladder.next_deadline())
    return ladder


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (RuleName.DRIVING, [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE, Rung.DROP]),
        (RuleName.REPETITION, [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE, Rung.DROP]),
        (RuleName.PRESENCE, [Rung.NOTIFY, Rung.GRACE, Rung.DROP]),
        (RuleName.LIKENESS, [Rung.NOTIFY, Rung.GRACE, Rung.DROP]),
    ],
)
def test_each_cause_climbs_its_own_rungs(cause, expected):
    ladder = Ladder(POLICY, "standard@1")
    steps = climb(ladder, cause)
    assert rungs(steps) == expected
    assert all((step.cause, step.by) == (cause, "standard@1") for step in steps)
    assert steps[-1].now == sum(rung.seconds for rung in POLICY.rungs(cause))
    assert steps[-1].until == steps[-1].now + 10
    assert ladder.next_deadline() is None
    assert ladder.cut


@pytest.mark.parametrize(
    ("strikes", "kind", "seconds"), [(0, "drop", 10), (1, "drop", 10), (2, "forbid", 3600), (5, "forbid", 86_400)]
)
def test_who_was_away_is_dropped_before_strikes_make_it_a_ban(strikes, kind, seconds):
    ladder = Ladder(POLICY)
    ladder.strikes = strikes
    top = climb(ladder, RuleName.PRESENCE)[-1]
    assert (top.rung.value, top.measure.kind, top.measure.seconds) == (kind, kind, seconds)
    assert top.measure.strike == strikes + 1
    assert top.until - top.now == seconds


@pytest.mark.parametrize("rung", CLIMBING)
def test_who_clears_himself_comes_down_from_every_rung(rung):
    ladder = standing_on(rung)
    assert rungs(ladder.clear(100.0)) == [Rung.WATCHING]
    assert ladder.cause is None
    assert ladder.next_deadline() is None
    assert rungs(ladder.suspect(RuleName.LIKENESS, 101.0)) == [Rung.NOTIFY]


def test_a_cut_stays_whatever_comes_until_a_person_undoes_it():
    ladder = Ladder(POLICY)
    climb(ladder, RuleName.PRESENCE)
    assert ladder.clear(1e3) == ladder.suspect(RuleName.DRIVING, 1e3) == ladder.tick(1e6) == []
    assert ladder.remove(RuleName.REGISTRATION, 1e6) == ladder.order(RuleName.DRIVING, ORDER, 1e6) == []
    [step] = ladder.restore("key_1", 1e6)
    assert (step.rung, step.by, step.cause) == (Rung.RESTORED, "key_1", RuleName.PRESENCE)
    assert ladder.restore("key_1", 2e6) == []
    assert not ladder.cut


def test_what_was_never_cut_cannot_be_restored():
    assert Ladder(POLICY).restore("key_1", 0.0) == []


def test_a_late_tick_climbs_every_rung_that_has_run_out():
    ladder = Ladder(FULL)
    ladder.suspect(RuleName.DRIVING, 0.0)
    assert rungs(ladder.tick(1e4)) == [Rung.CHALLENGE, Rung.GRACE, Rung.SLATE, Rung.DROP]


def test_time_stands_still_while_the_ladder_is_held():
    ladder = Ladder(POLICY)
    ladder.suspect(RuleName.PRESENCE, 0.0)
    deadline = ladder.next_deadline()
    ladder.hold(4.0)
    ladder.hold(6.0)
    assert ladder.held
    assert ladder.next_deadline() is None
    assert ladder.tick(1e6) == ladder.suspect(RuleName.DRIVING, 1e6) == ladder.clear(1e6) == []
    ladder.release(1004.0)
    assert ladder.next_deadline() == deadline + 1000.0


def test_a_hold_without_a_deadline_leaves_none():
    ladder = Ladder(POLICY)
    ladder.hold(1.0)
    ladder.release(9.0)
    ladder.release(10.0)
    assert ladder.next_deadline() is None
    assert not ladder.held


def test_the_table_has_an_answer_for_everything():
    assert {(rung, signal) for rung in Rung for signal in Signal} == {(r, s) for r, row in TABLE.items() for s in row}


@given(st.lists(st.sampled_from(["suspect", "clear", "hold", "release", "wait"]), max_size=60))
def test_nobody_is_cut_faster_than_the_rungs_take(events):
    ladder, now, suspected = Ladder(POLICY), 0.0, None
    shortest = sum(rung.seconds for rung in POLICY.driving)
    for event in events:
        match event:
            case "suspect":
                if ladder.suspect(RuleName.DRIVING, now):
                    suspected = now
            case "clear":
                ladder.clear(now)
            case "hold":
                ladder.hold(now)
            case "release":
                ladder.release(now)
            case "wait":
                now += 7.0
                for step in ladder.tick(now):
                    if step.rung in CUTS:
                        assert step.now - suspected >= shortest


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("rung", [Rung.WATCHING, *CLIMBING])
def test_what_may_not_be_on_air_is_cut_from_every_rung_at_once_even_while_time_stands_still(rung, held):
    ladder = standing_on(rung)
    if held:
        ladder.hold(50.0)
    [step] = ladder.remove(RuleName.REGISTRATION, 60.0)
    assert (step.now, step.rung, step.cause, step.until) == (60.0, Rung.FORBID, RuleName.REGISTRATION, 3660.0)
    assert ladder.remove(RuleName.REGISTRATION, 61.0) == []
    assert ladder.clear(62.0) == []
    assert POLICY.rungs(RuleName.REGISTRATION) == ()


@pytest.mark.parametrize("rung", [Rung.WATCHING, *CLIMBING])
@pytest.mark.parametrize(("kind", "onto"), [(MeasureKind.DROP, Rung.DROP), (MeasureKind.FORBID, Rung.FORBID)])
def test_a_person_s_order_is_obeyed_on_every_rung_and_says_whose_it_is(rung, kind, onto):
    ladder = standing_on(rung)
    ladder.hold(50.0)
    [step] = ladder.order(RuleName.LIKENESS, Measure(kind=kind, seconds=30, by="key_1"), 60.0)
    assert (step.rung, step.cause, step.by, step.until) == (onto, RuleName.LIKENESS, "key_1", 90.0)


def lives(number, dice):
    """Ladders of every kind of policy, each with the signals of its life at their times."""
    policies = [FULL, POLICY, a_policy("notify"), a_policy("notify", "grace"), a_policy("notify", "slate")]
    policies += [a_policy("notify", "challenge"), a_policy("notify", "challenge", "slate")]
    for _ in range(number):
        ladder = Ladder(dice.choice(policies))
        ladder.strikes = dice.choice((0, 0, 1, 3))
        signals = dice.choices(list(Signal), weights=(8, 2, 3, 0.4, 0.4, 2), k=14)
        yield ladder, [(dice.uniform(1, 60), signal) for signal in signals]


def give(ladder, signal, now, dice):
    match signal:
        case Signal.SUSPECT:
            ladder.suspect(RuleName.DRIVING, now)
        case Signal.CLEAR:
            ladder.clear(now)
        case Signal.TIMER:
            ladder._signal(Signal.TIMER, now, ladder.cause)
        case Signal.REMOVE:
            ladder.remove(RuleName.REGISTRATION, now)
        case Signal.ORDER:
            ladder.order(RuleName.DRIVING, Measure(kind=dice.choice(list(MeasureKind)), seconds=9, by="key_1"), now)
        case Signal.RESTORE:
            ladder.restore("key_1", now)


def test_a_thousand_sessions_in_virtual_time_reach_every_row_of_the_table():
    """One clock for them all: the next thing to happen to any of them is a signal or a rung that runs out."""
    dice = random.Random(7)
    sessions = list(lives(1000, dice))
    agenda = [(at, number, signal) for number, (_, life) in enumerate(sessions) for at, signal in life]
    heapq.heapify(agenda)
    reached = set()
    while agenda:
        now, number, signal = heapq.heappop(agenda)
        ladder = sessions[number][0]
        if (deadline := ladder.next_deadline()) is not None and deadline < now:
            heapq.heappush(agenda, (now, number, signal))
            now, signal = deadline, Signal.TIMER
        before = ladder.rung
        give(ladder, signal, now, dice)
        reached.add((before, signal, ladder.rung))
    assert reached == {(row.rung, row.signal, onto) for row in rows() for onto in row.onto}
