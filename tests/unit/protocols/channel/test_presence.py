"""Presence: a lapse is found on time, once, with its cause."""

from protocols.channel.limits import Limits
from protocols.channel.presence import Attendance


def test_silence_becomes_a_lapse_after_the_patience() -> None:
    there = Attendance(Limits(), now=10.0)
    assert there.next_deadline() == 12.5
    assert there.expire(12.49) is None
    assert there.expire(12.5) == "silent"
    assert (there.expire(99.0), there.next_deadline(), there.present) == (None, None, False)


def test_heartbeats_put_it_off_and_end_it() -> None:
    there = Attendance(Limits(), now=0.0)
    assert not there.beat(2.0)
    assert there.next_deadline() == 4.5
    there.expire(5.0)
    assert there.beat(6.0)
    assert there.present


def test_the_cause_of_a_lapse_is_how_the_connection_went() -> None:
    there = Attendance(Limits(), now=0.0)
    there.lose("down")
    assert there.expire(2.5) == "down"
    there.beat(3.0)
    there.lose("down")
    there.beat(4.0)
    assert there.expire(6.5) == "silent"


def test_leaving_is_at_once() -> None:
    there = Attendance(Limits(), now=0.0)
    assert there.leave()
    assert not there.leave()
    assert there.expire(9.0) is None
