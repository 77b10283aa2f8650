"""Announced breaks: a budget an hour; in a break nobody is asked, and nobody need be there."""

from protocols.channel.breaks import Breaks
from protocols.channel.duty import Duty, Needs
from protocols.channel.event import Challenged, DutyTold, Noticed
from protocols.channel.floor import Floor
from protocols.channel.limits import Limits
from protocols.gesture import Gesture
from protocols.observation import ChallengeAsked, Rest
from tests.unit.protocols.channel.pair import SESSION, Pair, device


def place(budget: float = 600.0) -> Floor:
    return Floor(session=SESSION, epoch=3, zero=90.0, limits=Limits(), break_budget=budget)


def said(pair: Pair, seconds: float) -> None:
    assert pair.client.rest(seconds)
    pair.exchange()


def test_an_hour_has_its_budget_and_what_was_not_taken_is_left() -> None:
    breaks = Breaks(600.0)
    assert breaks.begin(400.0, 1000.0) == 1400.0
    assert breaks.on(1399.0)
    assert breaks.begin(10.0, 1100.0) is None
    assert breaks.end(1100.0) is True
    assert breaks.end(1100.0) is False
    assert breaks.left(1100.0) == 500.0
    assert breaks.begin(3600.0, 2000.0) == 2500.0
    assert breaks.expire(2400.0) is False
    assert breaks.expire(2500.0) is True
    assert breaks.expire(2500.0) is False
    assert breaks.begin(60.0, 2600.0) is None
    assert breaks.left(4650.0) == 50.0
    assert breaks.left(6100.0) == 600.0
    assert Breaks(0.0).begin(1.0, 0.0) is None


def test_a_break_is_announced_told_and_runs_out() -> None:
    pair = Pair(place()).connect()
    said(pair, 60.0)
    assert pair.of(Rest) == [Rest(at=10.0, operator="ann", until=70.0)]
    told = pair.of(DutyTold)[-1]
    assert (told.on_shift, told.break_until, told.break_left) == (True, pair.now + pair.skew + 60.0, 540.0)
    asked = ChallengeAsked(at=11.0, challenge="ch", gesture=Gesture.NOD, within=5.0)
    assert pair.floor.ask(asked, "n" * 22, pair.now) is None
    pair.until(pair.now + 61.0)
    assert pair.of(DutyTold)[-1].break_until is None
    assert pair.floor.ask(asked, "n" * 22, pair.now) is not None
    pair.exchange()
    assert pair.of(Challenged)


def test_who_is_back_early_says_so() -> None:
    pair = Pair(place()).connect()
    said(pair, 0)
    assert pair.of(Rest) == []
    said(pair, 60.0)
    pair.until(pair.now + 10.0)
    said(pair, 0)
    assert [rest.until for rest in pair.of(Rest)] == [70.0, 20.0]
    assert pair.of(DutyTold)[-1].break_left == 590.0


def test_without_a_budget_there_is_no_break_and_it_is_said_so() -> None:
    pair = Pair(place(0.0)).connect()
    said(pair, 60.0)
    assert pair.of(Rest) == []
    assert pair.of(DutyTold)[-1].en == "No break is left this hour."


def test_who_is_not_on_shift_takes_no_break() -> None:
    pair = Pair(place())
    pair.hello()
    pair.server.verify(device("ann").public_key().public_bytes_raw())
    pair.floor.enter(pair.server, "ann", pair.now, Duty(on_shift=False, needs=Needs.PASSKEY))
    pair.exchange()
    said(pair, 60.0)
    assert pair.of(Rest) == []


def test_before_the_channel_is_open_nothing_is_announced() -> None:
    assert Pair(place()).client.rest(60.0) is False


def test_who_has_lost_their_connection_is_told_when_they_are_back() -> None:
    floor = place()
    pair, other = Pair(floor).connect(), Pair(floor, operator="bob").connect()
    floor.lost(other.server, "bob")
    said(pair, 60.0)
    assert pair.of(DutyTold)[-1].break_left == 540.0
    assert [duty.break_left for duty in other.of(DutyTold)] == [600.0]
    again = Pair(floor, operator="bob", seed="2").connect()
    assert again.of(DutyTold)[-1].break_left == 540.0


def test_in_an_announced_segment_no_routine_challenge_comes_and_the_ladders_does() -> None:
    floor = Floor(session=SESSION, epoch=3, zero=90.0, limits=Limits(), performance_budget=300.0)
    pair = Pair(floor).connect()
    assert pair.client.perform(240.0)
    pair.exchange()
    told = pair.of(Noticed)[-1]
    assert (told.code, told.until) == ("performance", pair.now + pair.skew + 240.0)
    asked = [ChallengeAsked(at=11.0, challenge=f"ch{n}", gesture=Gesture.NOD, within=5.0) for n in range(3)]
    assert floor.ask(asked[0], "n" * 22, pair.now, routine=True) is None
    assert floor.ask(asked[1], "n" * 22, pair.now) is not None
    assert pair.client.perform(60.0)
    pair.exchange()
    assert pair.of(Noticed)[-1].en == "No such time is left this hour, or one is on."
    pair.client.perform(0)
    pair.exchange()
    assert floor.ask(asked[2], "n" * 22, pair.now, routine=True) is not None
    assert Pair(place()).client.perform(1.0) is False


def test_who_is_not_on_shift_announces_no_segment() -> None:
    floor = Floor(session=SESSION, epoch=3, zero=90.0, limits=Limits(), performance_budget=300.0)
    pair = Pair(floor)
    pair.hello()
    pair.server.verify(device("ann").public_key().public_bytes_raw())
    floor.enter(pair.server, "ann", pair.now, Duty(on_shift=False, needs=Needs.PASSKEY))
    pair.exchange()
    pair.client.perform(60.0)
    pair.exchange()
    assert pair.of(Noticed) == []
