"""The page's end of the operator channel, in TypeScript, against the service's own end of it."""

import json
import struct
from collections.abc import Iterator
from itertools import count

import msgspec
import pytest

from protocols.channel import message
from protocols.channel.duty import Asking, Duty, Needs
from protocols.channel.event import (
    AnswerRefused,
    Attested,
    FloorOffered,
    HandedOver,
    Outcome,
    ShiftAsserted,
)
from protocols.channel.floor import Floor
from protocols.channel.limits import Limits
from protocols.channel.notice import Level, Notice
from protocols.channel.packing import pack
from protocols.channel.seal import base64url, unbase64url
from protocols.channel.server import ServerConnection
from protocols.channel.table import FROM_SERVER
from protocols.channel.violation import TheirViolation
from protocols.gesture import Gesture
from protocols.observation import ChallengeAnswered, ChallengeAsked, DigitsAsked, Presence, Rest
from protocols.telemetry import CHANNELS, TelemetryBatch, TelemetrySample
from tests.servers.page_channel import PageChannel
from tests.unit.protocols.channel.pair import SESSION, Pair, entropy, floor

_NUMBERS = count()
SKEW = -40.0


@pytest.fixture(scope="module")
def node() -> Iterator[PageChannel]:
    with PageChannel() as started:
        yield started


ROW = (Gesture.BLINK_TWICE,)


class Talk:
    """A page's connection to a floor, with a clock that only the test moves."""

    def __init__(self, node: PageChannel, stage: Floor, operator: str, now: float = 100.0) -> None:
        self.node, self.floor, self.operator, self.now = node, stage, operator, now
        self.heard: list[dict[str, object]] = []
        self.happened: list[object] = []
        self.server: ServerConnection

    def connect(self) -> "Talk":
        seed = f"server {next(_NUMBERS)}"
        self.server = ServerConnection(entropy=entropy(seed, 64), limits=Limits(), now=self.now)
        self.node.sent.clear()
        self.node.call("begin", session=SESSION, operator=self.operator, now=self.now + SKEW)
        self.to_page()
        self.server.receive(self.node.sent.pop(), self.now)
        self.server.verify(unbase64url(self.node.call("key"), 32))
        self.happened += self.floor.enter(self.server, self.operator, self.now)
        self.exchange()
        return self

    def to_page(self) -> None:
        for data in self.server.data_to_send():
            self.heard += self.node.call("receive", data=data, now=self.now + SKEW) or []

    def exchange(self) -> None:
        for _ in range(3):
            self.to_page()
            for data in self.node.sent:
                self.happened += self.floor.receive(self.server, self.operator, data, self.now)
            self.node.sent.clear()

    def until(self, end: float, step: float = 0.5) -> None:
        while self.now < end:
            self.now = min(end, self.now + step)
            self.happened += self.floor.expire(self.now)
            self.node.call("expire", now=self.now + SKEW)
            self.exchange()

    def ask(self, name: str, within: float = 20.0) -> None:
        asked = ChallengeAsked(at=self.now - 90.0, challenge=name, gesture=Gesture.NOD, then=ROW, within=within)
        self.floor.ask(asked, base64url(entropy(name, 16)), self.now)
        self.exchange()

    def told(self, kind: str) -> list[dict[str, object]]:
        return [event for event in self.heard if event["type"] == kind]

    def of(self, kind: type) -> list[object]:
        return [event for event in self.happened if isinstance(event, kind)]


def test_the_page_knows_every_message_of_the_server_name_by_name(node: PageChannel) -> None:
    ours = {
        str(move): {field.name: not field.required for field in msgspec.structs.fields(message.TYPES[move])}
        for move in FROM_SERVER
    }
    assert node.call("names") == ours


def test_a_page_comes_in_beats_and_is_believed_by_its_signed_chain(node: PageChannel) -> None:
    talk = Talk(node, floor(), "ann").connect()
    assert talk.told("opened") == [{"type": "opened", "driving": True, "resumed": False}]
    talk.until(165.0)
    assert len(talk.told("acknowledged")) >= 60
    assert len(talk.of(Attested)) == 2
    assert [presence.connected for presence in talk.of(Presence)] == [True]  # type: ignore[attr-defined]


