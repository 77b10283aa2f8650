"""Gestures: done, not done, done on one side only, done too early or faster than people are."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from protocols.driving.calibration import CALIBRATION
from protocols.driving.convention import Reading
from protocols.driving.gesture import FORMS, GestureOutcome, answered, in_order
from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.gesture import Gesture
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.driving.stage import Course, person, shown, told

ASKED, WITHIN, LAG = 8.0, 4.0, 0.6
QUIET, OTHER = person(3, size=1.0), person(8, size=1.0)


def ease(t: np.ndarray, start: float, seconds: float) -> np.ndarray:
    x = np.clip((t - start) / seconds, 0, 1)
    return x * x * (3 - 2 * x)


def hold(size: float, *, start: float, rise: float = 0.35, stay: float = 1.0) -> Course:
    return lambda t: size * (ease(t, start, rise) - ease(t, start + rise + stay, rise))


def swing(size: float, *, start: float, rate: float = 1.8, seconds: float = 1.7) -> Course:
    def course(t: np.ndarray) -> np.ndarray:
        inside = (t > start) & (t < start + seconds)
        return size * np.sin(2 * np.pi * rate * (t - start)) * np.sin(np.pi * (t - start) / seconds) * inside

    return course


def blinks(start: float) -> Course:
    return lambda t: sum(np.exp(-0.5 * ((t - start - d) / 0.06) ** 2) for d in (0.15, 0.6))


def over(*courses: Course) -> Course:
    return lambda t: sum(course(t) for course in courses)


def still(t: np.ndarray) -> np.ndarray:
    return 0.0 * t


@pytest.mark.parametrize("sign", [1, -1], ids=["left", "right"])
def test_a_look_done_by_both_passes_and_only_the_one_asked_for(sign: int) -> None:
    yaw = over(QUIET, hold(sign * 18.0, start=9.2))
    telemetry, motion = told({"yaw": yaw}, end=22), shown(yaw, end=22, lag=LAG)
    asked, other = (Gesture.LOOK_LEFT, Gesture.LOOK_RIGHT)[:: int(sign)]
    outcome = answered(asked, telemetry, motion, ASKED, WITHIN, LAG)
    assert outcome.passed is True
    assert outcome.score >= 1.0
    assert outcome.reaction == pytest.approx(1.25, abs=0.25)
    assert outcome.seen_at == pytest.approx(9.2 + LAG, abs=0.4)
    assert answered(other, telemetry, motion, ASKED, WITHIN, LAG).passed is False


def test_the_lag_need_not_be_known() -> None:
    yaw = over(QUIET, hold(18.0, start=9.2))
    outcome = answered(Gesture.LOOK_LEFT, told({"yaw": yaw}, end=22), shown(yaw, end=22, lag=1.1), ASKED, WITHIN)
    assert outcome.passed is True
    assert outcome.seen_at == pytest.approx(10.3, abs=0.4)


def test_a_shake_and_a_nod_pass_as_themselves() -> None:
    yaw, pitch = over(QUIET, swing(16.0, start=9.0)), over(OTHER, swing(12.0, start=9.0))
    shaken = told({"yaw": yaw, "pitch": OTHER}, end=22), shown(yaw, pitch=OTHER, end=22, lag=LAG)
    nodded = told({"yaw": QUIET, "pitch": pitch}, end=22), shown(QUIET, pitch=pitch, end=22, lag=LAG)
    assert answered(Gesture.SHAKE, *shaken, ASKED, WITHIN, LAG).passed is True
    assert answered(Gesture.NOD, *nodded, ASKED, WITHIN, LAG).passed is True
    assert answered(Gesture.NOD, *shaken, ASKED, WITHIN, LAG).passed is False
    assert answered(Gesture.SHAKE, *nodded, ASKED, WITHIN, LAG).passed is False


def test_nothing_done_fails() -> None:
    outcome = answered(Gesture.LOOK_LEFT, told({"yaw": QUIET}, end=22), shown(QUIET, end=22), ASKED, WITHIN, LAG)
    assert outcome.passed is False
    assert outcome.telemetry_score < 1.0
    assert outcome.seen_at is None


def test_done_in_the_telemetry_alone_fails() -> None:
    telemetry = told({"yaw": over(QUIET, hold(18.0, start=9.2))}, end=22)
    outcome = answered(Gesture.LOOK_LEFT, telemetry, shown(lambda t: 0.0 * t, end=22, lag=LAG), ASKED, WITHIN, LAG)
    assert outcome.passed is False
    assert outcome.telemetry_score >= 1.0
    assert outcome.picture_score < 0.5


def test_a_picture_that_shows_it_by_half_says_neither() -> None:
    telemetry = told({"yaw": over(QUIET, hold(18.0, start=9.2))}, end=22)
    hidden = shown(OTHER, end=22, lag=LAG)
    outcome = answered(Gesture.LOOK_LEFT, telemetry, hidden, ASKED, WITHIN, LAG)
    assert 0.5 <= outcome.picture_score < 1.0
    assert outcome.passed is None
    assert outcome.seen_at is None
    strict = replace(CALIBRATION, gesture_unclear=1.0)
    assert answered(Gesture.LOOK_LEFT, telemetry, hidden, ASKED, WITHIN, LAG, calibration=strict).passed is False


def test_done_in_the_picture_alone_fails() -> None:
    motion = shown(over(QUIET, hold(18.0, start=9.2)), end=22, lag=LAG)
    outcome = answered(Gesture.LOOK_LEFT, told({"yaw": QUIET}, end=22), motion, ASKED, WITHIN, LAG)
    assert outcome.passed is False


@pytest.mark.parametrize("start", [7.0, 8.05, 13.5], ids=["before it was asked", "faster than a reaction", "too late"])
def test_at_the_wrong_time_fails(start: float) -> None:
    yaw = over(QUIET, hold(18.0, start=start, stay=0.8))
    outcome = answered(Gesture.LOOK_LEFT, told({"yaw": yaw}, end=22), shown(yaw, end=22), ASKED, WITHIN, LAG)
    assert outcome.passed is False


def test_faster_than_a_neck_turns_fails() -> None:
    yaw = over(QUIET, hold(170.0, start=9.2, rise=0.02))
    outcome = answered(Gesture.LOOK_LEFT, told({"yaw": yaw}, end=22), shown(yaw, end=22), ASKED, WITHIN, LAG)
    assert outcome.passed is False


@pytest.mark.parametrize(
    ("gesture", "channel", "course"),
    [
        (Gesture.OPEN_MOUTH, "mouth_open", hold(0.9, start=9.0, rise=0.15)),
        (Gesture.BLINK_TWICE, "eye_blink", blinks(9.0)),
        (Gesture.RAISE_HAND, "hand_r", lambda t: -1 + hold(1.5, start=9.0)(t)),
        (Gesture.RAISE_HAND, "hand_l", lambda t: -1 + hold(1.5, start=9.0)(t)),
        (Gesture.TILT_LEFT, "roll", hold(-18.0, start=9.0)),
        (Gesture.TILT_RIGHT, "roll", hold(18.0, start=9.0)),
    ],
)
def test_every_gesture_is_found_in_the_telemetry_where_done_and_only_there(
    gesture: Gesture, channel: str, course: Callable[[np.ndarray], np.ndarray]
) -> None:
    rest = (lambda t: -1.0 + 0 * t) if channel.startswith("hand") else still
    motion = shown(QUIET, end=22)
    done = answered(gesture, told({channel: course}, end=22), motion, ASKED, WITHIN, LAG)
    not_done = answered(gesture, told({channel: rest}, end=22), motion, ASKED, WITHIN, LAG)
    assert done.telemetry_score >= 1.0
    assert not_done.telemetry_score < 1.0
    assert not_done.passed is False


@pytest.mark.parametrize(
    ("telemetry", "motion"),
    [
        (TelemetryTrack(), shown(QUIET, end=22)),
        (told({"pitch": QUIET}, end=22), shown(QUIET, end=22)),
        (told({"yaw": QUIET}, end=9), shown(QUIET, end=22)),
        (told({"yaw": over(QUIET, hold(18.0, start=9.2))}, end=22), MotionTrack()),
        (told({"yaw": over(QUIET, hold(18.0, start=9.2))}, end=22), shown(QUIET, end=9)),
    ],
    ids=["no telemetry", "channel not tracked", "time not over", "no picture", "picture ended"],
)
def test_what_cannot_be_judged_is_none(telemetry: TelemetryTrack, motion: MotionTrack) -> None:
    assert answered(Gesture.LOOK_LEFT, telemetry, motion, ASKED, WITHIN, LAG).passed is None


def test_every_gesture_has_a_form() -> None:
    assert set(FORMS) == set(Gesture)


def test_blinks_far_apart_are_not_two_in_a_row() -> None:
    slow = over(blinks(9.0), lambda t: 0.0 * t)

    def apart(t: np.ndarray) -> np.ndarray:
        t = np.asarray(t)
        return np.where(t < 9.25, slow(t), 0.0) + np.where((t > 11.0) & (t < 11.2), 1.0, 0.0)

    telemetry = told({"eye_blink": apart}, end=22)
    outcome = answered(Gesture.BLINK_TWICE, telemetry, shown(QUIET, end=22), ASKED, WITHIN, LAG)
    assert outcome.passed is False


def test_a_lag_beyond_what_is_looked_at_cannot_be_judged() -> None:
    yaw = over(QUIET, hold(18.0, start=9.2))
    telemetry, motion = told({"yaw": yaw}, end=22), shown(yaw, end=22, lag=LAG)
    assert answered(Gesture.LOOK_LEFT, telemetry, motion, ASKED, WITHIN, 5.0).passed is None


def test_an_answer_shorter_than_its_gesture_is_none() -> None:
    yaw = over(QUIET, hold(18.0, start=9.2))
    telemetry = TelemetryTrack()
    for at in np.linspace(ASKED, ASKED + 0.3, 24):
        telemetry.add(TelemetrySample(at=float(at), yaw=float(yaw(np.array(at)))))
    outcome = answered(Gesture.LOOK_LEFT, telemetry, shown(yaw, end=22), ASKED, 0.25, LAG)
    assert outcome.passed is not True


def test_telemetry_too_brief_to_compare_with_the_picture_cannot_be_judged() -> None:
    yaw = over(QUIET, hold(18.0, start=ASKED + 0.5))
    telemetry = told({"yaw": yaw}, start=ASKED - 0.3, end=ASKED + 2.3)
    assert answered(Gesture.LOOK_LEFT, telemetry, shown(yaw, end=22), ASKED, 1.5, LAG).passed is None


@cache
def left_then_right() -> tuple[TelemetryTrack, MotionTrack]:
    yaw = over(QUIET, hold(18.0, start=9.0, stay=0.7), hold(-18.0, start=13.0, stay=0.7))
    return told({"yaw": yaw}, end=22), shown(yaw, end=22, lag=LAG)


def looks(*spans: tuple[Gesture, float]) -> GestureOutcome:
    """What left, then right, is for gestures asked for at their times."""
    telemetry, motion = left_then_right()
    return in_order([answered(gesture, telemetry, motion, asked, 3.0, LAG) for gesture, asked in spans])


def test_gestures_done_in_the_order_asked_for_are_one_answer_that_weighs_as_all_of_them() -> None:
    both = looks((Gesture.LOOK_LEFT, 8.0), (Gesture.LOOK_RIGHT, 12.0))
    alone = looks((Gesture.LOOK_LEFT, 8.0))
    assert both.passed is True
    assert both.weight > 1.5 * alone.weight > 0
    assert both.seen_at == pytest.approx(13.0 + LAG, abs=0.4)
    assert both.reaction == alone.reaction
    assert both.began == alone.began


@pytest.mark.parametrize(
    "spans",
    [
        [(Gesture.LOOK_RIGHT, 8.0), (Gesture.LOOK_LEFT, 12.0)],
        [(Gesture.LOOK_LEFT, 8.0), (Gesture.LOOK_LEFT, 12.0)],
        [(Gesture.LOOK_LEFT, 8.0), (Gesture.LOOK_LEFT, 8.0)],
        [(Gesture.LOOK_RIGHT, 12.0), (Gesture.LOOK_LEFT, 8.0)],
    ],
    ids=["the other way round", "one of them only", "one movement for two", "both, in another order than asked"],
)
def test_another_order_is_no_answer(spans: list[tuple[Gesture, float]]) -> None:
    outcome = looks(*spans)
    assert outcome.passed is False
    assert outcome.weight == 0.0
    assert outcome.score < 1.0


def test_a_sequence_of_which_a_part_cannot_be_judged_cannot_be_judged_unless_another_part_failed() -> None:
    unjudged = (Gesture.OPEN_MOUTH, 16.0)
    assert looks((Gesture.LOOK_LEFT, 8.0), unjudged).passed is None
    assert looks((Gesture.LOOK_RIGHT, 8.0), unjudged).passed is False


def test_what_failed_may_have_been_lost_as_far_as_all_that_failed_may_have_been() -> None:
    passed, lost, missed = (
        GestureOutcome(
            passed=done,
            score=float(done),
            seen_at=None,
            reaction=None,
            telemetry_score=0.0,
            picture_score=0.0,
            untold=untold,
            began=1.0 if done else None,
        )
        for done, untold in ((True, 0.0), (False, 0.7), (False, 0.1))
    )
    assert in_order([passed, lost]).untold == 0.7
    assert in_order([lost, missed]).untold == 0.1


HEAD = (12 / 32, 4 / 18, 8 / 32, 6 / 18)  # where the stage has it


def gifted(motion: MotionTrack, *, seed: int = 4) -> MotionTrack:
    """The same picture, and under the head something that moves more than it."""
    drift, track = person(seed, size=20.0), MotionTrack()
    dice = np.random.default_rng(seed)
    texture = dice.normal(0, 60, (30, 400))
    for m in motion.between(0.0, 30.0):
        flow, detail = m.flow.copy(), m.detail.copy()
        speed = (drift(np.array(m.at)) - drift(np.array(m.at - m.interval))) / m.interval
        flow[11:, 4:28, 0] += 0.01 * speed
        left = int(100 + np.clip(4 * drift(np.array(m.at)), -90, 90))
        detail[42:, 16:112] = (120 + texture[:, left : left + 96]).clip(0, 255)
        track.add(replace(m, flow=flow, detail=detail))
    return track


def test_a_gift_beside_the_head_hides_nothing_where_the_head_is_known() -> None:
    yaw = over(QUIET, hold(18.0, start=9.2))
    telemetry, clear = told({"yaw": yaw}, end=22), shown(yaw, end=22, lag=LAG)
    without = answered(Gesture.LOOK_LEFT, telemetry, clear, ASKED, WITHIN, LAG, head=HEAD)
    beside = answered(Gesture.LOOK_LEFT, telemetry, gifted(clear), ASKED, WITHIN, LAG, head=HEAD)
    assert beside.passed is True
    assert beside.picture_score == pytest.approx(without.picture_score, rel=0.1)
    unknown_lag = answered(Gesture.LOOK_LEFT, telemetry, gifted(clear), ASKED, WITHIN, head=HEAD)
    assert unknown_lag.passed is True
    assert unknown_lag.picture_score < beside.picture_score


def test_another_head_is_not_moved_by_a_gesture() -> None:
    telemetry = told({"yaw": over(QUIET, hold(18.0, start=9.2))}, end=22)
    stranger = gifted(shown(over(person(21, size=6.0)), end=22, lag=LAG))
    assert answered(Gesture.LOOK_LEFT, telemetry, stranger, ASKED, WITHIN, LAG, head=HEAD).passed is not True


@pytest.mark.parametrize(
    ("channels", "reading"),
    [
        ({"yaw": lambda course: lambda t: -course(t)}, Reading(channel="yaw", sign=-1)),
        ({"pitch": lambda course: course, "yaw": lambda course: OTHER}, Reading(channel="pitch", sign=1)),
        ({"roll": lambda course: lambda t: -course(t)}, Reading(channel="roll", sign=-1)),
    ],
    ids=["the other way round", "as pitch", "as roll, the other way round, yaw not told"],
)
def test_a_gesture_that_is_told_by_another_convention_is_found_as_such(
    channels: dict[str, Callable[[Course], Course]], reading: Reading
) -> None:
    yaw = over(QUIET, hold(18.0, start=21.2))
    telemetry = told({"pitch": OTHER, "yaw": OTHER} | {name: made(yaw) for name, made in channels.items()}, end=34)
    outcome = answered(Gesture.LOOK_LEFT, telemetry, shown(yaw, end=34, lag=LAG), 20.0, WITHIN, LAG)
    assert (outcome.passed, outcome.instead) == (False, reading)
    assert outcome.weight >= CALIBRATION.gesture_telling
    assert outcome.seen_at == pytest.approx(21.2 + LAG, abs=0.4)
    unmoved = answered(Gesture.LOOK_LEFT, telemetry, shown(person(77), end=34, lag=LAG), 20.0, WITHIN, LAG)
    assert unmoved.instead is None, "the picture has to show it all the same"


def test_a_black_picture_cannot_be_judged() -> None:
    yaw = over(QUIET, hold(18.0, start=9.2))
    dark = MotionTrack()
    for m in shown(None, end=22).between(0.0, 22.0):
        dark.add(replace(m, flow=np.zeros_like(m.flow), detail=np.full_like(m.detail, 16)))
    assert answered(Gesture.LOOK_LEFT, told({"yaw": yaw}, end=22), dark, ASKED, WITHIN, LAG).passed is None
