"""The challenge rule on instruments whose answers are known: what outcomes say together."""

from dataclasses import dataclass, field, replace

import pytest

from protocols.driving.calibration import CALIBRATION
from protocols.driving.convention import Reading
from protocols.driving.correlation import Driving
from protocols.driving.gesture import GestureOutcome
from protocols.driving.habit import UNTOLD, Habit, Spans
from protocols.driving.lag import LAGS, LagBelief
from protocols.evidence import RuleName
from protocols.gesture import Gesture
from protocols.judge import Judge
from protocols.observation import Blindness, ChallengeAnswered, ChallengeAsked, DigitsAsked, Observation, Presence, Rest
from protocols.policy import STANDARD
from protocols.rules.challenge import ChallengeRule
from protocols.rules.driving import DrivingRule
from protocols.rules.tracks import Tracks
from protocols.verdict import Driver, Verdict
from tests.unit.monitor.simulation.table import FAILED, PASSED
from tests.unit.protocols.test_judge import LIKENESS, OURS, picture

MISSED, HALF_TOLD = FAILED, replace(FAILED, untold=0.5)
LATE = replace(PASSED, passed=None, weight=0.7, seen_at=None, picture_score=1.2, began=7.0)
WITHIN, APART = STANDARD.challenge.within_s, 16.0
FUSION = STANDARD.fusion


@dataclass(slots=True, kw_only=True)
class Known(Tracks):
    """Tracks that answer what they are told to: ``outcomes`` in the order of asking, ``window`` nats each."""

    outcomes: list[GestureOutcome] = field(default_factory=list)
    window: float = 3.0
    still: bool = False
    elsewhere: float | None = None
    habits: dict[Gesture, Habit] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)

    def assess(self, start: float, end: float, belief: LagBelief, calibration: object) -> Driving:
        return Driving(
            start=start, end=end, score=self.window, weight=self.window, information=1.0, strength=5.0, channels=(),
            lag=0.4 if self.elsewhere is None else None, mirrored=False, profile=(self.window,) * len(LAGS),
            elsewhere=self.elsewhere,
        )  # fmt: skip

    def silent(self, start: float, end: float) -> bool:
        return False

    def liveliness(self, start: float, end: float) -> float:
        return 0.2 if self.still else 1.0

    def habit(self, gesture: Gesture, until: float, busy: Spans) -> Habit:
        return self.habits.get(gesture, Habit(watched=40.0))

    def answered(self, gesture: Gesture, asked: float, *_: object) -> GestureOutcome:
        if asked not in self.asked:
            self.asked.append(asked)
        return self.outcomes[self.asked.index(asked)]

    def told(self, start: float, end: float) -> bool:
        return not self.still


def rule(tracks: Known) -> ChallengeRule:
    return ChallengeRule(STANDARD, tracks, DrivingRule(STANDARD, tracks, CALIBRATION), CALIBRATION)


def ask(number: int, at: float) -> ChallengeAsked:
    return ChallengeAsked(at=at, challenge=str(number), gesture=Gesture.NOD, within=WITHIN)


def asked(outcomes: list[GestureOutcome], *, apart: float = APART, **more: object) -> tuple[ChallengeRule, float]:
    """A rule that judged ``outcomes`` of questions so many seconds apart, and when it had."""
    judging = rule(Known(outcomes=outcomes, **more))  # type: ignore[arg-type]
    at = 0.0
    for number in range(len(outcomes)):
        judging.observe(ask(number, number * apart))
        at = number * apart + apart
        judging.judge(at)
    judging.judge(at + 2 * APART)
    return judging, at


def weight(judging: ChallengeRule, at: float) -> float:
    return sum(evidence.weight for evidence in judging.standing(at))


def test_answers_settle_and_a_miss_unsettles() -> None:
    assert [asked(outcomes)[0].settled for outcomes in ([], [PASSED], [PASSED] * 2, [PASSED] * 2 + [MISSED])] == [
        False, False, True, False,
    ]  # fmt: skip
    judging, _ = asked([PASSED, PASSED, MISSED, PASSED])
    assert judging.settled
    assert not judging.missed
    assert asked([PASSED, MISSED])[0].missed


