"""Samples: on the session's clock, in order, neither from the future nor from long ago."""

import pytest

from protocols.channel.intake import Intake
from protocols.channel.limits import Limits
from protocols.channel.message import Sample


def intake() -> Intake:
    return Intake(Limits(), zero=1000.0)


def test_samples_are_placed_on_the_sessions_clock() -> None:
    taken = intake().take(50.0, [Sample(t=49.5, yaw=3.0, hand_l=-1.0), Sample(t=49.75, mouth_open=0.5)], 1010.0)
    first, second = taken.samples
    assert (first.at, first.yaw, first.hand_l, first.mouth_open) == (9.5, 3.0, -1.0, None)
    assert (second.at, second.mouth_open) == (9.75, 0.5)
    assert taken.refused == 0


def test_what_cannot_be_is_refused_and_counted() -> None:
    times = [49.0, 48.0, 39.9, 50.3, 50.2, 49.0]
    taken = intake().take(50.0, [Sample(t=t) for t in times], 1010.0)
    assert [sample.at for sample in taken.samples] == pytest.approx([9.0, 10.2])
    assert (taken.future, taken.stale, taken.disordered, taken.refused) == (1, 1, 2, 4)


def test_what_was_taken_is_not_taken_again() -> None:
    receiver = intake()
    receiver.take(50.0, [Sample(t=49.0), Sample(t=49.5)], 1010.0)
    again = receiver.take(51.0, [Sample(t=49.0), Sample(t=49.5), Sample(t=50.5)], 1011.0)
    assert (len(again.samples), again.disordered) == (1, 2)


def test_a_jump_of_the_clock_is_told_and_does_not_stop_the_samples() -> None:
    receiver = intake()
    receiver.take(50.0, [Sample(t=49.9)], 1010.0)
    back = receiver.take(7.0, [Sample(t=6.9)], 1011.0)
    assert back.jumped == pytest.approx(-44.0, abs=0.01)
    assert [sample.at for sample in back.samples] == pytest.approx([10.9])
