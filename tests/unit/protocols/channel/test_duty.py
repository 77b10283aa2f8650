"""Duty: an operator who is connected and not on shift is nobody yet; their passkey's answer begins it."""

from protocols.channel.duty import Asking, Duty, Needs
from protocols.channel.event import (
    Acknowledged,
    DriverChanged,
    DutyTold,
    Ended,
    FloorChanged,
    Opened,
    SamplesRefused,
    ShiftAsserted,
)
from protocols.channel.floor import Floor
from protocols.channel.table import ServerState
from protocols.observation import Presence
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.channel.pair import Pair, device, floor

ASKING = Asking(ceremony="cer_1", options='{"challenge":"a:b\\u00fc"}', within=60.0)
WAITING = Duty(on_shift=False, needs=Needs.PASSKEY, text_en="Begin: now", text_zh="开始：现在", asking=ASKING)
SOON = Duty(on_shift=True, text_en="Soon.", text_zh="快了。", verified_for=86_400.0)


def connected(duty: Duty, place: Floor | None = None, **options) -> Pair:
    pair = Pair(place or floor(), **options)
    pair.hello()
    pair.server.verify(device(pair.operator).public_key().public_bytes_raw())
    pair.happened += pair.floor.enter(pair.server, pair.operator, pair.now, duty)
    pair.exchange()
    return pair


def begin(pair: Pair, duty: Duty = SOON) -> None:
    pair.happened += pair.floor.begin_shift(pair.operator, pair.now, duty)
    pair.exchange()


def test_who_is_not_on_shift_is_told_what_is_needed_and_counts_for_nothing() -> None:
    pair = connected(WAITING)
    assert pair.of(Opened)[0].driving is False
    told = pair.of(DutyTold)[0]
    assert (told.on_shift, told.needs, told.en, told.zh) == (False, "passkey", "Begin: now", "开始：现在")
    assert (told.ceremony, told.options, told.verified_for) == ("cer_1", ASKING.options, None)
    assert told.until == pair.now + pair.skew + 60.0
    pair.outbox.offer(TelemetrySample(at=pair.now + pair.skew, yaw=1.0))
    pair.until(pair.now + 2)
    assert pair.of(Acknowledged)
    assert pair.of(SamplesRefused)[0].standby == 1
    assert pair.of(Presence) == pair.of(DriverChanged) == []
    assert not pair.floor.holds("ann")
    pair.until(pair.now + 30)
    assert pair.of(Presence) == []


def test_the_passkeys_answer_is_handed_to_the_shell_and_begins_the_shift() -> None:
    pair = connected(WAITING)
    pair.until(pair.now + 5)
    assert pair.client.shift("cer_1", '{"id":"x"}')
    pair.exchange()
    asserted = pair.of(ShiftAsserted)[0]
    assert (asserted.operator, asserted.ceremony, asserted.credential) == ("ann", "cer_1", '{"id":"x"}')
    begin(pair)
    assert [(p.connected, p.cause) for p in pair.of(Presence)] == [(True, "the shift begins")]
    assert pair.of(DriverChanged)[-1].operator == "ann"
    assert pair.of(FloorChanged)[-1].driving is True
    assert [told.on_shift for told in pair.of(DutyTold)] == [False, True]
    assert pair.of(DutyTold)[-1].verified_for == 86_400.0
    begin(pair)
    assert len(pair.of(Presence)) == 1


def test_an_answer_that_does_not_count_changes_nothing() -> None:
    pair = connected(WAITING)
    pair.floor.tell("ann", WAITING)
    pair.floor.tell("bob", WAITING)
    pair.exchange()
    assert len(pair.of(DutyTold)) == 2
    assert pair.of(Presence) == []


def test_what_there_is_to_say_to_somebody_on_shift_is_said_at_once() -> None:
    pair = connected(SOON)
    assert pair.of(DutyTold)[0].on_shift is True
    assert pair.of(Opened)[0].driving is True
    assert pair.of(Presence)[0].cause == "hello"


def test_nobody_on_shift_is_driven_out_by_another_device_that_is_not() -> None:
    place = floor()
    pair = connected(SOON, place)
    other = connected(WAITING, place, seed="2")
    assert other.of(Ended)[0].code == "elsewhere"
    assert pair.server.state is ServerState.OPEN
    assert other.of(Opened) == []


def test_who_comes_back_on_shift_goes_on_and_who_comes_back_without_is_nobody() -> None:
    place = floor()
    pair = connected(WAITING, place)
    begin(pair)
    place.lost(pair.server, "ann")
    pair.now += 3
    pair.happened += place.expire(pair.now)
    again = connected(WAITING, place, seed="2", now=pair.now)
    assert again.of(Opened)[0].driving is False
    assert again.of(Presence) == []
    third = connected(SOON, place, seed="3", now=pair.now)
    assert [p.cause for p in third.of(Presence)] == ["the shift begins"]
    assert again.server.state is ServerState.CLOSED


def test_who_leaves_before_the_shift_is_missed_by_nobody() -> None:
    pair = connected(WAITING)
    pair.client.bye(pair.now + pair.skew)
    pair.exchange()
    assert pair.of(Presence) == []


def test_who_is_sent_away_is_there_no_more() -> None:
    pair = connected(SOON)
    pair.happened += pair.floor.dismiss("ann", "elsewhere", "you are elsewhere", pair.now)
    pair.exchange()
    assert pair.of(Ended)[0].code == "elsewhere"
    assert [(p.connected, p.cause) for p in pair.of(Presence)] == [(True, "hello"), (False, "you are elsewhere")]
    assert pair.floor.dismiss("ann", "x", "x", pair.now) == []
    assert pair.floor.begin_shift("nobody", pair.now) == []


def test_an_answer_before_the_channel_is_open_is_not_sent() -> None:
    assert Pair(floor()).client.shift("cer_1", "{}") is False