def test_one_answer_speaks_for_no_more_than_it_tells() -> None:
    assert weight(*asked([PASSED])) == pytest.approx(FUSION.challenge_passed, rel=0.1)
    assert weight(*asked([replace(PASSED, weight=2.1)])) == pytest.approx(2.1, rel=0.1)


def test_misses_add_up_beyond_what_answers_can() -> None:
    assert weight(*asked([MISSED] * 8)) == pytest.approx(-FUSION.challenge_missed_cap)
    assert weight(*asked([PASSED] * 8)) == pytest.approx(FUSION.challenge_cap)


def test_questions_that_overlap_are_missed_once() -> None:
    judging, _ = asked([MISSED] * 4, apart=2.0)
    assert weight(judging, 10.0) == pytest.approx(-FUSION.challenge_failed)


def test_what_was_not_told_may_have_been_the_answer() -> None:
    half, full = (weight(*asked([outcome])) for outcome in (HALF_TOLD, MISSED))
    assert full < half < 0
    assert weight(*asked([replace(MISSED, untold=1.0)])) == 0.0


@pytest.mark.parametrize(
    ("outcome", "least", "most"),
    [
        (LATE, 0.3, 0.8),
        (replace(LATE, weight=0.0), -1e-9, 1e-9),
        (replace(LATE, weight=-3.0), -FUSION.challenge_failed, -1.0),
        (replace(LATE, picture_score=0.7), 0.0, 0.0),  # it may stand behind a gift
        (replace(LATE, instead=Reading(channel="yaw", sign=-1)), 0.0, 0.0),
    ],
)
def test_what_is_no_answer_says_how_far_it_is_one(outcome: GestureOutcome, least: float, most: float) -> None:
    assert least <= weight(*asked([outcome])) <= most
    assert asked([MISSED, outcome])[0].missed  # still the last that could be judged


def test_what_nobody_could_hear_is_no_answer_either() -> None:
    judging = rule(Known(outcomes=[LATE]))
    judging.observe(ask(0, 0.0))
    judging.observe(Presence(at=1.0, operator="op", connected=False, cause="gone"))
    (judged,) = (*judging.judge(APART), *judging.judge(3 * APART))
    assert (judged.passed, judged.weight) == (None, 0.0)


def test_a_seat_that_was_left_is_no_miss_where_the_avatar_does_not_move_either() -> None:
    nothing = replace(MISSED, passed=None)
    assert weight(*asked([nothing], still=True)) == 0.0
    judging = rule(Known(outcomes=[nothing]))
    assert judging.finding(0.0).value == "unknown"


def test_only_what_habits_leave_telling_is_asked_or_else_the_best() -> None:
    often, never = Habit(sizes=(2.0,) * 9, watched=40.0), Habit(watched=40.0)
    some = rule(Known(habits=dict.fromkeys(Gesture, often) | {Gesture.NOD: never}))
    assert some.telling(tuple(Gesture), 50.0)[0] is Gesture.NOD
    assert len(some.telling(tuple(Gesture), 50.0)) == 2
    none = rule(Known(habits=dict.fromkeys(Gesture, often)))
    assert len(none.telling(tuple(Gesture), 50.0)) == 2


@dataclass(slots=True, kw_only=True)
class Row(Known):
    """Answers by gesture, and keeps from when to when each was looked for."""

    by: dict[Gesture, GestureOutcome] = field(default_factory=dict)
    spans: list[tuple[float, float]] = field(default_factory=list)

    def answered(self, gesture: Gesture, asked: float, within: float, *_: object) -> GestureOutcome:  # type: ignore[override]
        self.spans.append((asked, asked + within))
        return self.by[gesture]


@pytest.mark.parametrize(
    ("first", "second", "passed", "nats"),
    [
        (PASSED, PASSED, True, FUSION.challenge_cap),
        (PASSED, MISSED, False, -FUSION.challenge_failed),
        (PASSED, replace(PASSED, passed=None), None, 0.0),
    ],
)
def test_gestures_in_a_row_are_one_question_whose_parts_follow_each_other(
    first: GestureOutcome, second: GestureOutcome, passed: bool | None, nats: float
) -> None:
    row = Row(by={Gesture.NOD: replace(first, began=11.5), Gesture.BLINK_TWICE: replace(second, began=14.0)})
    judging = rule(row)
    judging.observe(replace(ask(1, 10.0), then=(Gesture.BLINK_TWICE,), within=10.0))
    [judged] = [*judging.judge(23.5), *judging.judge(26.0)]
    assert (judged.passed, judged.then) == (passed, (Gesture.BLINK_TWICE,))
    assert row.spans[:2] == [(10.0, 20.0), (11.5, 20.0)]
    assert weight(judging, judged.at) == pytest.approx(nats)
    assert judged.document()["then"] == ["blink_twice"]


