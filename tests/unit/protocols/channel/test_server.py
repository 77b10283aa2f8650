"""One connection, seen from the server: what it refuses, and when its patience ends."""

import pytest

from protocols.channel.event import AttestReceived, HeartbeatReceived, Outcome
from protocols.channel.limits import Limits
from protocols.channel.message import (
    NO_SAMPLES,
    Answer,
    Attest,
    Bye,
    Floor,
    Heartbeat,
    Hello,
    Message,
    Refused,
)
from protocols.channel.packing import pack, unpack
from protocols.channel.seal import Line, base64url
from protocols.channel.server import NOT_ADMITTED, ServerConnection
from protocols.channel.table import ServerState
from protocols.channel.violation import Fault, OurViolation, TheirViolation
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.channel.pair import Pair, device, entropy, floor

PUBLIC = device().public_key().public_bytes_raw()


def connected(**options) -> Pair:
    limits = options.pop("limits", Limits())
    pair = Pair(floor(limits), limits=limits, **options).connect()
    pair.exchange()
    return pair


def fault(call, *args, **options) -> Fault:
    with pytest.raises(TheirViolation) as caught:
        call(*args, **options)
    return caught.value.fault


def say(pair: Pair, said: type[Message], **names) -> None:
    """Send a message as the client's keys would seal it, whatever the client itself thinks of it."""
    line: Line = pair.client._line
    frame, payload = line.send(said(seq=line.next_seq, **names))
    pair.client._chain.add(payload)
    return pair.server.receive(frame, pair.now)


def farewell(pair: Pair) -> str:
    return pair.server.data_to_send()[-1]


def test_it_greets_and_names_itself() -> None:
    server = ServerConnection(entropy=entropy("x", 64), limits=Limits(), now=0.0)
    assert server.waiting
    (welcome,) = server.data_to_send()
    assert server.id in welcome
    assert not server.waiting
    with pytest.raises(OurViolation):
        ServerConnection(entropy=b"few", limits=Limits(), now=0.0)


def test_nothing_may_be_sent_before_it_is_open() -> None:
    server = ServerConnection(entropy=entropy("x", 64), limits=Limits(), now=0.0)
    beat = HeartbeatReceived(seq=1, sent=0.0, samples=unpack(NO_SAMPLES))
    for call in (
        lambda: server.ack(beat, taken=0, refused=0, now=0.0),
        lambda: server.floor(driving=True),
        lambda: server.verify(PUBLIC),
        lambda: server.open(epoch=1, driving=True, resumed=False, now=0.0),
        lambda: server._send(Floor(seq=1, driving=True)),
    ):
        with pytest.raises(OurViolation):
            call()


def test_an_unverified_hello_cannot_be_opened() -> None:
    pair = Pair(floor())
    pair.hello()
    with pytest.raises(OurViolation):
        pair.server.open(epoch=1, driving=True, resumed=False, now=pair.now)
    pair.server.verify(PUBLIC)
    with pytest.raises(OurViolation):
        pair.server.verify(PUBLIC)


def test_a_wrong_key_is_told_like_an_unknown_operator() -> None:
    pair = Pair(floor())
    pair.hello()
    assert fault(pair.server.verify, device("eve").public_key().public_bytes_raw()) is Fault.BAD_SIGNATURE
    assert '"code":"not_admitted"' in farewell(pair)
    assert pair.server.state is ServerState.CLOSED
    other = Pair(floor())
    other.hello()
    other.server.close("not_admitted", NOT_ADMITTED)
    assert NOT_ADMITTED in farewell(other)


def test_an_ephemeral_key_that_is_none_closes_the_connection() -> None:
    pair = Pair(floor())
    pair.hello()
    pair.server.verify(PUBLIC)
    hello = pair.server._claim.hello
    object.__setattr__(pair.server._claim, "hello", Hello(**{**_values(hello), "key": base64url(bytes(32))}))
    assert fault(pair.server.open, epoch=1, driving=True, resumed=False, now=pair.now) is Fault.BAD_KEY
    assert pair.server.state is ServerState.CLOSED


def _values(hello: Hello) -> dict[str, str]:
    return {name: getattr(hello, name) for name in hello.__struct_fields__}


def test_nothing_may_come_between_hello_and_ready() -> None:
    pair = Pair(floor())
    pair.hello()
    assert fault(pair.server.receive, "more", pair.now) is Fault.ILLEGAL


def test_a_hello_in_another_form_is_refused_and_the_rest_unread() -> None:
    server = Pair(floor()).server
    assert fault(server.receive, '{"type":"hello"}', 100.0) is Fault.MALFORMED
    assert server.receive("more", 100.0) == []
    assert server.next_deadline() is None
    server.expire(1e9)
    server.lost()
    server.close("again", "again")
    assert len(server.data_to_send()) == 2


