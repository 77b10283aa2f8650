"""Driving correlation on motion whose author is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.driving.calibration import CALIBRATION
from protocols.driving.correlation import assess, measure
from protocols.driving.lag import LAGS, LagBelief
from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.observation import Motion
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.driving.stage import person, shown, told

ANNA, BERT = person(11), person(23)


@pytest.mark.parametrize("lag", [0.08, 0.6, 1.44, 2.5])
def test_who_drives_is_found_with_the_lag(lag: float) -> None:
    driving = assess(told({"yaw": ANNA}, end=16), shown(ANNA, end=16, lag=lag), 5.0, 15.0)
    assert driving.weight > 2.0
    assert driving.lag == pytest.approx(lag, abs=0.05)
    assert not driving.mirrored
    assert driving.channels[0].correlation > 0.8


def test_another_persons_telemetry_speaks_against() -> None:
    driving = assess(told({"yaw": BERT}, end=16), shown(ANNA, end=16), 5.0, 15.0)
    assert driving.weight < 0.0
    assert driving.lag is None


@pytest.mark.parametrize("gain", [0.0015, 0.004, 0.01])
def test_gain_does_not_matter(gain: float) -> None:
    assert assess(told({"yaw": ANNA}, end=16), shown(ANNA, end=16, gain=gain), 5.0, 15.0).weight > 2.0


def test_a_mirrored_avatar_is_driven_and_said_to_be_mirrored() -> None:
    driving = assess(told({"yaw": ANNA}, end=16), shown(lambda t: -ANNA(t), end=16), 5.0, 15.0)
    assert driving.weight > 2.0
    assert driving.mirrored


def test_a_camera_that_pans_does_not_hide_the_driver() -> None:
    pan = person(5, size=0.05)
    assert assess(told({"yaw": ANNA}, end=16), shown(ANNA, end=16, pan=pan), 5.0, 15.0).weight > 2.0


def test_a_camera_that_pans_is_no_driver() -> None:
    pan = person(5, size=0.05)
    telemetry = told({"yaw": lambda t: 100 * pan(t)}, end=16)
    assert assess(telemetry, shown(BERT, end=16, pan=lambda t: pan(t - 0.6)), 5.0, 15.0).weight < 1.0


def test_slow_sines_do_not_fool() -> None:
    telemetry = told({"yaw": lambda t: 8 * np.sin(2 * np.pi * t / 4.0)}, end=16)
    picture = shown(lambda t: 8 * np.sin(2 * np.pi * t / 4.0 + 1.0), end=16)
    assert assess(telemetry, picture, 5.0, 15.0).weight < 1.0


def test_a_still_performer_is_little_information_not_a_no() -> None:
    driving = assess(told({"yaw": lambda t: 0 * t}, end=16), shown(None, end=16), 5.0, 15.0)
    assert driving.information < 0.3
    assert abs(driving.weight) < 0.4


def test_half_the_frames_are_enough() -> None:
    assert assess(told({"yaw": ANNA}, end=16), shown(ANNA, end=16, rate=12.5), 5.0, 15.0).weight > 2.0


def test_a_clock_that_drifts_and_samples_that_are_lost_are_borne() -> None:
    telemetry = told({"yaw": lambda t: ANNA(t / 1.004)}, end=16, missing=0.3)
    assert assess(telemetry, shown(ANNA, end=16), 5.0, 15.0).weight > 2.0


def test_channels_that_are_silent_do_not_drown_the_one_that_speaks() -> None:
    still = {name: (lambda t: 0 * t) for name in ("pitch", "roll", "mouth_open", "hand_l")}
    assert assess(told({"yaw": ANNA, **still}, end=16), shown(ANNA, end=16), 5.0, 15.0).weight > 2.0


@pytest.mark.parametrize(
    ("telemetry", "motion"),
    [
        (TelemetryTrack(), shown(ANNA, end=16)),
        (told({"yaw": ANNA}, end=16), MotionTrack()),
        (told({"yaw": ANNA}, end=1), shown(ANNA, end=16)),
        (told({"yaw": ANNA}, end=16), shown(ANNA, end=6)),
    ],
    ids=["no-telemetry", "no-picture", "telemetry-ended", "picture-ended"],
)
def test_where_a_side_is_missing_nothing_is_said(telemetry: TelemetryTrack, motion: MotionTrack) -> None:
    driving = assess(telemetry, motion, 5.0, 15.0)
    assert (driving.weight, driving.score, driving.information, driving.lag) == (0.0, 0.0, 0.0, None)
    assert len(driving.profile) == len(LAGS)


def test_the_lag_that_windows_before_found_makes_the_next_surer() -> None:
    telemetry, motion = told({"yaw": ANNA}, end=26), shown(ANNA, end=26)
    first = assess(telemetry, motion, 5.0, 15.0)
    alone = assess(telemetry, motion, 15.0, 25.0)
    after = assess(telemetry, motion, 15.0, 25.0, LagBelief.uninformed().after(first.profile))
    assert after.score > alone.score


def test_the_same_input_gives_the_same_answer() -> None:
    once, again = (assess(told({"yaw": ANNA}, end=16), shown(ANNA, end=16), 5.0, 15.0) for _ in range(2))
    assert once == again


@st.composite
def odd_tracks(draw: st.DrawFn) -> tuple[TelemetryTrack, MotionTrack]:
    telemetry, motion = TelemetryTrack(), MotionTrack()
    values = st.one_of(st.none(), st.floats(-180, 180, allow_nan=False), st.just(0.0))
    at = 0.0
    for gap in draw(st.lists(st.sampled_from([0.0, 0.001, 0.033, 0.5, 2.0, -0.5, -5.0]), max_size=60)):
        at += gap
        telemetry.add(TelemetrySample(at=at, yaw=draw(values), eye_blink=draw(st.sampled_from([None, 0.0, 1.0]))))
    size = draw(st.sampled_from([0.0, 1e-9, 0.1, 1e6]))
    at, interval = 0.0, draw(st.sampled_from([0.001, 0.04, 0.5]))
    for index in range(draw(st.integers(0, 80))):
        at += interval
        flow = np.full((18, 32, 2), size * math.sin(index), np.float32)
        motion.add(
            Motion(
                at=at,
                interval=interval,
                flow=flow,
                detail=np.zeros((72, 128), np.uint8),
            )
        )
    return telemetry, motion


@settings(max_examples=40, deadline=None)
@given(odd_tracks(), st.floats(-2, 6), st.floats(0.0, 12.0))
def test_whatever_comes_the_answer_is_finite(
    tracks: tuple[TelemetryTrack, MotionTrack], start: float, length: float
) -> None:
    driving = assess(*tracks, start, start + length)
    numbers = [driving.score, driving.weight, driving.information, driving.strength, *driving.profile]
    assert all(math.isfinite(number) for number in numbers)
    assert abs(driving.weight) <= CALIBRATION.cap
    assert 0.0 <= driving.information <= 1.0


def test_a_mouth_that_the_picture_does_not_show_says_little() -> None:
    talk = person(31, size=0.25)
    driving = assess(told({"mouth_open": lambda t: 0.5 + talk(t)}, end=16), shown(BERT, end=16), 5.0, 15.0)
    assert -0.7 < driving.weight < 1.0


def test_the_measure_is_what_the_assessment_goes_by() -> None:
    course = person(1)
    measured = measure(told({"yaw": course}, end=14), shown(course, end=14), 3.0, 13.0)
    assert measured is not None
    strengths, told_motion, seen_motion, variety = measured
    assert strengths.shape == LAGS.shape
    assert min(told_motion, seen_motion) > 0
    assert 0 <= variety <= 1
    assert measure(TelemetryTrack(), shown(course, end=14), 3.0, 13.0) is None


def test_a_channel_with_too_few_samples_is_passed_over() -> None:
    course = person(1)
    telemetry = TelemetryTrack()
    for at in np.arange(0, 14, 1 / 30):
        sparse = float(course(np.array(at))) / 20 if 5.0 < at < 5.2 else None
        brief = float(course(np.array(at))) if 5.0 < at < 6.5 else None
        telemetry.add(TelemetrySample(at=float(at), yaw=float(course(np.array(at))), smile=sparse, roll=brief))
    found = assess(telemetry, shown(course, end=14), 3.0, 13.0)
    assert {channel.channel for channel in found.channels} == {"yaw"}


def test_only_channels_that_are_too_sparse_say_nothing() -> None:
    course = person(1)
    telemetry = TelemetryTrack()
    for at in np.arange(5.0, 5.2, 1 / 30):
        telemetry.add(TelemetrySample(at=float(at), yaw=float(at)))
    found = assess(telemetry, shown(course, end=14), 3.0, 13.0)
    assert (found.weight, found.channels) == (0.0, ())


def test_a_picture_with_no_lag_at_all_is_found_at_the_edge() -> None:
    course = person(1)
    found = assess(told({"yaw": course}, end=14), shown(course, end=14, lag=0.0), 3.0, 13.0)
    assert found.lag == pytest.approx(0.0, abs=0.05)


def test_without_a_turn_of_the_head_nothing_is_said_about_mirrors() -> None:
    course = person(1)
    found = assess(told({"pitch": course}, end=14), shown(None, pitch=course, end=14), 3.0, 13.0)
    assert found.weight > 0
    assert found.mirrored is False
