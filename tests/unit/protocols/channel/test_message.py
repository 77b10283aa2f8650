"""Reading is strict: each kind of wrong message is one clear fault."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.channel import message
from protocols.channel.message import TYPES, Heartbeat, Hello, Notice, Samples, decode, encode, kind_of, move_of
from protocols.channel.table import Move
from protocols.channel.violation import Fault, TheirViolation
from protocols.telemetry import CHANNELS

GOOD = b'{"type":"heartbeat","seq":1,"t":2.5,"samples":{"channels":["yaw","mouthOpen"],"values":"AAAAAAAAAAAAAAAA"}}'


def fault(kind: type, payload: bytes) -> Fault:
    with pytest.raises(TheirViolation) as caught:
        decode(kind, payload)
    return caught.value.fault


def test_a_heartbeat_is_read_and_written_alike() -> None:
    beat = decode(Heartbeat, GOOD)
    assert beat == Heartbeat(seq=1, t=2.5, samples=Samples(channels=["yaw", "mouthOpen"], values=bytes(12)))
    assert decode(Heartbeat, encode(beat)) == beat
    assert beat.nonce is None


def test_the_channels_are_those_of_telemetry_in_their_order() -> None:
    assert get_args(message.Channel) == tuple(CHANNELS)


def test_every_message_has_its_move() -> None:
    for move, kind in TYPES.items():
        assert str(kind.__struct_config__.tag) == move
    assert move_of(message.Bye(seq=1)) is Move.BYE


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (GOOD.replace(b'"seq":1', b'"seq":1,"seq":2'), Fault.REPEATED_NAME),
        (GOOD.replace(b'"t":2.5', b'"t":2.5,"t":2.5'), Fault.REPEATED_NAME),
        (GOOD.replace(b'"t":2.5', b'"t":2.5,"\\u0074":2.5'), Fault.REPEATED_NAME),
        (GOOD.replace(b'"t":2.5', b'"t":2.5,"nonce":null'), Fault.REPEATED_NAME),
        (GOOD.replace(b'"values":', b'"values":"","values":'), Fault.REPEATED_NAME),
        (GOOD.replace(b'"seq":1', b'"seq":1,"nonce":"%s","nonce":"%s"' % (b"A" * 22, b"A" * 22)), Fault.REPEATED_NAME),
        (GOOD.replace(b'"seq":1', b'"seq":1,"type":"heartbeat"'), Fault.REPEATED_NAME),
        (GOOD.replace(b'"yaw"', b'"yaw\\u003a"'), Fault.MALFORMED),
        (GOOD.replace(b'"seq":1', b'"seq":1,"nonce":"\\u003A%s"' % (b"A" * 21)), Fault.REPEATED_NAME),
        (GOOD.replace(b'"yaw"', b'"jaw"'), Fault.MALFORMED),
        (GOOD.replace(b'"yaw"', b"7"), Fault.MALFORMED),
        (GOOD.replace(b'"yaw"', b",".join([b'"yaw"'] * 12)), Fault.MALFORMED),
        (GOOD.replace(b"AAAAAAAAAAAAAAAA", b"AAAAA"), Fault.MALFORMED),
        (GOOD.replace(b'"AAAAAAAAAAAAAAAA"', b"[1]"), Fault.MALFORMED),
        (GOOD.replace(b'"channels":["yaw","mouthOpen"],', b""), Fault.MALFORMED),
        (GOOD.replace(b'"seq":1', b'"seq":1,"more":1'), Fault.MALFORMED),
        (GOOD.replace(b'"seq":1', b'"seq":0'), Fault.MALFORMED),
        (GOOD.replace(b'"seq":1', b'"seq":1.5'), Fault.MALFORMED),
        (GOOD.replace(b'"seq":1', b'"seq":true'), Fault.MALFORMED),
        (GOOD.replace(b'"seq":1,', b""), Fault.MALFORMED),
        (GOOD.replace(b"2.5", b"2e10"), Fault.MALFORMED),
        (GOOD.replace(b"2.5", b"NaN"), Fault.MALFORMED),
        (GOOD.replace(b"2.5", b"1e999"), Fault.MALFORMED),
        (GOOD.replace(b"2.5", b"1" * 5000), Fault.MALFORMED),
        (GOOD.replace(b"2.5", b'"2"'), Fault.MALFORMED),
        (GOOD.replace(b"2.5", b"[" * 5000), Fault.MALFORMED),
        (GOOD[:-1], Fault.MALFORMED),
        (GOOD + b"{}", Fault.MALFORMED),
        (GOOD.replace(b"yaw", b"\xff"), Fault.MALFORMED),
    ],
)
def test_what_is_wrong_with_a_heartbeat_is_found(payload: bytes, expected: Fault) -> None:
    assert fault(Heartbeat, payload) is expected


def test_an_escaped_colon_cannot_hide_a_repeated_name() -> None:
    text = b'{"type":"notice","seq":1,"level":"info","code":"c","en":"a\\u003Ab","zh":"z"}'
    assert fault(Notice, text) is Fault.REPEATED_NAME
    assert fault(Notice, text.replace(b'"seq":1', b'"seq":1,"seq":1')) is Fault.REPEATED_NAME


def test_texts_may_hold_colons_and_quotes() -> None:
    notice = Notice(seq=1, level="info", code="c", en='at 10:30: "go"\n', zh="注意:请回应")
    assert decode(Notice, encode(notice)) == notice


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\n", "x" * 129, "名"])
def test_ids_are_plain(name: str) -> None:
    hello = Hello(version="v", session=name, operator="ann", server_nonce="n" * 22, nonce="n" * 22, key="k" * 43)
    assert fault(Hello, encode(hello)) is Fault.MALFORMED


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", Fault.MALFORMED),
        (b"[]", Fault.MALFORMED),
        (b'{ "type":"bye"}', Fault.MALFORMED),
        (b'{"seq":1,"type":"bye"}', Fault.MALFORMED),
        (b'{"type":"', Fault.UNKNOWN_TYPE),
        (b'{"type":"bye', Fault.UNKNOWN_TYPE),
        (b'{"type":"goodbye"}', Fault.UNKNOWN_TYPE),
        (b'{"type":"' + b"x" * 100 + b'"}', Fault.UNKNOWN_TYPE),
        (b'{"type":"violation"}', Fault.UNKNOWN_TYPE),
    ],
)
def test_the_type_stands_first_or_the_message_is_refused(payload: bytes, expected: Fault) -> None:
    with pytest.raises(TheirViolation) as caught:
        kind_of(payload)
    assert caught.value.fault is expected


@given(st.binary(max_size=300), st.sampled_from(list(TYPES)))
def test_no_bytes_raise_anything_else(noise: bytes, move: Move) -> None:
    payload = b'{"type":"' + move.encode() + b'"' + noise
    try:
        read = decode(TYPES[kind_of(payload)], payload)
    except TheirViolation:
        return
    assert encode(read)


@given(
    st.lists(st.sampled_from(get_args(message.Channel)), max_size=11),
    st.binary(max_size=200),
    st.none() | st.just("n:" * 11),
)
def test_every_heartbeat_survives_the_wire(channels: list[message.Channel], values: bytes, nonce: str | None) -> None:
    beat = Heartbeat(seq=7, t=1.0, samples=Samples(channels=channels, values=values), nonce=nonce)
    assert decode(Heartbeat, encode(beat)) == beat
    none = Heartbeat(seq=7, t=1.0, nonce=nonce)
    assert b"samples" not in encode(none)
    assert decode(Heartbeat, encode(none)) == none
