import itertools
import random

import pytest

from monitor.sources.clock import MediaClock


def run(clock: MediaClock, stamps: list[tuple[float, float]]) -> list[float]:
    times = []
    for pts, arrived in stamps:
        clock.note(pts, arrived)
        times.append(clock.at(pts))
    return times


def test_jitter_of_the_network_does_not_shake_media_time() -> None:
    rng = random.Random(1)
    clock = MediaClock(zero=100.0)
    stamps = [(5000 + i / 30, 100 + i / 30 + rng.expovariate(30)) for i in range(900)]
    times = run(clock, stamps)
    steps = [b - a for a, b in itertools.pairwise(times[300:])]
    assert max(steps) < 1 / 30 + 0.02
    assert times == sorted(times)
    assert clock.anchors == 1


def test_media_time_is_never_later_than_arrival() -> None:
    rng = random.Random(2)
    clock = MediaClock(zero=0.0)
    for i in range(500):
        clock.note(i / 25 + rng.choice([0.0, 0.08]), i / 25)
        assert clock.at(i / 25 + 0.2) <= i / 25


@pytest.mark.parametrize("jump", [3600.0, 47721.8, -3600.0, -5.0])
def test_a_jump_of_time_stamps_anchors_anew_at_arrival(jump: float) -> None:
    clock = MediaClock(zero=0.0)
    before = run(clock, [(i / 25, i / 25) for i in range(100)])
    after = run(clock, [(jump + i / 25, i / 25) for i in range(100, 200)])
    assert clock.anchors == 2
    assert after == pytest.approx([i / 25 for i in range(100, 200)])
    assert before + after == sorted(before + after)


def test_frames_that_come_out_after_a_jump_keep_the_order() -> None:
    clock = MediaClock(zero=0.0)
    run(clock, [(1000 + i / 25, i / 25) for i in range(100)])
    clock.note(0.0, 4.0)
    late = [clock.at(1000 + 98 / 25), clock.at(1000 + 99 / 25), clock.at(0.0), clock.at(0.04)]
    assert late == sorted(late)
    assert late[-1] <= 4.0


def test_a_clock_that_stands_still_is_carried_on_by_arrivals() -> None:
    clock = MediaClock(zero=0.0)
    times = run(clock, [(7.0, i / 25) for i in range(500)])
    assert times == sorted(times)
    assert all(i / 25 - at <= 1.05 for i, at in enumerate(times))


def test_a_clock_that_runs_slow_is_not_left_behind() -> None:
    clock = MediaClock(zero=0.0)
    times = run(clock, [(i / 25 * 0.8, i / 25) for i in range(2500)])
    assert all(i / 25 - at <= 2.1 for i, at in enumerate(times))


def test_what_a_pause_of_the_network_held_back_keeps_its_times() -> None:
    clock = MediaClock(zero=0.0)
    run(clock, [(i / 25, i / 25) for i in range(100)])
    burst = [(i / 25, max(i / 25, 9.0)) for i in range(100, 300)]  # five silent seconds, then all at once
    assert run(clock, burst) == pytest.approx([i / 25 for i in range(100, 300)])
    assert clock.anchors == 1


def test_a_publisher_who_paused_is_caught_up_with_within_two_windows() -> None:
    clock = MediaClock(zero=0.0)
    run(clock, [(i / 25, i / 25) for i in range(100)])
    times = run(clock, [(i / 25, i / 25 + 4.0) for i in range(100, 500)])
    assert times[-1] == pytest.approx(499 / 25 + 4.0)
    assert times == sorted(times)


def test_drift_is_followed() -> None:
    clock = MediaClock(zero=0.0)
    times = run(clock, [(i / 25 * 1.0005, i / 25) for i in range(25 * 3600)])
    assert abs(times[-1] - (25 * 3600 - 1) / 25) < 0.05


def test_without_time_stamps_arrival_counts() -> None:
    clock = MediaClock(zero=10.0)
    clock.note(3.0, 12.0)
    assert clock.at(None) == 2.0


def test_after_a_reconnection_time_goes_on() -> None:
    clock = MediaClock(zero=0.0)
    run(clock, [(500 + i / 25, i / 25) for i in range(100)])
    clock.reset()
    assert run(clock, [(500.0, 20.0), (500.04, 20.04)]) == pytest.approx([20.0, 20.04])
