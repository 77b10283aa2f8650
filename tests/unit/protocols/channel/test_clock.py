"""The operator's clock: near the truth, and never trusted."""

import pytest

from protocols.channel.clock import ClockOffset
from protocols.channel.limits import Limits

LIMITS = Limits()


def beats(clock: ClockOffset, skew: float, delays: list[float], start: float = 0.0) -> list[float]:
    jumps = []
    for number, delay in enumerate(delays):
        sent = start + number
        jumped = clock.beat(sent - skew, sent + delay)
        if jumped is not None:
            jumps.append(jumped)
    return jumps


def test_the_least_delay_is_taken() -> None:
    clock = ClockOffset(LIMITS)
    assert beats(clock, 50.0, [0.3, 0.05, 0.4, 0.2]) == []
    assert clock.offset == pytest.approx(50.05, abs=0.002)


def test_a_slow_clock_is_followed() -> None:
    clock = ClockOffset(LIMITS)
    for second in range(3600):
        clock.beat(second * 0.9998, second + 0.02)
    assert clock.offset == pytest.approx(3600 - 3600 * 0.9998, abs=0.05)


@pytest.mark.parametrize("by", [30.0, 5.0])
def test_a_clock_that_jumps_ahead_is_anchored_anew_at_once(by: float) -> None:
    clock = ClockOffset(LIMITS)
    beats(clock, 0.0, [0.1] * 5)
    assert clock.beat(5.0 + by, 5.1) == pytest.approx(by, abs=0.01)
    assert clock.offset == pytest.approx(0.1 - by, abs=0.01)


def test_a_clock_that_goes_back_is_anchored_anew_at_once() -> None:
    clock = ClockOffset(LIMITS)
    beats(clock, 0.0, [0.1] * 5)
    assert clock.beat(1.0, 5.1) == pytest.approx(-4.0, abs=0.01)


def test_a_stalled_network_is_no_jump() -> None:
    clock = ClockOffset(LIMITS)
    assert beats(clock, 0.0, [0.1, 0.1, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.1]) == []
    assert clock.offset == pytest.approx(0.1, abs=0.01)


def test_a_clock_that_stood_still_is_found_after_a_few_beats() -> None:
    clock = ClockOffset(LIMITS)
    beats(clock, 0.0, [0.1] * 5)
    assert beats(clock, 20.0, [0.1] * 4, start=30.0) == []
    assert beats(clock, 20.0, [0.1], start=34.0) == [pytest.approx(-20.0, abs=0.05)]
    assert clock.offset == pytest.approx(20.1, abs=0.01)


def test_a_difference_just_within_the_bound_is_no_jump() -> None:
    clock = ClockOffset(Limits(clock_forgetting=0.0))
    clock.beat(0.0, 10.0)
    assert clock.beat(1.0, 9.0) is None
    assert clock.offset == 8.0
    assert clock.beat(2.0, 7.999) == pytest.approx(2.001)
