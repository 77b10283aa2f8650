"""One connection, seen from the operator's side."""

import pytest

from protocols.channel.client import ClientConnection
from protocols.channel.event import Acknowledged, Challenged, Ended, FloorChanged, Noticed, Opened, Receipted
from protocols.channel.limits import Limits
from protocols.channel.message import Ack, Bye, Welcome, encode
from protocols.channel.notice import Level, Notice
from protocols.channel.outbox import Outbox
from protocols.channel.table import ClientState
from protocols.channel.violation import Fault, OurViolation, TheirViolation
from protocols.gesture import Gesture
from protocols.observation import ChallengeAsked
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.channel.pair import Pair, device, floor


def connected(**options) -> Pair:
    pair = Pair(floor(), **options).connect()
    pair.exchange()
    return pair


def fault(call, *args) -> Fault:
    with pytest.raises(TheirViolation) as caught:
        call(*args)
    return caught.value.fault


def asked(pair: Pair, within: float = 5.0) -> None:
    challenge = ChallengeAsked(at=pair.now - 90.0, challenge="ch", gesture=Gesture.NOD, within=within)
    pair.floor.ask(challenge, "n" * 22, pair.now)
    pair.exchange()


def test_it_opens_and_hears_what_is_expected() -> None:
    pair = connected()
    assert pair.of(Opened) == [Opened(driving=True, resumed=False, interval=1.0)]
    assert pair.client.state is ClientState.OPEN
    with pytest.raises(OurViolation):
        ClientConnection(session="s", operator="o", sign=bytes, entropy=b"", outbox=Outbox(), limits=Limits(), now=0.0)


def test_it_beats_each_second_and_learns_the_round_trip() -> None:
    pair = connected()
    pair.until(105.0)
    beats = pair.of(Acknowledged)
    assert len(beats) == 6
    assert {beat.round_trip for beat in beats} == {0.0}


def test_a_backlog_goes_out_faster() -> None:
    pair = connected()
    for number in range(300):
        pair.outbox.offer(TelemetrySample(at=pair.now + pair.skew - 3 + number / 100))
    pair.until(pair.now + 1.5)
    assert sum(beat.taken for beat in pair.of(Acknowledged)) == 300
    assert len(pair.of(Acknowledged)) <= 5


def test_an_answer_goes_out_once() -> None:
    pair = connected()
    asked(pair)
    assert pair.of(Challenged) == [Challenged(challenge="ch", gesture=Gesture.NOD, deadline=pair.now + pair.skew + 5)]
    pair.client.answer("ch")
    with pytest.raises(OurViolation):
        pair.client.answer("ch")
    pair.exchange()
    assert pair.of(Receipted) == [Receipted(challenge="ch", outcome="accepted")]
    with pytest.raises(OurViolation):
        pair.client.answer("ch")


def test_an_answer_given_while_the_connection_is_down_goes_out_with_the_next() -> None:
    pair = connected()
    asked(pair)
    pair.client.lost()
    pair.client.answer("ch")
    assert pair.client.data_to_send() == []
    pair.floor.lost(pair.server, "ann")
    again = Pair(pair.floor, outbox=pair.outbox, now=pair.now + 1, seed="2").connect()
    again.exchange()
    assert again.of(Opened)[0].resumed
    assert [receipt.outcome for receipt in again.of(Receipted)] == ["accepted"]


def test_notices_and_the_floor_are_told() -> None:
    pair = connected()
    pair.floor.notify(
        Notice(level=Level.URGENT, code="g", text_en="a: b", text_zh="请", until=pair.now - 90 + 4), pair.now
    )
    pair.floor.notify(Notice(level=Level.INFO, code="i", text_en="e", text_zh="z"), pair.now)
    pair.server.floor(driving=False)
    pair.exchange()
    timed, lasting = pair.of(Noticed)
    assert (timed.level, timed.code, timed.until) == ("urgent", "g", pair.now + pair.skew + 4)
    assert (lasting.en, lasting.zh, lasting.until) == ("e", "z", None)
    assert pair.of(FloorChanged) == [FloorChanged(driving=False)]


def test_the_servers_last_word_ends_it() -> None:
    pair = connected()
    pair.server.close("session_over", "over")
    pair.to_client()
    assert pair.of(Ended) == [Ended(code="session_over", message="over")]
    assert pair.client.state is ClientState.CLOSED
    assert pair.client.receive("more", 0.0) == []
    assert pair.client.next_deadline() is None
    pair.client.expire(1e9)
    pair.client.lost()


