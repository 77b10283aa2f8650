"""Habits: what is often done unasked proves little, and less the later it is done."""

import numpy as np
import pytest

from protocols.driving.calibration import CALIBRATION
from protocols.driving.gesture import answered
from protocols.driving.habit import REACH, UNTOLD, Habit, Habits, habit, reaction_weight
from protocols.driving.track import TelemetryTrack
from protocols.frozen import freeze, thaw
from protocols.gesture import Gesture
from tests.unit.protocols.driving.stage import Course, person, shown, told
from tests.unit.protocols.driving.test_gesture import hold, over, still

LAG, QUIET = 0.6, person(3, size=1.0)
OFTEN = over(QUIET, *(hold(18.0, start=at) for at in (2.0, 7.0, 12.0, 17.0, 22.0, 27.0)))


def of(yaw: Course, *, until: float = 30.0, busy: tuple[tuple[float, float], ...] = ()) -> float:
    return habit(Gesture.LOOK_LEFT, told({"yaw": yaw}, end=40), until, busy).rate(1.8, CALIBRATION)


def test_what_is_often_done_is_frequent_and_what_never_is_is_rare() -> None:
    assert of(OFTEN) > 0.1
    assert of(QUIET) < 0.02


def test_what_was_asked_for_is_no_habit() -> None:
    asked = over(QUIET, hold(18.0, start=12.0))
    assert of(asked) > 1.5 * of(asked, busy=((11.0, 19.0),))


def test_a_gesture_done_by_habit_is_no_answer_and_no_miss() -> None:
    yaw = over(OFTEN, hold(18.0, start=32.0))
    telemetry, motion = told({"yaw": yaw}, end=45), shown(yaw, end=45, lag=LAG)
    known = habit(Gesture.LOOK_LEFT, telemetry, 30.5)
    by_habit = answered(Gesture.LOOK_LEFT, telemetry, motion, 30.5, 6.0, LAG, habit=known)
    rare = answered(Gesture.LOOK_LEFT, telemetry, motion, 30.5, 6.0, LAG)
    assert (by_habit.passed, rare.passed) == (None, True)
    assert by_habit.weight < CALIBRATION.gesture_telling <= rare.weight


def test_chance_passes_no_more_often_than_the_weight_says() -> None:
    """Whoever was never asked: the share of weights from w on is about e^-w at most."""
    weights = []
    for seed in range(6):
        telemetry = told({"yaw": person(20 + seed, size=7.0)}, end=60, seed=seed)
        for asked in np.arange(25.0, 50.0, 2.5).tolist():
            known = habit(Gesture.LOOK_LEFT, telemetry, asked)
            outcome = answered(Gesture.LOOK_LEFT, telemetry, shown(None, end=1), asked, 6.0, LAG, habit=known)
            weights.append(outcome.weight)
    assert np.mean(np.array(weights) >= 3.0) <= 2 * np.exp(-3.0)
    assert max(weights) > 0, "the motion is large enough for some to look like a gesture"


def test_whoever_is_turned_there_already_is_not_asked_to_turn_there() -> None:
    yaw = over(QUIET, lambda t: 14.0 * (np.asarray(t) > 27.0))
    telemetry = told({"yaw": yaw}, end=30)
    assert habit(Gesture.LOOK_LEFT, telemetry, 30.0).telling(CALIBRATION) == -np.inf
    assert habit(Gesture.LOOK_RIGHT, telemetry, 30.0).telling(CALIBRATION) > 2.0
    assert habit(Gesture.SHAKE, telemetry, 30.0).telling(CALIBRATION) > 2.0


def test_a_gesture_that_may_use_either_hand_counts_both() -> None:
    raised = [lambda t, at=at: -1 + hold(1.5, start=at)(t) for at in (6.0, 16.0)]
    one = habit(Gesture.RAISE_HAND, told({"hand_r": raised[0]}, end=30), 30.0)
    both = habit(Gesture.RAISE_HAND, told({"hand_r": raised[0], "hand_l": raised[1]}, end=30), 30.0)
    assert len(one.sizes) < len(both.sizes)
    assert one.watched == pytest.approx(both.watched, abs=2.0)


@pytest.mark.parametrize(
    "telemetry",
    [TelemetryTrack(), told({"pitch": QUIET}, end=30), told({"yaw": QUIET}, end=0.5)],
    ids=["nothing told", "another channel", "too little"],
)
def test_nothing_told_is_no_habit(telemetry: TelemetryTrack) -> None:
    assert habit(Gesture.LOOK_LEFT, telemetry, 30.0) == UNTOLD


