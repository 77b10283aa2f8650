"""Attacks on the channel as their authors would mount them, each from first to last."""

import pytest

from protocols.channel import message
from protocols.channel.client import ClientConnection
from protocols.channel.event import AnswerRefused, Outcome
from protocols.channel.limits import Limits
from protocols.channel.outbox import Outbox
from protocols.channel.seal import Seal
from protocols.channel.server import ServerConnection
from protocols.channel.table import ServerState
from protocols.channel.violation import Fault, TheirViolation
from protocols.gesture import Gesture
from protocols.observation import ChallengeAnswered, ChallengeAsked
from tests.unit.protocols.channel.pair import SESSION, Pair, device, entropy, floor


def server(seed: str) -> ServerConnection:
    return ServerConnection(entropy=entropy(seed, 64), limits=Limits(), now=100.0)


def client(operator: str = "ann", seed: str = "c") -> ClientConnection:
    return ClientConnection(
        session=SESSION,
        operator=operator,
        sign=device(operator).sign,
        entropy=entropy(seed, 48),
        outbox=Outbox(),
        limits=Limits(),
        now=100.0,
    )


def test_a_recorded_connection_opens_no_other() -> None:
    honest, first = client(), server("first")
    honest.receive(first.data_to_send()[0], 100.0)
    recorded = honest.data_to_send()
    again = server("second")
    with pytest.raises(TheirViolation) as caught:
        again.receive(recorded[0], 101.0)
    assert caught.value.fault is Fault.NONCE
    assert again.state is ServerState.CLOSED


def test_frames_of_an_earlier_connection_fit_no_later_one() -> None:
    place = floor()
    old = Pair(place, seed="1").connect()
    old.now += 1.0
    old.client.expire(old.now + old.skew)
    frames = old.client.data_to_send()
    new = Pair(place, seed="2", now=old.now).connect()
    for frame in frames:
        new.happened += place.receive(new.server, "ann", frame, new.now)
    assert new.server.state is ServerState.CLOSED
    assert [event.fault for event in new.happened if hasattr(event, "fault")] == [Fault.BAD_SEAL]


def test_whoever_stands_in_the_middle_cannot_pass_a_hello_on() -> None:
    # The man in the middle shows the operator a welcome with his own ephemeral key, and passes the hello on.
    real = server("real")
    welcome = message.decode(message.Welcome, real.data_to_send()[0].encode())
    his_own = message.decode(message.Welcome, server("middle").data_to_send()[0].encode())
    shown = message.Welcome(
        version=welcome.version, connection=welcome.connection, nonce=welcome.nonce, key=his_own.key
    )
    honest = client()
    honest.receive(message.encode(shown).decode(), 100.0)
    [hello] = honest.data_to_send()
    real.receive(hello, 100.0)
    with pytest.raises(TheirViolation) as caught:
        real.verify(device().public_key().public_bytes_raw())
    assert caught.value.fault is Fault.BAD_SIGNATURE


def test_an_answer_relayed_from_elsewhere_counts_for_nothing() -> None:
    place = floor()
    ann = Pair(place).connect()
    place.ask(ChallengeAsked(at=10.0, challenge="ch-1", gesture=Gesture.NOD, within=8.0), "n" * 22, ann.now)
    ann.to_client()
    seq = ann.client._seq
    ann.client._send(message.Answer(seq=seq, id="ch-1", nonce="x" * 22))
    ann.to_server()
    assert [event.outcome for event in ann.of(AnswerRefused)] == [Outcome.WRONG_NONCE]
    assert ann.of(ChallengeAnswered) == []


def test_a_signature_of_one_kind_is_none_of_another() -> None:
    ann = Pair(floor()).connect()
    statement = ann.client._chain.statement(SESSION, ann.server.id, 3)
    assert statement.startswith(b"nakanohito/attest/v1\0")
    assert ann.client._transcript.startswith(b"nakanohito/hello/v1\0")
    key = b"k" * 32
    bye, _ = Seal(key).close(message.Bye(seq=1))
    floor_message = bye.replace('"type":"bye"', '"type":"attest"')
    with pytest.raises(TheirViolation) as caught:
        Seal(key).open(floor_message.encode())
    assert caught.value.fault is Fault.BAD_SEAL


def test_guessing_keys_tells_nothing_and_costs_a_connection_each_time() -> None:
    words = set()
    for number in range(20):
        guess = server(str(number))
        liar = client(operator="ann", seed=str(number))
        liar._sign = device("mallory").sign
        liar.receive(guess.data_to_send()[0], 100.0)
        guess.receive(liar.data_to_send()[0], 100.0)
        with pytest.raises(TheirViolation):
            guess.verify(device().public_key().public_bytes_raw())
        words.update(guess.data_to_send())
        assert guess.state is ServerState.CLOSED
    assert len(words) == 1
    assert "not_admitted" in words.pop()
