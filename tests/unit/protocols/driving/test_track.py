import numpy as np
import pytest

from protocols.driving.track import MotionTrack, TelemetryTrack, velocities
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.driving.stage import picture

STILL = np.zeros((18, 32, 2))
TEXTURE = np.zeros((72, 400))


def motion(at):
    return picture(at, 0.04, STILL, TEXTURE, 0.0)


def sample(at):
    return TelemetrySample(at=at, yaw=at)


@pytest.mark.parametrize(("track", "one"), [(MotionTrack(10.0), motion), (TelemetryTrack(10.0), sample)])
def test_a_track_keeps_its_horizon_and_drops_what_is_late(track, one):
    assert all(track.add(one(float(at))) for at in range(30))
    assert len(track) == 11
    assert not track.add(one(29.0))
    assert not track.add(one(28.5))
    assert len(track) == 11


@pytest.mark.parametrize(("track", "one"), [(MotionTrack(), motion), (TelemetryTrack(), sample)])
def test_time_that_steps_back_begins_anew(track, one):
    for at in (100.0, 101.0, 5.0, 6.0):
        assert track.add(one(at))
    assert len(track) == 2


def test_what_lies_between_two_times():
    track = MotionTrack()
    for at in (1.0, 2.0, 3.0):
        track.add(motion(at))
    assert [m.at for m in track.between(2.0, 9.0)] == [2.0, 3.0]


def test_channels_that_were_not_tracked_are_left_out():
    track = TelemetryTrack()
    track.add(sample(1.0))
    told = track.between(0.0, 2.0)
    assert list(told.channels) == ["yaw"]
    assert track.between(5.0, 6.0).channels == {}


def test_velocities_of_uneven_samples_are_exact_and_say_where_they_know_nothing():
    at = np.sort(np.random.default_rng(1).uniform(0, 4, 120))
    grid = np.arange(0.5, 8, 0.04)
    found = velocities(at, 3 * at[:, None], grid, smooth=0.1)
    np.testing.assert_allclose(found.values[found.known], 3.0, rtol=1e-6)
    assert not found.known[grid > 4.5].any()
    assert found.known[grid < 3.5].all()


@pytest.mark.parametrize("at", [[], [1.0], [1.0, 5.0]])
def test_too_few_samples_or_a_hole_say_nothing(at):
    times = np.array(at)
    found = velocities(times, times[:, None], np.arange(0.0, 6.0, 0.5), smooth=0.1)
    assert not found.known.any()
    assert not found.values.any()
