from protocols.breaker import Breaker, BreakerLimits, Loss

LIMITS = BreakerLimits(least=3, sessions=20, share=0.05, within_s=10.0)


def peopled(count: int, limits: BreakerLimits = LIMITS) -> Breaker:
    breaker = Breaker(limits)
    for number in range(count):
        assert breaker.came(f"s{number}", "ann") is False
    return breaker


def test_three_of_a_few_at_once_are_many_and_two_are_not() -> None:
    breaker = peopled(10)
    assert [breaker.went(f"s{n}", "ann", Loss.CHANNEL_DOWN, 100.0 + n) for n in range(3)] == [False, False, True]
    assert breaker.tripped is not None
    assert (breaker.tripped.lapsed, breaker.tripped.of) == (3, 10)
    assert breaker.tripped.words == "3 of 10 sessions lost their operators at once (channel down: 3)"
    assert breaker.went("s3", "ann", Loss.CHANNEL_DOWN, 103.0) is False
    assert breaker.lost == 4


def test_of_many_it_takes_a_share_and_of_very_many_a_number() -> None:
    for sessions, many in ((100, 5), (1000, 20)):
        breaker = peopled(sessions)
        tripped = [breaker.went(f"s{n}", "ann", Loss.NO_ANSWER, 100.0) for n in range(many)]
        assert tripped == [False] * (many - 1) + [True]


def test_who_lapses_one_after_the_other_is_no_mass() -> None:
    breaker = peopled(10)
    assert not any(breaker.went(f"s{n}", "ann", Loss.CHANNEL_DOWN, 100.0 + 6 * n) for n in range(10))
    assert breaker.lost == 10


def test_how_they_were_lost_is_told_apart() -> None:
    breaker = peopled(4)
    for number, loss in enumerate((Loss.NO_ANSWER, Loss.CHANNEL_DOWN, Loss.PROTOCOL)):
        breaker.went(f"s{number}", "ann", loss, 100.0)
    assert breaker.tripped is not None
    assert dict(breaker.tripped.losses) == {Loss.NO_ANSWER: 1, Loss.CHANNEL_DOWN: 1, Loss.PROTOCOL: 1}
    assert breaker.tripped.words.endswith("(channel down: 1, no answer: 1, protocol: 1)")


def test_who_leaves_on_purpose_or_leaves_somebody_there_is_no_loss() -> None:
    breaker = peopled(6)
    assert not any(breaker.went(f"s{n}", "ann", None, 100.0) for n in range(3))
    breaker.came("s3", "bob")
    for number in range(3, 6):
        assert breaker.went(f"s{number}", "ann", Loss.CHANNEL_DOWN, 100.0) is False
    assert breaker.lost == 2
    assert breaker.went("s9", "ann", Loss.CHANNEL_DOWN, 100.0) is False
    assert breaker.went("s4", "nobody", Loss.CHANNEL_DOWN, 100.0) is False


def test_it_closes_once_few_are_left_without() -> None:
    breaker = peopled(10)
    for number in range(4):
        breaker.went(f"s{number}", "ann", Loss.CHANNEL_DOWN, 100.0)
    assert breaker.came("s0", "ann") is False
    assert breaker.over("s1") is False
    assert breaker.came("s2", "ann") is True
    assert (breaker.tripped, breaker.lost) == (None, 1)
    assert breaker.over("s3") is False


def test_a_person_lets_it_go_and_those_who_are_lost_count_no_more() -> None:
    breaker = peopled(10)
    for number in range(3):
        breaker.went(f"s{number}", "ann", Loss.CHANNEL_DOWN, 100.0)
    breaker.release()
    assert (breaker.tripped, breaker.lost) == (None, 0)
    assert breaker.went("s4", "ann", Loss.CHANNEL_DOWN, 101.0) is False