def test_samples_arrive_as_they_were_offered(node: PageChannel) -> None:
    talk = Talk(node, floor(), "bea").connect()
    talk.until(102.0)
    sent = [{"t": 61.5 + i / 30, "yaw": i - 7.125, "mouthOpen": i / 20} for i in range(10)]
    node.call("samples", operator="bea", samples=sent)
    talk.until(104.0)
    (batch,) = (event for event in talk.of(TelemetryBatch) if isinstance(event, TelemetryBatch))
    taken = batch.samples()
    assert [sample.yaw for sample in taken] == pytest.approx([one["yaw"] for one in sent], abs=0.006)
    assert [sample.mouth_open for sample in taken] == pytest.approx([one["mouthOpen"] for one in sent], abs=1e-4)
    assert sum(event["taken"] for event in talk.told("acknowledged")) == 10  # type: ignore[misc]


def test_samples_are_packed_to_the_byte_as_the_service_packs_them(node: PageChannel) -> None:
    rows: list[dict[str, float]] = [
        {"t": 0.0000005, "yaw": 0.005, "roll": -0.015, "torsoYaw": 200.0},
        {"t": 12.3456785, "yaw": 400.0, "pitch": -400.0, "eyeBlink": 0.00025, "handL": -1.0},
        {"t": 1e6, "mouthOpen": 1.00005, "smile": -3.3, "handR": 0.5},
    ]
    packed = pack([TelemetrySample(at=row["t"], **{CHANNELS[k]: row[k] for k in row if k != "t"}) for row in rows])
    assert node.call("pack", samples=rows) == msgspec.json.decode(msgspec.json.encode(packed))
    assert node.call("pack", samples=[]) is None


def test_a_gesture_is_asked_for_and_answered_once(node: PageChannel) -> None:
    talk = Talk(node, floor(), "cid").connect()
    talk.ask("chl-1")
    (asked,) = talk.told("challenged")
    assert (asked["gestures"], asked["digits"]) == (["nod", "blink_twice"], None)
    assert asked["deadline"] == pytest.approx(120.0 + SKEW)
    assert node.call("answer", challenge="chl-1") is True
    assert node.call("answer", challenge="chl-1") is False
    talk.exchange()
    assert [answered.challenge for answered in talk.of(ChallengeAnswered)] == ["chl-1"]  # type: ignore[attr-defined]
    assert talk.told("receipted")[-1]["outcome"] == "accepted"


def test_digits_are_typed_again_where_they_were_mistyped(node: PageChannel) -> None:
    talk = Talk(node, floor(), "fay").connect()
    digits = DigitsAsked(at=talk.now - 90.0, challenge="chl-3", digits="0472", within=30.0)
    talk.floor.ask(digits, base64url(entropy("chl-3", 16)), talk.now)
    talk.exchange()
    (asked,) = talk.told("challenged")
    assert (asked["digits"], asked["gestures"]) == ("0472", [])
    for typed, outcome in (("0427", "wrong_digits"), ("0472", "accepted")):
        assert node.call("answer", challenge="chl-3", typed=typed) is True
        talk.exchange()
        assert talk.told("receipted")[-1]["outcome"] == outcome
    assert [answered.challenge for answered in talk.of(ChallengeAnswered)] == ["chl-3"]  # type: ignore[attr-defined]


def test_an_answer_given_while_the_network_is_down_arrives_after_the_resume(node: PageChannel) -> None:
    stage = floor()
    talk = Talk(node, stage, "dan").connect()
    talk.ask("chl-2", within=60.0)
    stage.lost(talk.server, "dan")
    node.call("lost")
    assert node.call("answer", challenge="chl-2") is True
    again = Talk(node, stage, "dan", talk.now + 1.0).connect()
    assert again.told("opened") == [{"type": "opened", "driving": True, "resumed": True}]
    assert [event.challenge for event in again.of(ChallengeAnswered)] == ["chl-2"]  # type: ignore[attr-defined]
    assert [event.outcome for event in again.of(AnswerRefused)] in ([], [Outcome.REPEATED])  # type: ignore[attr-defined]


def test_samples_that_were_sent_into_nowhere_are_sent_again(node: PageChannel) -> None:
    stage = floor()
    talk = Talk(node, stage, "eve").connect()
    node.call("samples", operator="eve", samples=[{"t": 60.9, "pitch": 3.0}])
    node.call("expire", now=talk.now + 1.0 + SKEW)
    stage.lost(talk.server, "eve")
    node.call("lost")
    again = Talk(node, stage, "eve", talk.now + 1.5).connect()
    again.until(104.0)
    batches = [event for event in again.of(TelemetryBatch) if isinstance(event, TelemetryBatch)]
    assert [sample.pitch for batch in batches for sample in batch.samples()] == [3.0]


