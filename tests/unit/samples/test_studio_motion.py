"""Does the performer move like a person, and the automaton not?"""

import numpy as np
import pytest

from samples.studio.gesture import Gesture
from samples.studio.motion import TEMPERAMENTS, Automaton, Loop, Performer
from samples.studio.pose import Pose, blend

RATE = 25.0


def track(motion, channel: str, seconds: float) -> np.ndarray:
    return np.array([getattr(motion.pose(k / RATE), channel) for k in range(int(seconds * RATE))])


def tallest_line(signal: np.ndarray) -> float:
    """Share of the power of the velocity, 0.1 to 8 Hz, in the tallest spectral line, three bins wide."""
    speed = np.diff(signal)
    power = np.abs(np.fft.rfft(speed * np.hanning(len(speed)))) ** 2
    hertz = np.fft.rfftfreq(len(speed), 1 / RATE)
    power = np.where((hertz > 0.1) & (hertz < 8), power, 0)
    top = int(power.argmax())
    return float(power[top - 1 : top + 2].sum() / power.sum())


def flatness(signal: np.ndarray) -> float:
    """Spectral flatness of the velocity between 0.2 and 6 Hz: 1 for noise, 0 for lines."""
    power = np.abs(np.fft.rfft(np.diff(signal) * np.hanning(len(signal) - 1))) ** 2
    hertz = np.fft.rfftfreq(len(signal) - 1, 1 / RATE)
    band = power[(hertz > 0.2) & (hertz < 6)] + 1e-12
    return float(np.exp(np.log(band).mean()) / band.mean())


@pytest.mark.parametrize("temperament", sorted(TEMPERAMENTS))
def test_the_same_seed_moves_the_same_whatever_the_order_of_questions(temperament):
    first, second = Performer(5, temperament), Performer(5, temperament)
    forwards = [first.pose(t) for t in np.arange(0, 60, 0.7)]
    backwards = [second.pose(t) for t in np.arange(0, 60, 0.7)[::-1]]
    assert forwards == backwards[::-1]


def test_other_seeds_are_other_people():
    a, b = (track(Performer(s), "yaw", 60) for s in (1, 2))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.5


def test_an_unknown_temperament_is_refused():
    with pytest.raises(ValueError, match="lively"):
        Performer(1, "furious")


@pytest.mark.parametrize("seed", range(4))
def test_blinks_come_as_often_as_a_persons(seed):
    performer = Performer(seed)
    performer.pose(300)
    onsets = np.array([b for b in performer.gaze.blinks if b < 300])
    gaps = np.diff(np.sort(onsets))
    assert 10 <= len(onsets) / 5 <= 32  # a minute; Bentivoglio: 17 at rest, 26 in conversation
    assert gaps.std() / gaps.mean() > 0.4  # far from a metronome


@pytest.mark.parametrize("seed", range(4))
def test_syllables_come_four_to_five_a_second_within_phrases(seed):
    performer = Performer(seed)
    performer.pose(200)
    onsets = np.array(performer.speech.syllables)
    gaps = np.diff(onsets)
    within = gaps[gaps < 0.6]
    assert 3.8 < 1 / within.mean() < 5.6
    assert 0.2 < np.log(within).std() < 0.45  # log-normal, not regular
    talking = sum(b - a for a, b in performer.speech.phrases if b < 200) / 200
    assert 0.35 < talking < 0.85


@pytest.mark.parametrize("channel", ["yaw", "pitch", "roll"])
def test_a_head_has_no_line_in_its_spectrum_but_an_automaton_has(channel):
    human, machine = track(Performer(3), channel, 120), track(Automaton(3), channel, 120)
    assert tallest_line(human) < 0.2 < 0.6 < tallest_line(machine)
    assert flatness(human) > 0.1 > 0.01 > flatness(machine)


def test_a_head_moves_within_what_a_neck_can_do_and_enough_to_be_seen():
    performer = Performer(8, "lively")
    for channel, limit, least in (("yaw", 40, 4), ("pitch", 26, 2), ("roll", 26, 1.5)):
        angles = track(performer, channel, 120)
        assert np.abs(angles).max() <= limit
        assert angles.std() > least
        assert np.abs(np.diff(angles)).max() * RATE < 400  # degrees a second


def test_mouth_and_eyes_stay_in_range():
    performer = Performer(2)
    for channel in ("mouth_open", "smile", "eye_blink"):
        values = track(performer, channel, 60)
        assert values.min() >= 0
        assert values.max() <= 1
        assert values.max() > 0.6


@pytest.mark.parametrize(
    ("gesture", "channel", "amount"),
    [
        ("look_left", "yaw", 15), ("look_right", "yaw", -15), ("tilt_left", "roll", -9), ("tilt_right", "roll", 9),
        ("nod", "pitch", -7), ("open_mouth", "mouth_open", 0.5), ("blink_twice", "eye_blink", 0.9),
        ("raise_hand", "hand_r", 0.9),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_a_gesture_goes_its_way_and_ends(gesture, channel, amount, seed):
    plain, asked = Performer(seed, "calm"), Performer(seed, "calm")
    end = asked.perform(gesture, 20.0)
    assert 20.4 < end < 25
    times = np.arange(20, end, 0.02)
    reached = np.array([getattr(asked.pose(t), channel) for t in times])
    at_rest = getattr(asked.pose(19.6), channel) if channel in ("yaw", "roll", "pitch") else 0.0
    sign = np.sign(amount)
    assert (sign * (reached - 0.3 * at_rest)).max() > abs(amount) - (1 if channel == "hand_r" else 0)
    assert plain.pose(end + 1.0) == asked.pose(end + 1.0)
    assert plain.pose(19.0) == asked.pose(19.0)


def test_a_shake_swings_to_both_sides():
    performer = Performer(4, "calm")
    end = performer.perform("shake", 10.0)
    yaw = np.array([performer.pose(t).yaw for t in np.arange(10, end, 0.02)])
    assert yaw.max() - yaw.min() > 15
    turns = np.flatnonzero(np.diff(np.sign(np.diff(yaw))))
    assert len(turns) >= 3


def test_two_blinks_are_two():
    performer = Performer(4)
    end = performer.perform("blink_twice", 10.0)
    lids = np.array([performer.pose(t).eye_blink for t in np.arange(9.9, end + 0.1, 0.01)])
    closings = np.flatnonzero(np.diff((lids > 0.6).astype(int)) == 1)
    assert len(closings) == 2


def test_no_two_performances_of_a_gesture_are_alike():
    ends = set()
    for seed in range(6):
        performer = Performer(seed)
        begin, end = performer.answer(Gesture.NOD, 10.0)
        assert 10.6 <= begin <= 12.0
        ends.add(round(end - begin, 3))
    assert len(ends) == 6


def test_a_loop_repeats_and_its_fade_hides_the_joint():
    performer = Performer(6)
    cut = Loop(motion=performer, begin=4.0, period=5.0)
    assert cut.pose(1.0) == cut.pose(6.0) == performer.pose(5.0)
    faded = Loop(motion=performer, begin=4.0, period=5.0, fade=0.5)
    before, after = faded.pose(9.999), faded.pose(10.001)
    assert abs(before.yaw - after.yaw) < 0.3


def test_blending_meets_both_ends():
    a, b = Pose(yaw=10, smile=0.2), Pose(yaw=-10, hand_l=1.0)
    assert blend(a, b, 0.0) == a
    assert blend(a, b, 1.0) == b
    assert blend(a, b, 0.5).yaw == pytest.approx(0)
