import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.driving.track import MotionTrack, TelemetryTrack, velocities
from protocols.telemetry import MISSING, TelemetryBatch, TelemetrySample
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


def batch(*times):
    steps = np.array([np.round(np.array(times) * 100), [MISSING] * len(times)], dtype=np.int16)
    return TelemetryBatch(times=times, names=("yaw", "smile"), steps=steps)


@given(
    st.lists(
        st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=6).map(lambda steps: np.cumsum(np.abs(steps)) + steps[0]),
        max_size=12,
    ),
    st.floats(-5, 15),
    st.floats(0, 12),
)
def test_batches_are_kept_as_if_they_came_one_by_one(heartbeats, start, length):
    together, single = TelemetryTrack(10.0), TelemetryTrack(10.0)
    for times in heartbeats:
        rising = sorted(set(times.tolist()))
        together.extend(batch(*rising))
        for one in batch(*rising).samples():
            single.add(one)
    assert len(together) == len(single)
    ours, theirs = together.between(start, start + length), single.between(start, start + length)
    assert ours.times.tolist() == theirs.times.tolist()
    assert list(ours.channels) == list(theirs.channels) == (["yaw"] if len(ours.times) else [])
    assert all(ours.channels[name].tolist() == theirs.channels[name].tolist() for name in ours.channels)


def test_samples_one_by_one_are_packed_and_none_is_lost():
    track = TelemetryTrack(10.0)
    for number in range(200):
        track.add(sample(number / 100))
    assert track.between(0.0, 9.0).times.tolist() == [number / 100 for number in range(200)]
    assert track.between(0.5, 0.52).channels["yaw"].tolist() == [0.5, 0.51, 0.52]


def small(*, head: float, at: float = 0.0) -> TelemetrySample:
    return TelemetrySample(at=at, yaw=head, mouth_open=1.0, torso_yaw=-head)


def test_angles_that_may_be_radians_are_read_as_such_until_one_cannot_be() -> None:
    track = TelemetryTrack()
    assert not track.unclear
    track.add(TelemetrySample(at=0.0, mouth_open=1.0))
    assert not track.unclear, "no angle was told"
    track.add(small(head=-1.0, at=0.1))
    told = track.between(0.0, 1.0)
    assert told.unclear
    assert told.channels["yaw"][1] == pytest.approx(-180 / np.pi)
    assert told.channels["torso_yaw"][1] == pytest.approx(180 / np.pi)
    assert told.channels["mouth_open"].tolist() == [1.0, 1.0]
    track.add(small(head=2.0, at=0.2))
    track.add(small(head=0.1, at=0.3))
    assert not track.between(0.0, 1.0).unclear
    assert track.between(0.0, 1.0).channels["yaw"][1:].tolist() == [-1.0, 2.0, 0.1]


@pytest.mark.parametrize(
    ("steps", "unclear"), [([[10, 20]], True), ([[10, 17_000]], False), ([[MISSING, MISSING]], False)]
)
def test_a_batch_tells_the_unit_as_well(steps: list[list[int]], unclear: bool) -> None:
    track = TelemetryTrack()
    track.extend(TelemetryBatch(times=[0.0, 0.1], names=("roll",), steps=np.array(steps, dtype=np.int16)))
    assert track.unclear is unclear
    track.extend(TelemetryBatch(times=[0.2], names=("smile",), steps=np.array([[10]], dtype=np.int16)))
    assert track.unclear is unclear
