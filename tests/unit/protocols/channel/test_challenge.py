"""The book of open challenges."""

import pytest

from protocols.channel.challenge import Challenges, OpenChallenge
from protocols.channel.event import Outcome
from protocols.channel.limits import Limits
from protocols.channel.violation import OurViolation
from protocols.gesture import Gesture


def book(*ids: str, deadline: float = 10.0) -> Challenges:
    challenges = Challenges(Limits(challenges=2))
    for id_ in ids:
        challenges.ask(OpenChallenge(id=id_, gesture=Gesture.NOD, deadline=deadline, nonce=f"nonce of {id_}"))
    return challenges


def test_each_answer_has_one_outcome() -> None:
    challenges = book("a", "b")
    assert challenges.answer("a", "wrong", 1.0) is Outcome.WRONG_NONCE
    assert challenges.answer("a", "nonce of a", 1.0) is Outcome.ACCEPTED
    assert challenges.answer("a", "nonce of a", 1.0) is Outcome.REPEATED
    assert challenges.answer("c", "nonce of c", 1.0) is Outcome.UNKNOWN
    assert challenges.answer("b", "nonce of b", 10.0) is Outcome.ACCEPTED


def test_digits_are_typed_as_a_keyboard_makes_them_and_wrong_ones_may_be_typed_again() -> None:
    challenges = Challenges(Limits(tries=3))
    challenges.ask(OpenChallenge(id="a", digits="0472", deadline=10.0, nonce="n"))
    assert "0472" not in repr(challenges.open)
    assert challenges.answer("a", "n", 1.0) is Outcome.WRONG_DIGITS
    assert challenges.answer("a", "n", 1.0, "0427") is Outcome.WRONG_DIGITS
    assert challenges.answer("a", "n", 1.0, "\uff10４ 72") is Outcome.ACCEPTED
    assert challenges.answer("a", "n", 1.0, "0472") is Outcome.REPEATED


def test_digits_cannot_be_guessed_at() -> None:
    challenges = Challenges(Limits(tries=3))
    challenges.ask(OpenChallenge(id="a", digits="0472", deadline=10.0, nonce="n"))
    assert {challenges.answer("a", "n", 1.0, guess) for guess in ("1", "2", "3", "0472")} == {Outcome.WRONG_DIGITS}
    assert challenges.answer("a", "other", 1.0, "0472") is Outcome.WRONG_NONCE
    assert challenges.expire(10.0) == ["a"]


def test_an_answer_after_the_deadline_is_late_before_and_after_it_was_found() -> None:
    challenges = book("a")
    assert challenges.answer("a", "nonce of a", 10.1) is Outcome.LATE
    assert challenges.expire(9.9) == []
    assert challenges.expire(10.1) == ["a"]
    assert challenges.expire(10.2) == []
    assert challenges.answer("a", "nonce of a", 10.2) is Outcome.LATE


def test_the_next_deadline_is_the_first() -> None:
    challenges = book("a")
    challenges.ask(OpenChallenge(id="b", gesture=Gesture.NOD, deadline=5.0, nonce="n"))
    assert challenges.next_deadline() == 5.0
    assert [challenge.id for challenge in challenges.open] == ["a", "b"]
    challenges.expire(20.0)
    assert challenges.next_deadline() is None


def test_ids_are_used_once_and_few_are_open() -> None:
    challenges = book("a", "b")
    with pytest.raises(OurViolation, match="asked before"):
        challenges.ask(OpenChallenge(id="a", gesture=Gesture.NOD, deadline=1.0, nonce="n"))
    with pytest.raises(OurViolation, match="all that may be"):
        challenges.ask(OpenChallenge(id="c", gesture=Gesture.NOD, deadline=1.0, nonce="n"))
    challenges.answer("a", "nonce of a", 1.0)
    with pytest.raises(OurViolation, match="asked before"):
        challenges.ask(OpenChallenge(id="a", gesture=Gesture.NOD, deadline=1.0, nonce="n"))


def test_old_ones_are_forgotten() -> None:
    challenges = Challenges(Limits(challenges=2))
    for number in range(66):
        challenges.ask(OpenChallenge(id=str(number), gesture=Gesture.NOD, deadline=1.0, nonce="n"))
        challenges.expire(2.0)
    assert challenges.answer("0", "n", 2.0) is Outcome.UNKNOWN
    assert challenges.answer("65", "n", 2.0) is Outcome.LATE
