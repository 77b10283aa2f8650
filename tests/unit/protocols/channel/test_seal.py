"""Frames: what is sealed cannot be changed, moved to another type, replayed, reordered or left out."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.channel.message import NO_SAMPLES, Answer, Attest, Bye, Floor, Heartbeat, encode
from protocols.channel.seal import Line, Seal, base64url, domain, octets, sign, signed, unbase64url
from protocols.channel.table import Move
from protocols.channel.violation import Fault, TheirViolation

KEY, OTHER = b"k" * 32, b"o" * 32


def fault(call, *args) -> Fault:
    with pytest.raises(TheirViolation) as caught:
        call(*args)
    return caught.value.fault


def lines() -> tuple[Line, Line]:
    return Line(outgoing=KEY, incoming=OTHER), Line(outgoing=OTHER, incoming=KEY)


def test_a_message_arrives_as_it_was_sent() -> None:
    one, two = lines()
    frame, payload = one.send(Bye(seq=one.next_seq))
    assert two.receive(frame.encode()) == (Move.BYE, payload, Bye(seq=1))


def test_domains_end_with_a_zero_byte_and_differ() -> None:
    assert domain(Move.HEARTBEAT) == b"nakanohito/heartbeat/v1\0"
    assert len({domain(move) for move in Move}) == len(Move)


def test_the_seal_is_a_known_one() -> None:
    frame, _ = Seal(KEY).close(Bye(seq=1))
    # hmac_sha256(b"k" * 32, b"nakanohito/bye/v1\0" + b'{"type":"bye","seq":1}'), computed with openssl.
    assert frame == "kSQQPgklT3YjGU1iN5qDnsfwDkLKHinGYgHyclU7WcY." + '{"type":"bye","seq":1}'


@given(st.binary(max_size=100), st.integers(1, 10**9))
def test_every_seal_is_that_of_the_standard_library(key: bytes, seq: int) -> None:
    frame, payload = Seal(key).close(Bye(seq=seq))
    assert frame.partition(".")[0] == base64url(hmac.digest(key, domain(Move.BYE) + payload, "sha256"))


@given(st.integers(0, 200), st.integers(1, 255))
def test_no_bit_can_be_changed(place: int, flip: int) -> None:
    frame = bytearray(Seal(KEY).close(Heartbeat(seq=1, t=1.0, samples=NO_SAMPLES))[0].encode())
    frame[place % len(frame)] ^= flip
    with pytest.raises(TheirViolation):
        Seal(KEY).open(bytes(frame))


def test_another_key_does_not_open() -> None:
    frame = Seal(KEY).close(Bye(seq=1))[0].encode()
    assert fault(Seal(OTHER).open, frame) is Fault.BAD_SEAL


def test_a_seal_does_not_fit_another_type() -> None:
    answer = Seal(KEY).close(Answer(seq=1, id="a", nonce="n" * 22))[0]
    mac = answer[:43]
    assert fault(Seal(KEY).open, (mac + '.{"type":"bye","seq":1}').encode()) is Fault.BAD_SEAL


def test_what_we_sent_does_not_open_as_theirs() -> None:
    one, _ = lines()
    assert fault(one.receive, one.send(Bye(seq=1))[0].encode()) is Fault.BAD_SEAL


@pytest.mark.parametrize("order", [[1], [0, 0], [0, 2], [0, 1, 1], [0, 1, 0]])
def test_numbers_rise_by_one(order: list[int]) -> None:
    one, two = lines()
    frames = [one.send(Floor(seq=one.next_seq, driving=True))[0].encode() for _ in range(3)]
    for place in order[:-1]:
        two.receive(frames[place])
    assert fault(two.receive, frames[order[-1]]) is Fault.SEQUENCE


@pytest.mark.parametrize("frame", [b"", b".", b"A" * 43, b"A" * 43 + b"!x", b"A" * 44 + b"."])
def test_what_is_no_frame_is_malformed(frame: bytes) -> None:
    assert fault(Seal(KEY).open, frame) is Fault.MALFORMED
    assert fault(signed, frame) is Fault.MALFORMED


def test_a_message_without_a_number_is_out_of_sequence() -> None:
    from protocols.channel.message import Refused

    frame, _ = Seal(KEY).close(Refused(code="c", message="m"))
    assert fault(lines()[1].receive, frame.encode()) is Fault.SEQUENCE


def test_a_signed_frame_comes_apart() -> None:
    frame = sign(Attest(seq=1, count=0, signature="s" * 86), bytes(range(64))).encode()
    signature, payload = signed(frame)
    assert signature == bytes(range(64))
    assert payload.startswith(b'{"type":"attest"')


@pytest.mark.parametrize("text", ["", "A" * 85, "é" * 43, "AA==", "A" * 42 + "B", "A" * 42 + "=", "A A" + "A" * 40])
def test_only_the_canonical_base64_is_taken(text: str) -> None:
    assert fault(unbase64url, text, 32) is Fault.MALFORMED


@given(st.binary(min_size=1, max_size=80))
def test_base64_survives(data: bytes) -> None:
    assert unbase64url(base64url(data), len(data)) == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"bytes", Fault.NOT_TEXT),
        ("\ud800", Fault.NOT_TEXT),
        ("x" * 11, Fault.OVERSIZED),
        ("名" * 4, Fault.OVERSIZED),
    ],
)
def test_messages_are_short_text(data: str | bytes, expected: Fault) -> None:
    assert fault(octets, data, 10) is expected


def test_text_of_the_allowed_size_is_taken() -> None:
    assert octets("x" * 10, 10) == b"x" * 10
    assert octets("名" * 3 + "x", 10) == "名名名x".encode()


def test_a_signature_and_its_payload_are_parted_by_a_full_stop_and_nothing_else() -> None:
    frame = sign(Bye(seq=1), bytes(64)).encode()
    assert signed(frame) == (bytes(64), encode(Bye(seq=1)))
    assert signed(frame[:87]) == (bytes(64), b"")
    for wrong in (frame.replace(b".", b"x", 1), frame[:86], b""):
        with pytest.raises(TheirViolation, match="base64url"):
            signed(wrong)