def test_too_short_to_look_through_is_watched_for_no_time() -> None:
    assert habit(Gesture.LOOK_LEFT, told({"yaw": still}, end=3.0), 3.0).watched == 0.0


def test_people_react_within_seconds() -> None:
    typical, slow, never = (reaction_weight(seconds, CALIBRATION) for seconds in (1.2, 4.0, 20.0))
    assert typical > slow > never
    assert reaction_weight(0.0, CALIBRATION) == reaction_weight(0.2, CALIBRATION)


def test_what_was_seen_minutes_ago_stays_known() -> None:
    telemetry, known = told({"yaw": OFTEN}, end=40), Habits()
    first = known.of(Gesture.LOOK_LEFT, telemetry, 30.0)
    assert first == habit(Gesture.LOOK_LEFT, telemetry, 30.0)
    later = told({"yaw": QUIET}, end=160)
    quiet = habit(Gesture.LOOK_LEFT, later, 120.0)
    both = known.of(Gesture.LOOK_LEFT, later, 120.0)
    assert both.sizes == (*first.sizes, *quiet.sizes)
    assert both.watched == first.watched + quiet.watched
    assert quiet.rate(1.8, CALIBRATION) < both.rate(1.8, CALIBRATION) < first.rate(1.8, CALIBRATION)


def test_the_same_seconds_are_counted_once_and_what_is_long_ago_is_forgotten() -> None:
    telemetry, known = told({"yaw": OFTEN}, end=40), Habits()
    for until in (28.0, 29.0, 30.0):
        assert known.of(Gesture.LOOK_LEFT, telemetry, until) == habit(Gesture.LOOK_LEFT, telemetry, until)
    for minute in range(1, 9):
        at = 30.0 + minute * (REACH + 1.0)
        lately = known.of(Gesture.LOOK_LEFT, told({"yaw": QUIET}, end=at), at)
    assert lately.watched <= 6 * REACH
    assert not lately.sizes


def test_where_time_begins_anew_or_nothing_is_told_nothing_is_known() -> None:
    known = Habits()
    known.of(Gesture.LOOK_LEFT, told({"yaw": OFTEN}, end=160), 150.0)
    assert known.of(Gesture.LOOK_LEFT, TelemetryTrack(), 200.0) is UNTOLD
    assert not known.of(Gesture.LOOK_LEFT, told({"yaw": QUIET}, end=40), 30.0).sizes


def test_other_evenings_are_known_from_the_first_question_on_and_learned_again() -> None:
    evening = Habits()
    evening.of(Gesture.LOOK_LEFT, told({"yaw": OFTEN}, end=40), 30.0)
    learned = evening.learned()
    assert set(learned) == {Gesture.LOOK_LEFT}
    another = Habits(learned)
    present = habit(Gesture.LOOK_LEFT, told({"yaw": QUIET}, end=40), 20.0)
    both = another.of(Gesture.LOOK_LEFT, told({"yaw": QUIET}, end=40), 20.0)
    assert both.sizes == (*learned[Gesture.LOOK_LEFT].sizes, *present.sizes)
    assert both.rate(1.8, CALIBRATION) > present.rate(1.8, CALIBRATION)
    assert another.learned()[Gesture.LOOK_LEFT].watched == both.watched
    assert another.of(Gesture.NOD, TelemetryTrack(), 20.0) is UNTOLD


def test_no_more_than_minutes_are_kept() -> None:
    known: dict[Gesture, Habit] = {}
    for _ in range(20):
        evening = Habits(known)
        evening.of(Gesture.LOOK_LEFT, told({"yaw": OFTEN}, end=40), 30.0)
        known = {**known, **evening.learned()}
    kept = known[Gesture.LOOK_LEFT]
    assert kept.watched == pytest.approx(300.0)
    assert len(kept.sizes) / kept.watched == pytest.approx(len(evening.learned()[Gesture.LOOK_LEFT].sizes) / 300.0)
    assert kept.rate(1.8, CALIBRATION) > 0.1
    assert not kept.held


def test_what_is_known_survives_freezing() -> None:
    evening = Habits({Gesture.NOD: habit(Gesture.NOD, told({"pitch": OFTEN}, end=40), 30.0)})
    evening.of(Gesture.LOOK_LEFT, told({"yaw": OFTEN}, end=40), 30.0)
    assert thaw(freeze(evening)).learned() == evening.learned()