def test_notices_the_floor_and_the_end_are_told(node: PageChannel) -> None:
    stage = floor()
    talk = Talk(node, stage, "fay").connect()
    notice = Notice(level=Level.URGENT, code="grace", text_en="Move: now", text_zh="请：动", until=25.0)
    stage.notify(notice, talk.now)
    talk.exchange()
    (told,) = talk.told("noticed")
    assert (told["en"], told["zh"], told["until"]) == ("Move: now", "请：动", pytest.approx(115.0 + SKEW))
    stage.close("session_over", "the session is over")
    talk.to_page()
    assert talk.told("ended") == [{"type": "ended", "code": "session_over", "message": "the session is over"}]
    assert node.state == "closed"


def test_a_passkey_that_is_asked_for_answers_over_the_channel(node: PageChannel) -> None:
    stage = floor()
    talk = Talk(node, stage, "ted").connect()
    asking = Asking(ceremony="cer_1", options='{"challenge":"x"}', within=120.0)
    duty = Duty(on_shift=False, needs=Needs.PASSKEY, text_en="Begin", text_zh="开始", asking=asking, verified_for=9e5)
    talk.server.duty(duty)
    talk.exchange()
    assert talk.told("duty")[-1]["duty"] == {
        "onShift": False,
        "needs": "passkey",
        "en": "Begin",
        "zh": "开始",
        "ceremony": "cer_1",
        "options": '{"challenge":"x"}',
        "until": pytest.approx(220.0 + SKEW),
        "verifiedFor": 9e5,
        "breakUntil": None,
        "breakLeft": None,
    }
    assert node.call("shift", ceremony="cer_1", credential='{"id":"a:b"}') is True
    talk.exchange()
    (asserted,) = talk.of(ShiftAsserted)
    assert isinstance(asserted, ShiftAsserted)
    assert (asserted.ceremony, asserted.credential) == ("cer_1", '{"id":"a:b"}')
    node.call("lost")
    assert node.call("shift", ceremony="cer_1", credential="{}") is False


def test_a_break_is_announced_and_ended(node: PageChannel) -> None:
    talk = Talk(node, floor(break_budget=300.0), "uli").connect()
    assert talk.told("duty")[-1]["duty"]["breakLeft"] == 300.0  # type: ignore[index]
    assert node.call("rest", seconds=120.0) is True
    talk.exchange()
    duty = talk.told("duty")[-1]["duty"]
    assert (duty["breakUntil"], duty["breakLeft"]) == (220.0 + SKEW, 180.0)  # type: ignore[index]
    node.call("rest", seconds=0)
    talk.exchange()
    assert talk.told("duty")[-1]["duty"]["breakUntil"] is None  # type: ignore[index]
    assert [rest.until for rest in talk.of(Rest)] == [pytest.approx(130.0), pytest.approx(10.0)]  # type: ignore[attr-defined]


def test_the_floor_is_handed_over_signed_by_both(node: PageChannel) -> None:
    stage = floor()
    colleague = Pair(stage, operator="bob").connect()
    with PageChannel() as other:
        talk = Talk(other, stage, "vic").connect()
        colleague.client.offer("vic", base64url(bytes(16)))
        colleague.exchange()
        talk.exchange()
        (offered,) = talk.told("offered")
        assert (offered["by"], offered["until"]) == ("bob", pytest.approx(160.0 + SKEW))
        assert other.call("accept", by="bob", nonce=offered["nonce"]) is True
        talk.exchange()
        assert talk.told("floor")[-1]["driving"] is True
        assert [(one.giver, one.taker) for one in talk.of(HandedOver)] == [("bob", "vic")]  # type: ignore[attr-defined]
        assert other.call("offer", to="bob") is True
        talk.exchange()
        colleague.exchange()
        back = colleague.of(FloorOffered)[-1]
        colleague.client.accept("vic", back.nonce)
        colleague.exchange()
        assert stage.driver == "bob"
        other.call("lost")
        assert other.call("offer", to="bob") is False
        assert other.call("accept", by="bob", nonce=back.nonce) is False
        assert other.call("rest", seconds=9) is False


def test_a_page_leaves_with_a_word(node: PageChannel) -> None:
    talk = Talk(node, floor(), "gus").connect()
    node.call("bye", now=talk.now + SKEW)
    talk.exchange()
    last = talk.of(Presence)[-1]
    assert isinstance(last, Presence)
    assert (last.connected, last.cause) == (False, "the operator has left")


def test_a_page_finds_that_the_server_is_silent(node: PageChannel) -> None:
    talk = Talk(node, floor(), "hal").connect()
    node.call("expire", now=talk.now + SKEW + 9.9)
    assert node.fault is None
    node.call("expire", now=talk.now + SKEW + 10.1)
    assert (node.fault, node.state) == ("silent", "closed")


