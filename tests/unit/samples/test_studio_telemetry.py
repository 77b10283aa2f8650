"""The feed of a tracker, and what the avatar software makes of a motion."""

import numpy as np
import pytest

from samples.studio.motion import Performer
from samples.studio.pose import Pose
from samples.studio.telemetry import Screen, Tracker, tracking

KEYS = ["t", "yaw", "pitch", "roll", "mouthOpen", "eyeBlink", "smile", "handL", "handR"]


class Still:
    def pose(self, t):
        return Pose(yaw=10.0, pitch=-5.0, mouth_open=0.4)


class Ramp:
    def pose(self, t):
        return Pose(yaw=2.0 * t)


def test_a_sample_has_the_fields_of_the_feed_in_their_order():
    assert list(tracking(Performer(1), 3.0)) == KEYS


def test_the_feed_is_about_thirty_a_second_with_few_lost_and_jittered_clocks():
    samples = list(Tracker(3).samples(Still(), 0.0, 120.0))
    times = np.array([s["t"] for s in samples])
    assert 0.965 < len(samples) / 3600 < 0.995
    assert (np.diff(times) > 0).all()
    off = (times * 30 - np.round(times * 30)) / 30
    assert 0.0015 < off.std() < 0.004


def test_noise_is_as_large_as_told():
    yaw = np.array([s["yaw"] for s in Tracker(3, white=0.5, drift=0.4).samples(Still(), 0.0, 120.0)]) - 10
    assert 0.4 < np.diff(yaw).std() / np.sqrt(2) < 0.62
    slow = np.convolve(yaw, np.ones(30) / 30, "valid")
    assert 0.15 < slow.std() < 0.9


def test_the_same_seed_gives_the_same_feed_in_any_order():
    first = list(Tracker(9).samples(Still(), 0.0, 20.0))
    again = Tracker(9)
    late = list(again.samples(Still(), 10.0, 20.0))
    early = list(again.samples(Still(), 0.0, 10.0))
    assert early + late == first
    assert list(Tracker(10).samples(Still(), 0.0, 20.0)) != first


def test_the_screen_is_late_amplified_and_limited():
    screen = Screen(motion=Ramp(), gain=1.5, delay=0.4, smoothing=0.0)
    assert screen.pose(2.4).yaw == pytest.approx(40 * np.tanh(1.5 * 4.0 / 40))
    assert Screen(motion=Ramp(), gain=2.0, delay=0.0).pose(500).yaw == pytest.approx(40.0, abs=0.01)


def test_smoothing_lags_behind_a_moving_head():
    quick, slow = (Screen(motion=Ramp(), gain=1.0, delay=0.0, smoothing=s) for s in (0.0, 0.1))
    assert slow.pose(5.0).yaw < quick.pose(5.0).yaw