def test_a_hello_has_its_time() -> None:
    server = Pair(floor()).server
    assert server.next_deadline() == 105.0
    server.expire(104.9)
    assert fault(server.expire, 105.0) is Fault.TIMEOUT
    pair = Pair(floor())
    pair.hello()
    assert fault(pair.server.expire, 105.0) is Fault.TIMEOUT


def test_a_hello_twice_or_the_servers_own_words_are_illegal() -> None:
    hello = {"version": "v", "session": "s", "operator": "o", "server_nonce": "n" * 22, "nonce": "n" * 22}
    pair = connected()
    line = pair.client._line
    frame, _ = line._outgoing.close(Hello(**hello, key="k" * 43))
    assert fault(pair.server.receive, frame, pair.now) is Fault.SEQUENCE
    pair = connected()
    assert fault(say, pair, Floor, driving=True) is Fault.ILLEGAL
    assert '"code":"illegal"' in farewell(pair)


@pytest.mark.parametrize("nonce", ["n" * 22, "used"])
def test_a_nonce_that_is_not_ours_or_used_closes(nonce: str) -> None:
    pair = connected()
    if nonce == "used":
        nonce = pair.client._nonce
        say(pair, Heartbeat, t=0.0, samples=NO_SAMPLES, nonce=nonce)
    assert fault(say, pair, Heartbeat, t=0.0, samples=NO_SAMPLES, nonce=nonce) is Fault.NONCE


def test_heartbeats_that_never_echo_are_recordings() -> None:
    pair = connected()
    start = pair.now
    while pair.now < start + 10:
        pair.now += 1
        say(pair, Heartbeat, t=0.0, samples=NO_SAMPLES)
    pair.now += 0.1
    assert fault(say, pair, Heartbeat, t=0.0, samples=NO_SAMPLES) is Fault.NONCE


def test_a_nonce_echoed_too_late_closes() -> None:
    pair = connected()
    pair.now += 10.1
    assert fault(say, pair, Heartbeat, t=0.0, samples=NO_SAMPLES, nonce=pair.client._nonce) is Fault.NONCE


def test_a_heartbeat_holds_so_many_samples() -> None:
    pair = connected()
    (event,) = say(pair, Heartbeat, t=0.0, samples=pack([TelemetrySample(at=0.0)] * 120))
    assert len(event.samples) == 120
    assert fault(say, pair, Heartbeat, t=0.0, samples=pack([TelemetrySample(at=0.0)] * 121)) is Fault.OVERSIZED


def test_silence_ends_it() -> None:
    pair = connected()
    deadline = pair.server.next_deadline()
    assert deadline == pair.now + 10
    assert fault(pair.server.expire, deadline) is Fault.SILENT


def test_a_chain_that_nobody_signs_ends_it() -> None:
    pair = connected()
    start = pair.now
    while pair.now < start + 44:
        pair.now += 1
        say(pair, Answer, id="none", nonce="n" * 22)
    assert pair.server.next_deadline() == start + 45
    assert fault(pair.server.expire, start + 45) is Fault.UNATTESTED


def test_the_chain_is_signed_as_it_has_arrived() -> None:
    pair = connected()
    say(pair, Answer, id="none", nonce="n" * 22)
    chain = pair.client._chain
    statement = chain.statement("s-1", pair.server.id, 3)
    signature = base64url(device().sign(statement))
    (event,) = say(pair, Attest, count=chain.count, signature=signature)
    assert event == AttestReceived(count=1, statement=statement, signature=device().sign(statement))
    assert fault(say, pair, Attest, count=2, signature=signature) is Fault.BAD_SIGNATURE


def test_another_device_cannot_sign_the_chain() -> None:
    pair = connected()
    chain = pair.client._chain
    signature = base64url(device("eve").sign(chain.statement("s-1", pair.server.id, 3)))
    assert fault(say, pair, Attest, count=chain.count, signature=signature) is Fault.BAD_SIGNATURE


def test_a_flood_is_closed_before_anything_is_read() -> None:
    pair = Pair(floor(), limits=Limits(rate=1.0, burst=2.0)).connect()
    say(pair, Answer, id="none", nonce="n" * 22)
    assert fault(pair.server.receive, "anything", pair.now) is Fault.RATE


def test_leaving_closes_it() -> None:
    pair = connected()
    say(pair, Bye)
    assert pair.server.state is ServerState.CLOSED
    assert pair.server.waiting


def test_closing_says_why_at_no_great_length() -> None:
    pair = connected()
    pair.server.close("session_over", "x" * 9000)
    pair.to_client()
    assert pair.heard[-1].message == "x" * 2000
    pair.server.lost()


def test_a_lost_transport_closes_it() -> None:
    pair = connected()
    pair.server.lost()
    assert pair.server.state is ServerState.CLOSED


def test_a_receipt_has_no_score() -> None:
    pair = connected()
    pair.server.receipt("ch", Outcome.LATE)
    assert '"outcome":"late"}' in farewell(pair)
    assert Refused(code="c", message="m").code == "c"
