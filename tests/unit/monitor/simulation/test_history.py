"""What a simulated session remembers of its operator."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from monitor.simulation.history import History
from monitor.simulation.script import Act, Script
from protocols.policy import STANDARD
from protocols.reaction import ENOUGH, Kind
from tests.unit.monitor.simulation.table import table

POLICY = STANDARD.challenge
DRIVEN, ENGINE = table().of("driven lively")[0], table().of("engine clean")[0]


def script(slow: float = 0.0, reaction: float = 1.5) -> Script:
    done = {gesture: tuple(replace(o, reaction=reaction) for o in found) for gesture, found in DRIVEN.done.items()}
    return Script(species="scripted", length=60.0, acts=[Act(start=0.0, scene=replace(DRIVEN, done=done), slow=slow)])


def always(value: float) -> Callable[[], float]:
    return lambda: value


def test_who_was_never_on_before_has_the_usual_time() -> None:
    history = History(script(), POLICY, always(0.9))
    assert history.within(Kind.GESTURE) == POLICY.within_s
    for _ in range(ENOUGH):
        history.took(Kind.GESTURE, 5.5)
    assert history.within(Kind.GESTURE) > POLICY.within_s


@pytest.mark.parametrize(("slow", "longer"), [(0.0, False), (4.0, True)])
def test_a_regular_has_the_time_that_they_are_known_to_take(slow: float, longer: bool) -> None:
    history = History(script(slow), POLICY, always(0.1))
    assert (history.within(Kind.GESTURE) > POLICY.within_s) is longer
    assert history.within(Kind.ROW) == POLICY.row_within_s


def test_what_came_too_late_was_no_answer_and_is_not_remembered() -> None:
    assert History(script(slow=9.0), POLICY, always(0.1)).within(Kind.GESTURE) == POLICY.within_s


def test_an_engine_has_no_history() -> None:
    engine = Script(species="scripted", length=60.0, acts=[Act(start=0.0, scene=replace(ENGINE, done={}))])
    assert History(engine, POLICY, always(0.1)).within(Kind.GESTURE) == POLICY.within_s