def test_a_refusal_ends_it_before_and_after_hello() -> None:
    for hello in (False, True):
        pair = Pair(floor())
        if hello:
            pair.hello()
        else:
            pair.server.data_to_send()
        pair.server.close("crowded", "too many")
        pair.to_client()
        assert pair.heard == [Ended(code="crowded", message="too many")]


@pytest.mark.parametrize("opened", [False, True])
def test_leaving_says_goodbye_where_somebody_listens(opened: bool) -> None:
    pair = connected() if opened else Pair(floor())
    pair.outbox.offer(TelemetrySample(at=pair.now + pair.skew))
    pair.client.bye(pair.now + pair.skew)
    assert pair.client.state is ClientState.CLOSED
    said = pair.client.data_to_send()
    assert ['"type":"bye"' in message for message in said] == ([False, True] if opened else [])


def test_leaving_with_nothing_left_is_one_message() -> None:
    pair = connected()
    pair.client.bye(0.0)
    assert len(pair.client.data_to_send()) == 1


def test_the_server_has_its_time_too() -> None:
    pair = Pair(floor())
    start = pair.now + pair.skew
    assert pair.client.next_deadline() == start + 5
    pair.client.expire(start + 4.9)
    assert fault(pair.client.expire, start + 5) is Fault.TIMEOUT
    pair = connected()
    for second in range(1, 10):
        pair.client.expire(start + second)
    pair.client.expire(start + 9.5)
    assert pair.client.next_deadline() == start + 10
    assert fault(pair.client.expire, start + 10) is Fault.SILENT


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"bytes", Fault.NOT_TEXT),
        ("{}", Fault.MALFORMED),
        ('{"type":"ready"}', Fault.ILLEGAL),
        ("A" * 43 + '.{"type":"ready"}', Fault.ILLEGAL),
    ],
)
def test_what_is_no_welcome_ends_it(data: str | bytes, expected: Fault) -> None:
    pair = Pair(floor())
    assert fault(pair.client.receive, data, 0.0) is expected
    assert pair.client.state is ClientState.CLOSED


def test_another_version_is_refused() -> None:
    welcome = Welcome(version="nakanohito.operator.v2", connection="c", nonce="n" * 22, key="k" * 43)
    assert fault(Pair(floor()).client.receive, encode(welcome).decode(), 0.0) is Fault.VERSION


def test_a_second_welcome_is_illegal() -> None:
    pair = Pair(floor())
    (welcome,) = pair.server.data_to_send()
    pair.client.receive(welcome, 0.0)
    assert fault(pair.client.receive, welcome, 0.0) is Fault.ILLEGAL


def test_ready_must_be_sealed_with_the_right_keys() -> None:
    pair = Pair(floor())
    pair.hello()
    pair.server.verify(device().public_key().public_bytes_raw())
    pair.floor.enter(pair.server, "ann", pair.now)
    (ready, *_) = pair.server.data_to_send()
    assert fault(pair.client.receive, ready.replace('"epoch":3', '"epoch":4'), 0.0) is Fault.BAD_SEAL


def test_a_replayed_message_of_the_server_ends_it() -> None:
    pair = connected()
    pair.server.floor(driving=False)
    (frame,) = pair.server.data_to_send()
    pair.client.receive(frame, 0.0)
    assert fault(pair.client.receive, frame, 0.0) is Fault.SEQUENCE


def test_the_server_cannot_speak_as_the_operator() -> None:
    pair = connected()
    frame, _ = pair.server._talk._line._outgoing.close(Bye(seq=pair.server._talk.next_seq))
    assert fault(pair.client.receive, frame, 0.0) is Fault.ILLEGAL


def test_an_ack_for_what_was_not_sent_ends_it() -> None:
    pair = connected()
    talk = pair.server._talk
    frame = talk.write(Ack(seq=talk.next_seq, of=99, nonce="n" * 22, taken=0, refused=0))
    assert fault(pair.client.receive, frame, 0.0) is Fault.SEQUENCE


def test_nothing_can_be_said_before_it_is_open() -> None:
    client = Pair(floor()).client
    for call in (lambda: client._seq, lambda: client._send(Bye(seq=1))):
        with pytest.raises(OurViolation):
            call()
