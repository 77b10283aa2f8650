"""Pictures and telemetry that play again."""

import numpy as np
import pytest

from protocols.driving.repetition import frozen, picture_repetition, telemetry_repetition
from protocols.driving.track import MotionTrack, TelemetryTrack
from tests.unit.protocols.driving.stage import Course, person, picture, shown, told

ANNA = person(11)
PERIOD = 5.2


def film(
    course: Course, *, end: float, banner: float | None = None, chat: bool = False, gift: bool = False
) -> MotionTrack:
    """A face that moves sideways with ``course``, sensor noise, a banner that scrolls, a chat that never repeats, a
    gift that covers all but the left of it."""
    dice = np.random.default_rng(4)
    texture, words = dice.normal(0, 30, (72, 400)), dice.normal(0, 60, (72, 4000))
    track = MotionTrack()
    for at in np.arange(0.04, end, 0.04):
        seen = picture(at, 0.04, np.zeros((18, 32, 2)), texture, 0.004 * float(course(np.array(at))))
        detail = seen.detail.astype(float) + dice.normal(0, 1, (72, 128))
        if banner is not None:
            left = int(at % banner * 30)
            detail[62:72] = 120 + words[62:72, left : left + 128]
        if chat:
            detail[10:50, 100:] = 120 + words[10:50, int(at * 30) : int(at * 30) + 28]
        if gift:
            detail[8:64, 52:120] = 120 + words[8:64, int(at * 30) : int(at * 30) + 68]
        luma = detail.clip(0, 255).astype(np.uint8)
        track.add(
            type(seen)(
                at=seen.at,
                interval=seen.interval,
                flow=seen.flow,
                detail=luma,
            )
        )
    return track


def cut(t: np.ndarray) -> np.ndarray:
    return ANNA(np.asarray(t) % PERIOD)


def faded(t: np.ndarray) -> np.ndarray:
    phase = np.asarray(t) % PERIOD
    share = np.clip(phase / 0.4, 0, 1)
    return share * ANNA(phase) + (1 - share) * ANNA(phase + PERIOD)


@pytest.mark.parametrize("course", [cut, faded], ids=["cut", "cross-fade"])
@pytest.mark.parametrize("chat", [False, True], ids=["all loops", "overlay goes on"])
def test_a_loop_is_found_with_its_period(course: Course, chat: bool) -> None:
    found = picture_repetition(film(course, end=20, chat=chat), 0.0, 20.0)
    assert found.detected
    assert found.period is not None
    assert found.period % PERIOD == pytest.approx(0.0, abs=0.1) or found.period % PERIOD == pytest.approx(
        PERIOD, abs=0.1
    )


@pytest.mark.parametrize("banner", [None, 6.0], ids=["plain", "banner that scrolls round"])
def test_a_person_is_no_loop(banner: float | None) -> None:
    found = picture_repetition(film(ANNA, end=20, banner=banner), 0.0, 20.0)
    assert not found.detected
    assert found.period is None


def test_a_loop_under_a_gift_is_found_on_the_head_and_a_person_is_none_there() -> None:
    head = (30 / 128, 8 / 72, 18 / 128, 52 / 72)
    under = film(cut, end=20, gift=True)
    assert not picture_repetition(under, 0.0, 20.0).detected
    found = picture_repetition(under, 0.0, 20.0, head)
    assert found.detected
    assert found.period == pytest.approx(PERIOD, abs=0.1)
    assert not picture_repetition(film(ANNA, end=20, gift=True), 0.0, 20.0, head).detected


def test_too_short_a_span_says_nothing() -> None:
    assert not picture_repetition(film(cut, end=5), 0.0, 5.0).detected
    assert not picture_repetition(MotionTrack(), 0.0, 20.0).detected


def test_telemetry_that_repeats_is_found() -> None:
    found = telemetry_repetition(told({"yaw": cut}, end=20).between(0.0, 20.0))
    assert found.detected
    assert found.period == pytest.approx(PERIOD, abs=0.1)