def test_what_begins_sooner_than_the_operator_ever_did_is_not_looked_for() -> None:
    row = Row(by={Gesture.NOD: PASSED})
    judging = rule(row)
    judging.observe(replace(ask(1, 10.0), soonest=0.5))
    [judged] = judging.judge(23.5)
    assert row.spans == [(pytest.approx(10.3), pytest.approx(10.0 + WITHIN))]
    assert judged.reaction == pytest.approx(PASSED.reaction + 0.3)


def typing(number: int, at: float) -> DigitsAsked:
    return DigitsAsked(at=at, challenge=f"digits {number}", digits="0472", within=30.0)


def typed(number: int, at: float) -> ChallengeAnswered:
    return ChallengeAnswered(at=at, challenge=f"digits {number}")


def test_the_last_digits_alone_speak_a_little_and_settle_nothing() -> None:
    judging = rule(Known())
    for number in range(9):
        judging.observe(typing(number, 10.0 * number))
        judging.observe(typed(number, 10.0 * number + 4.0))
        [judged] = judging.judge(10.0 * number + 4.5)
        assert (judged.passed, judged.reaction, judged.typed) == (True, 4.0, True)
    assert weight(judging, 84.5) == pytest.approx(FUSION.digits_passed)
    assert not judging.settled
    assert judged.document()["gesture"] is None
    assert judged.document()["digits"] is True
    assert dict(judging.standing(84.5)[0].facts)["gesture"] == "digits"


def test_digits_that_are_not_typed_are_missed_once_their_time_is_over() -> None:
    judging = rule(Known())
    judging.observe(typing(0, 0.0))
    assert judging.judge(30.5) == ()
    [judged] = judging.judge(31.0)
    assert judged.passed is False
    assert judging.missed
    judging.observe(typing(1, 40.0))
    judging.judge(80.0)
    assert weight(judging, 80.0) == pytest.approx(-FUSION.digits_missed)


def test_digits_that_are_typed_faster_than_people_do_were_not_typed_by_one() -> None:
    judging = rule(Known())
    judging.observe(typing(0, 0.0))
    judging.observe(typed(0, 0.1))
    [judged] = judging.judge(0.5)
    assert (judged.passed, judged.reaction) == (False, 0.1)


@pytest.mark.parametrize(
    ("happened", "passed"),
    [
        (Presence(at=2.0, operator="op", connected=False, cause="silent"), None),
        (Rest(at=2.0, operator="op", until=300.0), None),
        (Blindness(at=2.0, blind=True, cause="no picture"), False),
    ],
)
def test_nobody_who_cannot_be_asked_misses_digits_and_the_picture_is_not_needed(
    happened: Observation, passed: bool | None
) -> None:
    judging = rule(Known())
    judging.observe(typing(0, 0.0))
    judging.observe(happened)
    [judged] = judging.judge(31.0)
    assert (judged.passed, judged.weight) == (passed, -FUSION.digits_missed if passed is False else 0.0)


def test_where_a_recording_ends_only_what_was_typed_is_judged() -> None:
    judging = rule(Known())
    judging.observe(typing(0, 0.0))
    judging.observe(typing(1, 1.0))
    judging.observe(typed(1, 5.0))
    assert [judged.challenge for judged in judging.judge_rest(6.0)] == ["digits 1"]


def verdicts(outcomes: list[GestureOutcome], *, windows: float = 3.0, quiet: float = 0.0) -> list[Verdict]:
    """What is said of a stream whose windows all say ``windows`` nats and where ``outcomes`` came of the questions."""
    tracks = Known(outcomes=outcomes, window=windows)
    judge = Judge(policy=STANDARD, policy_id="t@1", claimed=OURS, gallery={}, likeness=LIKENESS, instruments=tracks)
    moved = picture([0.0] * 4, 2)[0]
    said, questions = [], {5.0 + number * APART: ask(number, 5.0 + number * APART) for number in range(len(outcomes))}
    for tick in range(round(2 * (5.0 + APART * len(outcomes) + quiet))):
        at = tick / 2
        come: list[Observation] = [replace(moved, at=at)] if at else [HERE]
        come += [questions[at]] if at in questions else []
        said.append(judge.consider(come, at)[0])
    return said


