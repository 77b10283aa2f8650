import numpy as np
import pytest

from protocols.driving.calibration import CALIBRATION
from protocols.evidence import Finding
from protocols.policy import STANDARD
from protocols.rules.driving import DrivingRule
from protocols.rules.tracks import Tracks
from tests.unit.protocols.rules.scene import course, picture, telemetry


def rule(observations, until):
    tracks = Tracks()
    made = DrivingRule(STANDARD, tracks, CALIBRATION)
    for observation in sorted(observations, key=lambda o: o.at):
        tracks.observe(observation)
        made.observe(observation)
    made.close_windows(until)
    return made


def test_windows_add_up_to_no_more_than_the_cap_and_fade():
    angles = course(1, 60)
    made = rule([*telemetry(angles, 60), *picture(angles, 45)], 45.0)
    fresh, later = (sum(e.weight for e in made.standing(at)) for at in (45.0, 45.0 + 7 * 45))
    assert fresh <= STANDARD.fusion.driving_cap + 1e-9
    assert fresh > 3
    assert 0 < later < 0.1 * fresh
    assert made.finding(45.0) is Finding.PASS
    assert made.finding(45.0 + 7 * 45) is Finding.UNKNOWN


def test_every_window_tells_what_it_was_computed_from():
    angles = course(1, 24)
    made = rule([*telemetry(angles, 24), *picture(angles, 24)], 30.0)
    facts = dict(made.standing(24.0)[0].facts)
    assert facts["lag_s"] == pytest.approx(0.4, abs=0.1)
    assert facts["telemetry_silent"] is False
    assert facts["best_channel"] in {"yaw", "pitch"}
    assert made.score > 0


@pytest.mark.parametrize("told", [[], telemetry(np.zeros(2401), 24, noise=0.02)])
def test_silence_weighs_as_much_as_the_avatar_is_lively(told):
    lively = rule([*told, *picture(course(2, 24), 24)], 30.0)
    still = rule([*told, *picture(np.zeros(2401), 24)], 30.0)
    assert all(window.silent for window in lively.windows)
    assert sum(e.weight for e in lively.standing(24.0)) < -1
    assert lively.finding(24.0) is Finding.FAIL
    assert sum(e.weight for e in still.standing(24.0)) == pytest.approx(0, abs=0.3)
    assert lively.score < 0


def test_what_is_left_of_a_recording_is_assessed_too():
    angles = course(1, 18)
    made = rule([*telemetry(angles, 18), *picture(angles, 18)], 30.0)
    made.close_rest()
    assert [round(w.driving.end - w.driving.start) for w in made.windows] == [10, 8]


def test_nothing_seen_is_nothing_said():
    made = rule([], 100.0)
    assert made.standing(100.0) == ()
    assert made.finding(100.0) is Finding.UNKNOWN
    assert made.lag is None


def test_what_has_faded_altogether_is_no_longer_told_but_still_known():
    angles = course(1, 24)
    made = rule([*telemetry(angles, 24), *picture(angles, 24)], 30.0)
    assert len(made.standing(20.0 + 7 * 45)) == 2
    assert made.standing(20.0 + 9 * 45) == ()
    assert len(made.windows) == 2


def test_who_begins_to_drive_is_known_before_the_first_window_is_complete():
    angles = course(1, 30)
    made = rule([*telemetry(angles, 30), *picture(angles, 9)], 7.4)
    assert made.standing(7.4) == ()
    made.close_windows(7.6)
    (early,) = made.standing(7.6)
    assert early.weight >= STANDARD.fusion.human_at
    assert (early.start, round(early.end - early.start, 3)) == (early.start, 6.0)
    assert made.score == 0, "what is said early does not count for a recording"


def test_the_complete_window_takes_the_place_of_the_early_one():
    angles = course(1, 30)
    made = rule([*telemetry(angles, 30), *picture(angles, 14)], 8.0)
    made.close_windows(13.0)
    assert [round(e.end - e.start) for e in made.standing(13.0)] == [10]


def test_trust_ends_soon_after_the_driver_left():
    angles, others = course(1, 50), course(2, 50)
    told = [s for s in telemetry(angles, 50) if s.at < 20] + [s for s in telemetry(others, 50, seed=4) if s.at >= 20]
    made = rule([*told, *picture(angles, 36)], 21.6)
    trusted = sum(e.weight for e in made.standing(21.6))
    made.close_windows(32.0)
    left = sum(e.weight for e in made.standing(32.0))
    assert trusted > STANDARD.fusion.driving_carry + 1
    assert left < STANDARD.fusion.driving_carry
