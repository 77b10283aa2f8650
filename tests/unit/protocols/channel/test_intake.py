"""Samples: on the session's clock, in order, neither from the future nor from long ago."""

import pytest

from protocols.channel.intake import Intake, Taken
from protocols.channel.limits import Limits
from protocols.channel.message import NO_SAMPLES
from protocols.channel.packing import Records, pack, unpack
from protocols.telemetry import TelemetrySample


def intake() -> Intake:
    return Intake(Limits(), zero=1000.0)


def told(*times: float) -> Records:
    return unpack(pack([TelemetrySample(at=t, yaw=t) for t in times]))


def samples(taken: Taken) -> tuple[TelemetrySample, ...]:
    assert taken.batch is not None
    return taken.batch.samples()


def test_samples_are_placed_on_the_sessions_clock() -> None:
    told = [TelemetrySample(at=49.5, yaw=3.0, hand_l=-1.0), TelemetrySample(at=49.75, mouth_open=0.5)]
    taken = intake().take(50.0, unpack(pack(told)), 1010.0)
    assert samples(taken) == (
        TelemetrySample(at=9.5, yaw=3.0, hand_l=-1.0),
        TelemetrySample(at=9.75, mouth_open=0.5),
    )
    assert (taken.count, taken.refused) == (2, 0)


def test_a_heartbeat_without_samples_brings_none() -> None:
    taken = intake().take(50.0, unpack(NO_SAMPLES), 1010.0)
    assert (taken.batch, taken.count, taken.refused) == (None, 0, 0)


def test_what_cannot_be_is_refused_and_counted() -> None:
    times = [49.0, 48.0, 39.9, 50.3, 50.2, 49.0]
    taken = intake().take(50.0, told(*times), 1010.0)
    assert [sample.at for sample in samples(taken)] == pytest.approx([9.0, 10.2])
    assert [sample.yaw for sample in samples(taken)] == [49.0, 50.2]
    assert (taken.future, taken.stale, taken.disordered, taken.refused) == (1, 1, 2, 4)


def test_what_was_taken_is_not_taken_again() -> None:
    receiver = intake()
    receiver.take(50.0, told(49.0, 49.5), 1010.0)
    again = receiver.take(51.0, told(49.0, 49.5, 50.5), 1011.0)
    assert (again.count, again.disordered) == (1, 2)
    none = receiver.take(52.0, told(49.0), 1012.0)
    assert (none.batch, none.refused) == (None, 1)


def test_a_jump_of_the_clock_is_told_and_does_not_stop_the_samples() -> None:
    receiver = intake()
    receiver.take(50.0, told(49.9), 1010.0)
    back = receiver.take(7.0, told(6.9), 1011.0)
    assert back.jumped == pytest.approx(-44.0, abs=0.01)
    assert [sample.at for sample in samples(back)] == pytest.approx([10.9])


def test_a_sample_that_is_too_early_or_late_at_either_end_is_found() -> None:
    taken = intake().take(50.0, told(39.0, 49.0, 50.4), 1010.0)
    assert (taken.stale, taken.count, taken.future) == (1, 1, 1)
