"""Telemetry by itself: a person's or a machine's."""

import numpy as np
import pytest

from protocols.driving.plausibility import plausibility
from protocols.driving.track import TelemetryTrack
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.driving.stage import person, told


def scripted(course: object, *, end: float = 20.0, places: int = 3) -> TelemetryTrack:
    track = TelemetryTrack()
    for index in range(int(end * 30)):
        at = index / 30
        value = round(float(course(np.array(at))), places)  # type: ignore[operator]
        track.add(TelemetrySample(at=at, yaw=value, pitch=value / 2))
    return track


def sines(t: np.ndarray) -> np.ndarray:
    return 8 * np.sin(2 * np.pi * 0.31 * t) + 3 * np.sin(2 * np.pi * 0.83 * t)


def test_a_tracked_person_is_plausible() -> None:
    found = plausibility(told({"yaw": person(1), "pitch": person(2)}, end=20), 0.0, 20.0)
    assert found.findings == ()
    assert 0.0 < found.weight < 1.0
    assert found.score == 1.0


def test_a_script_gives_itself_away_several_times() -> None:
    found = plausibility(scripted(sines), 0.0, 20.0)
    assert {"clean", "on_the_tick", "few_lines"} <= set(found.findings)
    assert found.weight <= -5.0
    assert found.score < 0.01


def test_a_good_tracker_on_a_counter_is_not_condemned_by_that_alone() -> None:
    dice = np.random.default_rng(1)
    course = person(1)
    found = plausibility(scripted(lambda t: course(t) + dice.normal(0, 0.4)), 0.0, 20.0)
    assert found.findings == ("on_the_tick",)
    assert found.weight > -2.0


def test_values_in_few_steps_are_quantised() -> None:
    course = person(1, size=3.0)
    track = told({"yaw": lambda t: np.round(course(t) / 3) * 3}, end=20, noise=0.0)
    assert "quantised" in plausibility(track, 0.0, 20.0).findings


def test_telemetry_that_comes_round_again_is_a_machines() -> None:
    course = person(1)
    found = plausibility(told({"yaw": lambda t: course(t % 6.0)}, end=20), 0.0, 20.0)
    assert found.findings == ("repeats",)
    assert found.weight <= -3.0


@pytest.mark.parametrize("track", [TelemetryTrack(), told({"yaw": person(1)}, end=3)], ids=["none", "short"])
def test_too_little_is_unknown(track: TelemetryTrack) -> None:
    found = plausibility(track, 0.0, 20.0)
    assert (found.score, found.weight, found.findings) == (0.5, 0.0, ())


def test_someone_still_is_neither_cleared_nor_suspected() -> None:
    found = plausibility(told({"yaw": lambda t: 0 * t}, end=20), 0.0, 20.0)
    assert (found.weight, found.findings) == (0.0, ())


def test_radians_that_were_rounded_for_degrees_are_not_a_machines_for_that() -> None:
    course = person(4)
    coarse = TelemetryTrack()
    for sample in told({"yaw": course}, end=20).between(0.0, 20.0).times:
        coarse.add(TelemetrySample(at=float(sample), yaw=round(float(np.radians(course(sample))), 2)))
    assert coarse.unclear
    assert plausibility(coarse, 0.0, 20.0).findings == ()
