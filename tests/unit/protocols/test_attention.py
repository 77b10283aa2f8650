from protocols.attention import Attention
from protocols.policy import WatchPolicy
from protocols.verdict import Driver

POLICY = WatchPolicy(window_s=10, every_s=90, windows=2)


def watched(attention, until, driver, **reasons):
    """Seconds, out of those from 0 to ``until``, for which it wants full rate."""
    reasons = {"suspected": False, "challenged": False} | reasons
    return [now for now in range(until) if attention.wants(float(now), driver, **reasons)]


def test_a_known_driver_is_watched_for_some_windows_and_then_now_and_again():
    seconds = watched(Attention(POLICY), 140, Driver.HUMAN)
    assert seconds == [*range(25), *range(115, 140)]


def test_an_undecided_stream_is_watched_longer_and_more_often_but_not_for_ever():
    seconds = watched(Attention(POLICY), 150, Driver.UNKNOWN)
    assert seconds[:85] == list(range(85))
    assert 85 not in seconds
    assert 115 in seconds


def test_suspicion_and_challenges_open_a_window_at_once():
    attention = Attention(POLICY)
    watched(attention, 30, Driver.HUMAN)
    assert not attention.wants(30.0, Driver.HUMAN, suspected=False, challenged=False)
    assert attention.wants(31.0, Driver.HUMAN, suspected=False, challenged=True)
    assert attention.wants(32.0, Driver.AI, suspected=True, challenged=False)
    assert attention.wants(55.0, Driver.HUMAN, suspected=False, challenged=False)
    assert not attention.wants(56.0, Driver.HUMAN, suspected=False, challenged=False)


def test_it_says_when_time_alone_changes_its_mind():
    attention = Attention(POLICY)
    assert attention.next_deadline(5.0, Driver.UNKNOWN) == 5.0  # nothing was watched yet: now
    quiet = {"suspected": False, "challenged": False}
    assert attention.wants(5.0, Driver.HUMAN, **quiet)
    until = attention.next_deadline(6.0, Driver.HUMAN)
    assert attention.wants(until - 0.1, Driver.HUMAN, **quiet)
    assert not attention.wants(until, Driver.HUMAN, **quiet)
    again = attention.next_deadline(until, Driver.HUMAN)
    assert again - until == POLICY.every_s
    assert not attention.wants(again - 0.1, Driver.HUMAN, **quiet)
    assert attention.wants(again, Driver.HUMAN, **quiet)
