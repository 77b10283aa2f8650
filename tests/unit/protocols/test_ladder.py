import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.evidence import RuleName
from protocols.ladder import TABLE, Ladder, Rung, Signal
from protocols.policy import LadderPolicy

POLICY = LadderPolicy()


def rungs(steps):
    return [step.rung for step in steps]


def climb(ladder, cause, now=0.0):
    """Every step until the cut, with the time of each."""
    steps = ladder.suspect(cause, now)
    while (deadline := ladder.next_deadline()) is not None:
        steps += ladder.tick(deadline)
    return steps


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (RuleName.DRIVING, [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE, Rung.CUT]),
        (RuleName.REPETITION, [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE, Rung.CUT]),
        (RuleName.PRESENCE, [Rung.NOTIFY, Rung.GRACE, Rung.CUT]),
        (RuleName.LIKENESS, [Rung.NOTIFY, Rung.GRACE, Rung.CUT]),
    ],
)
def test_each_cause_climbs_its_own_rungs(cause, expected):
    ladder = Ladder(POLICY)
    steps = climb(ladder, cause)
    assert rungs(steps) == expected
    assert all(step.cause is cause for step in steps)
    assert steps[-1].now == sum(rung.seconds for rung in POLICY.rungs(cause))
    assert steps[-1].until is None
    assert ladder.next_deadline() is None


@pytest.mark.parametrize("rung", [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE])
def test_who_clears_himself_comes_down_from_every_rung(rung):
    ladder = Ladder(POLICY)
    ladder.suspect(RuleName.DRIVING, 0.0)
    while ladder.rung is not rung:
        ladder.tick(ladder.next_deadline())
    assert rungs(ladder.clear(100.0)) == [Rung.WATCHING]
    assert ladder.cause is None
    assert ladder.next_deadline() is None
    assert rungs(ladder.suspect(RuleName.LIKENESS, 101.0)) == [Rung.NOTIFY]


def test_a_cut_stays_whatever_comes():
    ladder = Ladder(POLICY)
    climb(ladder, RuleName.PRESENCE)
    assert ladder.clear(1e3) == ladder.suspect(RuleName.DRIVING, 1e3) == ladder.tick(1e6) == []
    assert ladder.rung is Rung.CUT


def test_a_late_tick_climbs_every_rung_that_has_run_out():
    ladder = Ladder(POLICY)
    ladder.suspect(RuleName.DRIVING, 0.0)
    assert rungs(ladder.tick(1e4)) == [Rung.CHALLENGE, Rung.GRACE, Rung.CUT]


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


def test_no_rungs_means_cut_at_once():
    ladder = Ladder(LadderPolicy(presence=()))
    assert rungs(ladder.suspect(RuleName.PRESENCE, 0.0)) == [Rung.CUT]


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
                    if step.rung is Rung.CUT:
                        assert step.now - suspected >= shortest


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("rung", [Rung.WATCHING, Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE])
def test_what_may_not_be_on_air_is_cut_from_every_rung_at_once_even_while_time_stands_still(rung, held):
    ladder = Ladder(POLICY)
    if rung is not Rung.WATCHING:
        ladder.suspect(RuleName.DRIVING, 0.0)
    while ladder.rung is not rung:
        ladder.tick(ladder.next_deadline())
    if held:
        ladder.hold(50.0)
    [step] = ladder.remove(RuleName.REGISTRATION, 60.0)
    assert (step.now, step.rung, step.cause, step.until) == (60.0, Rung.CUT, RuleName.REGISTRATION, None)
    assert ladder.remove(RuleName.REGISTRATION, 61.0) == []
    assert ladder.clear(62.0) == []
    assert POLICY.rungs(RuleName.REGISTRATION) == ()