def test_telemetry_of_a_person_does_not_repeat() -> None:
    assert not telemetry_repetition(told({"yaw": ANNA}, end=20).between(0.0, 20.0)).detected


def test_telemetry_of_someone_still_does_not_repeat() -> None:
    assert not telemetry_repetition(told({"yaw": lambda t: 0 * t}, end=20).between(0.0, 20.0)).detected
    assert not telemetry_repetition(TelemetryTrack().between(0.0, 20.0)).detected


def test_a_frozen_picture_is_told_from_a_living_one() -> None:
    assert frozen(shown(None, end=5), 0.0, 5.0)
    assert not frozen(shown(ANNA, end=5), 0.0, 5.0)
    assert not frozen(MotionTrack(), 0.0, 5.0)


def panned(course: Course, *, end: float) -> MotionTrack:
    """The same face before a wall with a pattern, the camera panning over both to and fro."""
    wall = np.random.default_rng(8).normal(110, 40, (72, 128))
    wall = (wall + np.roll(wall, 1, 1) + np.roll(wall, 1, 0) + np.roll(wall, 2, 1)) / 4
    track = MotionTrack()
    for seen in film(course, end=end).between(0.0, end):
        pan = 6.0 * np.sin(2 * np.pi * 0.13 * seen.at)
        speed = 6.0 * 2 * np.pi * 0.13 * np.cos(2 * np.pi * 0.13 * seen.at) / 128
        detail = wall.copy()
        detail[8:60, 30:100] = seen.detail[8:60, 30:100]
        luma = np.roll(detail, round(pan), axis=1).clip(0, 255).astype(np.uint8)
        flow = np.zeros((18, 32, 2), np.float32)
        flow[..., 0] = speed
        track.add(
            type(seen)(
                at=seen.at,
                interval=seen.interval,
                flow=flow,
                detail=luma,
            )
        )
    return track


def test_a_camera_that_pans_over_a_loop_is_taken_out_first() -> None:
    assert picture_repetition(panned(cut, end=20), 0.0, 20.0).detected
    assert not picture_repetition(panned(person(12), end=20), 0.0, 20.0).detected


def test_a_picture_in_which_little_moves_says_nothing() -> None:
    track = MotionTrack()
    for at in np.arange(0.04, 20, 0.04):
        still = picture(at, 0.04, np.zeros((18, 32, 2)), np.zeros((72, 400)), 0.0)
        track.add(still)
    assert not picture_repetition(track, 0.0, 20.0).detected


def test_a_single_frame_is_not_frozen() -> None:
    track = MotionTrack()
    track.add(picture(1.0, 0.04, np.zeros((18, 32, 2)), np.zeros((72, 400)), 0.0))
    assert not frozen(track, 0.0, 2.0)


def test_the_shortest_span_that_is_looked_at_has_no_period_to_offer() -> None:
    found = picture_repetition(film(cut, end=5.58), 0.0, 5.58)
    assert (found.detected, found.period) == (False, None)


def test_a_banner_alone_that_comes_round_is_no_loop_of_an_avatar() -> None:
    words = np.random.default_rng(6).normal(0, 60, (72, 4000))
    track = MotionTrack()
    for at in np.arange(0.04, 20, 0.04):
        seen = picture(at, 0.04, np.zeros((18, 32, 2)), np.zeros((72, 400)), 0.0)
        detail = np.full((72, 128), 90.0)
        left = int(at % PERIOD * 30)
        detail[30:38] = 120 + words[30:38, left : left + 128]
        track.add(
            type(seen)(
                at=seen.at,
                interval=seen.interval,
                flow=seen.flow,
                detail=detail.clip(0, 255).astype(np.uint8),
            )
        )
    assert not picture_repetition(track, 0.0, 20.0).detected