def test_a_page_that_nobody_greets_gives_up(node: PageChannel) -> None:
    node.call("begin", session=SESSION, operator="ida", now=0.0)
    node.call("expire", now=5.0)
    assert (node.fault, node.state) == ("timeout", "closed")


def test_a_refusal_is_told_with_its_reason(node: PageChannel) -> None:
    node.call("begin", session=SESSION, operator="joe", now=0.0)
    refused = message.encode(message.Refused(code="not_admitted", message="no")).decode()
    assert node.call("receive", data=refused, now=1.0) == [{"type": "ended", "code": "not_admitted", "message": "no"}]


def _welcome() -> str:
    return ServerConnection(entropy=bytes(64), limits=Limits(), now=0.0).data_to_send()[0]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (_welcome().replace(".v1", ".v9"), "version"),
        (_welcome().replace("}", ',"more":1}'), "malformed"),
        (_welcome()[:-9], "malformed"),
        ('{"kind":"welcome"}', "malformed"),
        ('{"type":"hello"}', "unknown_type"),
        ('{"type":"ack","seq":1}', "illegal"),
        ("A" * 43 + '.{"type":"ready","seq":1}', "illegal"),
        ("A" * 65_537, "oversized"),
        ("中" * 30_000, "oversized"),
        (12, "not_text"),
    ],
)
def test_a_server_that_begins_wrongly_is_left(node: PageChannel, data: object, fault: str) -> None:
    node.call("begin", session=SESSION, operator="kit", now=0.0)
    node.call("receive", data=data, now=1.0)
    assert (node.fault, node.state) == (fault, "closed")
    assert node.call("receive", data=_welcome(), now=1.0) == []


def _broken(data: str, how: str) -> str:
    seal, _, payload = data.partition(".")
    match how:
        case "seal":
            return f"{'B' if seal[0] == 'A' else 'A'}{seal[1:]}.{payload}"
        case "payload":
            return f"{seal}.{payload.replace('true', 'false')}"
        case _:
            return payload


@pytest.mark.parametrize(
    ("how", "fault"), [("seal", "bad_seal"), ("payload", "bad_seal"), ("unsealed", "malformed"), ("twice", "sequence")]
)
def test_what_somebody_has_changed_on_the_way_is_refused(node: PageChannel, how: str, fault: str) -> None:
    stage = floor()
    talk = Talk(node, stage, "lea").connect()
    talk.server.floor(driving=True)
    (data,) = talk.server.data_to_send()
    if how == "twice":
        node.call("receive", data=data, now=talk.now + SKEW)
    node.call("receive", data=data if how == "twice" else _broken(data, how), now=talk.now + SKEW)
    assert (node.fault, node.state) == (fault, "closed")


def test_a_key_that_is_no_key_is_refused(node: PageChannel) -> None:
    node.call("begin", session=SESSION, operator="max", now=0.0)
    welcome = json.loads(_welcome())
    weak = message.Welcome(
        version=welcome["version"], connection=welcome["connection"], nonce=welcome["nonce"], key=base64url(bytes(32))
    )
    node.call("receive", data=message.encode(weak).decode(), now=1.0)
    ready = message.Ready(
        seq=1,
        epoch=1,
        nonce=welcome["nonce"],
        interval=1.0,
        attest_every=30.0,
        samples_per_beat=120,
        driving=True,
        resumed=False,
    )
    node.call("receive", data="A" * 43 + "." + message.encode(ready).decode(), now=1.0)
    assert (node.fault, node.state) == ("bad_key", "closed")


def test_what_a_page_signs_is_no_one_elses(node: PageChannel) -> None:
    node.sent.clear()
    server = ServerConnection(entropy=entropy("other", 64), limits=Limits(), now=0.0)
    node.call("begin", session=SESSION, operator="nan", now=0.0)
    node.call("receive", data=server.data_to_send()[0], now=0.0)
    server.receive(node.sent.pop().replace('"nan"', '"bob"'), 0.0)
    with pytest.raises(TheirViolation):
        server.verify(unbase64url(node.call("key"), 32))


def test_a_vector_that_is_written_down(node: PageChannel) -> None:
    """One sample, byte by byte, so that the two ends cannot agree on something that the document does not say."""
    values = struct.pack("<q", 1_500_000) + struct.pack("<hh", 1234, 5000)
    packed = node.call("pack", samples=[{"t": 1.5, "yaw": 12.34, "mouthOpen": 0.5}])
    assert packed == {"channels": ["yaw", "mouthOpen"], "values": msgspec.json.decode(msgspec.json.encode(values))}
