import math

import pytest

from monitor.sources.silence import Silence
from monitor.sources.source import Ended, Patience, Refused, Resumed, Stalled

PATIENCE = Patience(stall_after=2.5, start_within=20.0, give_up_after=30.0, picture_within=12.0)


@pytest.fixture
def silence() -> Silence:
    return Silence(began=100.0, zero=90.0, patience=PATIENCE)


def test_what_never_starts_is_refused(silence: Silence) -> None:
    assert silence.next_deadline == 120.0
    assert silence.check(119.9) is None
    silence.packet(110.0)
    assert silence.check(120.0) == Refused(at=30.0, cause="no picture came within 20 s")


def test_the_last_trouble_is_the_cause(silence: Silence) -> None:
    silence.trouble = "nobody answers"
    assert silence.check(120.0) == Refused(at=30.0, cause="nobody answers")


def test_a_source_may_wait_for_ever_to_start() -> None:
    silence = Silence(began=0.0, zero=0.0, patience=Patience(start_within=None))
    assert silence.next_deadline == math.inf
    assert silence.check(1e9) is None


def test_silence_is_told_once_then_the_end(silence: Silence) -> None:
    assert silence.picture(101.0) is None
    assert silence.next_deadline == 103.5
    assert silence.check(103.5) == Stalled(at=13.5, silent_for=2.5)
    assert silence.stalled
    assert silence.next_deadline == 131.0
    assert silence.check(104.0) is None
    assert silence.check(131.0) == Ended(at=41.0, cause="silent for 30 s")


def test_the_end_tells_what_hindered_a_reconnection(silence: Silence) -> None:
    silence.picture(101.0)
    silence.check(103.5)
    silence.trouble = "x: Connection refused"
    assert silence.check(131.0) == Ended(at=41.0, cause="silent for 30 s; x: Connection refused")


def test_packets_keep_a_stream_alive_between_keyframes(silence: Silence) -> None:
    silence.picture(101.0)
    for now in range(102, 112):
        silence.packet(float(now))
        assert silence.check(now + 0.9) is None


def test_packets_without_pictures_are_a_stall_too(silence: Silence) -> None:
    silence.picture(101.0)
    silence.packet(112.9)
    assert silence.check(113.0) == Stalled(at=23.0, silent_for=12.0)
    silence.packet(114.0)
    assert silence.check(131.0) == Ended(at=41.0, cause="silent for 30 s")


def test_a_picture_ends_a_stall(silence: Silence) -> None:
    silence.picture(101.0)
    silence.check(103.5)
    silence.trouble = "old"
    assert silence.picture(110.0) == Resumed(at=20.0)
    assert not silence.stalled
    assert silence.picture(110.1) is None
    assert silence.trouble == ""