HERE = Presence(at=0.0, operator="op", connected=True, cause="hello")


def test_a_recording_that_matches_its_telemetry_and_answers_nothing_is_ai() -> None:
    said = verdicts([MISSED] * 4, quiet=12.0)
    assert said[-1].driver is Driver.AI
    assert said[-1].cause is RuleName.CHALLENGE


def test_a_person_who_misses_two_and_answers_the_third_is_never_ai() -> None:
    said = verdicts([PASSED, MISSED, MISSED, PASSED, PASSED], quiet=12.0)
    assert Driver.AI not in {one.driver for one in said}
    assert said[-1].driver is Driver.HUMAN


def test_whoever_moves_the_avatar_and_answers_nothing_yet_is_mixed_not_unknown() -> None:
    assert verdicts([MISSED] * 2, quiet=12.0)[-1].driver is Driver.MIXED


def test_the_table_of_a_verdict_still_sums_to_its_log_odds() -> None:
    for one in verdicts([PASSED, MISSED, MISSED]):
        assert one.log_odds == pytest.approx(one.prior + sum(e.weight for e in one.evidence))


def test_windows_after_an_answer_that_disagree_take_back_what_it_said() -> None:
    def answers(one: Verdict) -> float:
        return sum(e.weight for e in one.evidence if e.rule is RuleName.CHALLENGE)

    assert answers(verdicts([PASSED], windows=3.0, quiet=30.0)[-1]) > 2.0
    assert answers(verdicts([PASSED], windows=-2.0, quiet=30.0)[-1]) == 0.0


def test_who_tells_a_gesture_otherwise_twice_in_the_same_way_has_answered_from_then_on() -> None:
    flipped = replace(MISSED, instead=Reading(channel="yaw", sign=-1), weight=3.0)
    judging = rule(Known(outcomes=[flipped, flipped]))
    judging.observe(ask(0, 0.0))
    (first,) = judging.judge(20.0)
    assert (first.passed, first.weight) == (None, 0.0)
    assert dict(judging.standing(20.0)[0].facts)["told_instead"] == "-yaw"
    judging.observe(ask(1, 30.0))
    (second,) = judging.judge(50.0)
    assert (second.passed, second.weight) == (True, 3.0)


def test_who_tells_it_in_another_way_each_time_has_not() -> None:
    ways = [replace(MISSED, instead=Reading(channel=name, sign=1), weight=3.0) for name in ("yaw", "roll")]
    judging, _ = asked(ways)
    assert judging.finding(0.0).value == "unknown"


def test_what_the_tracking_does_not_tell_is_not_asked_for() -> None:
    known = dict.fromkeys(Gesture, UNTOLD) | {Gesture.OPEN_MOUTH: Habit(watched=40.0)}
    assert rule(Known(habits=known)).telling(tuple(Gesture), 50.0) == (Gesture.OPEN_MOUTH,)
    nothing = dict.fromkeys(Gesture, UNTOLD)
    assert len(rule(Known(habits=nothing)).telling(tuple(Gesture), 50.0)) == 2


def test_while_a_clock_is_wrong_nothing_counts_as_missed() -> None:
    tracks = Known(outcomes=[MISSED, MISSED], elsewhere=6.0)
    driving = DrivingRule(STANDARD, tracks, CALIBRATION)
    judging = ChallengeRule(STANDARD, tracks, driving, CALIBRATION)
    moved = picture([0.0] * 4, 2)[0]
    judging.observe(ask(0, 0.0))
    assert [done.passed for done in judging.judge(20.0)] == [False]
    assert weight(judging, 20.0) < -1.0
    for number in range(28 * 4):
        driving.observe(replace(moved, at=number / 4))
    driving.close_windows(28.0)
    assert weight(judging, 28.0) == 0.0, "nor does what was taken for missed before that was known"
    judging.observe(ask(1, 28.0))
    assert [done.passed for done in judging.judge(60.0)] == [None]
