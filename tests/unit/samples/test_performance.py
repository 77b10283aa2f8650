"""Who plays what: the cast of each scenario keeps the promise of its truth."""

import av
import numpy as np
import pytest

from samples.performance import BEGIN, Encoder, Look, cast_for
from samples.scenario import SCENARIOS, Feed, Shown, named

TIMES = np.arange(0.0, 20.0, 0.1)


def yaw(motion, times=TIMES):
    return np.array([motion.pose(float(t)).yaw for t in times])


def likeness(first, second):
    """The best correlation of velocities over a second of lag."""
    a, b = np.diff(first), np.diff(second)
    return max(np.corrcoef(a[: len(a) - k], b[k:])[0, 1] for k in range(10))


def test_names_are_unique_and_known():
    assert [named(s.name) for s in SCENARIOS] == list(SCENARIOS)
    with pytest.raises(ValueError, match="no scenario 'nobody'; there are honest"):
        named("nobody")


def test_every_avatar_of_the_cast_plays_once_and_one_stream_stays():
    assert len({s.avatar for s in SCENARIOS}) == len(SCENARIOS)
    assert [s.name for s in SCENARIOS if s.stays] == ["honest"]


@pytest.mark.parametrize("name", ["honest", "swap"])
def test_what_a_driver_does_is_on_the_screen_a_little_later(name):
    cast = cast_for(named(name))
    assert likeness(yaw(cast.told), yaw(cast.shown)) > 0.9


def test_a_gesture_is_told_and_shown_by_who_drives():
    cast = cast_for(named("honest"))
    before = yaw(cast.shown)
    _, end = cast.person.answer("look_left", BEGIN + 5.0)
    assert end - BEGIN < 10.0
    assert yaw(cast.shown)[50:100].max() > before[50:100].max() + 10
    assert yaw(cast.told)[50:100].max() > 20


@pytest.mark.parametrize("name", ["stranger", "loop"])
def test_a_gesture_is_told_but_not_shown_by_who_does_not_drive(name):
    cast = cast_for(named(name))
    before = yaw(cast.shown)
    cast.person.answer("look_left", BEGIN + 5.0)
    assert yaw(cast.told)[50:100].max() > 20
    np.testing.assert_array_equal(yaw(cast.shown), before)
    assert likeness(yaw(cast.told), yaw(cast.shown)) < 0.6


def test_a_loop_comes_round():
    shown = cast_for(named("loop")).shown
    np.testing.assert_allclose(yaw(shown, np.arange(8, 13, 0.1)), yaw(shown, np.arange(15, 20, 0.1)), atol=1e-6)


def test_nobody_sends_nothing_and_a_frozen_feed_does_not_move():
    assert cast_for(named("empty")).told is None
    bot = cast_for(named("bot"))
    assert bot.person is None
    samples = list(bot.tracker.samples(bot.told, 0.0, 3.0))
    assert {(s["yaw"], s["pitch"], s["roll"]) for s in samples} == {(0.0, 0.0, 0.0)}
    assert np.std([s["mouthOpen"] for s in samples]) < 0.03


def test_a_puppet_is_told_as_it_is_shown():
    cast = cast_for(named("puppet"))
    assert cast.told is cast.shown
    assert {Feed.ENGINE, Shown.ENGINE} == {named("puppet").feed, named("puppet").shown}


def test_the_other_avatar_is_there_from_its_time_on():
    scenario = named("swap")
    look, cast = Look(scenario, 160, 90), cast_for(scenario)
    early = look.draw(cast.shown.pose(1.0), scenario.swap_at - 0.1)
    assert not look.swapped
    late = look.draw(cast.shown.pose(1.0), scenario.swap_at)
    assert look.swapped
    change = np.abs(early.to_ndarray(format="gray").astype(int) - late.to_ndarray(format="gray").astype(int))
    assert change[10:80, 40:120].mean() > 10


def test_pictures_are_encoded_with_a_keyframe_a_second_and_their_own_time():
    scenario = named("honest")
    look, cast, encoder = Look(scenario, 160, 96), cast_for(scenario), Encoder(160, 96, 10)
    packets = [encoder.encode(look.draw(cast.shown.pose(k / 10), k / 10), k / 10) for k in range(25)]
    assert [packet.pts for packet in packets[:3]] == [0, 9000, 18000]
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode(None)
    assert len(frames) == 25
    assert [k for k, frame in enumerate(frames) if frame.key_frame] == [0, 10, 20]
    assert {(frame.width, frame.height) for frame in frames} == {(160, 96)}
