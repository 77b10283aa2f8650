"""The messages of the channel, one structure each, and their strict reading.

Unknown names, repeated names, nulls, wrong types and values out of range are refused. The name ``type`` stands first
in every message, so that a receiver knows which seal to check before it parses anything.
"""

from typing import Annotated, Literal, TypeVar, cast

import msgspec
from msgspec import Meta, Struct

from protocols.channel.table import Move
from protocols.channel.violation import Fault, TheirViolation
from protocols.gesture import Gesture

Name = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\A[A-Za-z0-9._~@-]+\Z")]
"""An id: letters, digits and ``._~@-``."""
Nonce = Annotated[str, Meta(min_length=22, max_length=22)]
"""16 bytes in base64url without padding."""
Key = Annotated[str, Meta(min_length=43, max_length=43)]
"""32 bytes in base64url without padding."""
Signature = Annotated[str, Meta(min_length=86, max_length=86)]
"""64 bytes in base64url without padding."""
Sequence = Annotated[int, Meta(ge=1, le=2**53)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Seconds = Annotated[float, Meta(ge=-1e10, le=1e10)]
Span = Annotated[float, Meta(ge=0, le=1e6)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(max_length=2000)]
Json = Annotated[str, Meta(max_length=16_384)]
"""JSON as a text: of the browser's, which is handed on as it is."""
Digits = Annotated[str, Meta(pattern=r"\A[0-9]{4,8}\Z")]
"""Digits to be typed: everybody has them on their keyboard, and no input method turns them into something else."""
Typed = Annotated[str, Meta(min_length=1, max_length=32)]


Channel = Literal[
    "yaw", "pitch", "roll", "mouthOpen", "eyeBlink", "smile", "handL", "handR", "torsoYaw", "torsoPitch", "torsoRoll"
]


class Samples(Struct, frozen=True, forbid_unknown_fields=True):
    """Telemetry as in `protocols.telemetry`, packed as `protocols.channel.packing` says.

    ``channels`` in the order of their definition; ``values`` in base64, one record for each sample.
    """

    channels: Annotated[list[Channel], Meta(max_length=11)]
    values: Annotated[bytes, Meta(max_length=65_536)]


NO_SAMPLES = Samples(channels=[], values=b"")


class Message(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type", kw_only=True):
    """What all messages share: a ``type``, first of all names."""


class Welcome(Message, frozen=True, tag="welcome"):
    """Server, first: its version, a name for this connection, its nonce and its ephemeral X25519 key."""

    version: Code
    connection: Name
    nonce: Nonce
    key: Key


class Hello(Message, frozen=True, tag="hello"):
    """Operator's side, signed by the device key: who it is, for which session, its nonce and ephemeral key."""

    version: Code
    session: Name
    operator: Name
    server_nonce: Nonce
    nonce: Nonce
    key: Key


class Refused(Message, frozen=True, tag="refused"):
    """Server, instead of ready: why not. Not sealed, since there is no key yet."""

    code: Code
    message: Text


class Ready(Message, frozen=True, tag="ready"):
    """Server: the channel is open, and what is expected on it."""

    seq: Sequence
    epoch: Count
    nonce: Nonce
    interval: Span
    attest_every: Span
    samples_per_beat: Count
    driving: bool
    resumed: bool


class Heartbeat(Message, frozen=True, tag="heartbeat"):
    """Operator's side, every interval: its clock, the newest nonce of the server's, telemetry since the last."""

    seq: Sequence
    t: Seconds
    nonce: Nonce | None = None
    samples: Samples = NO_SAMPLES


class Ack(Message, frozen=True, tag="ack"):
    """Server: heartbeat ``of`` has arrived; how many samples were taken and refused; the next nonce."""

    seq: Sequence
    of: Sequence
    nonce: Nonce
    taken: Count
    refused: Count


class Challenge(Message, frozen=True, tag="challenge"):
    """Server: within so many seconds show this gesture, ``then`` those, in order; or type these digits."""

    seq: Sequence
    id: Name
    within: Span
    nonce: Nonce
    gesture: Gesture | None = None
    then: Annotated[tuple[Gesture, ...], Meta(max_length=2)] = ()
    digits: Digits | None = None


class Answer(Message, frozen=True, tag="answer"):
    """Operator's side: what challenge ``id`` asks for is done; ``typed`` where digits were to be."""

    seq: Sequence
    id: Name
    nonce: Nonce
    typed: Typed | None = None


class Receipt(Message, frozen=True, tag="receipt"):
    """Server: the answer has arrived, and whether it counts. Never whether the gesture was seen."""

    seq: Sequence
    id: Name
    outcome: Code


class Attest(Message, frozen=True, tag="attest"):
    """Operator's side: the device key's signature over the chain of all that it has sealed so far."""

    seq: Sequence
    count: Count
    signature: Signature


class Notice(Message, frozen=True, tag="notice"):
    """Server: something that the operator should know or do; ``within`` seconds, where it has a time."""

    seq: Sequence
    level: Code
    code: Code
    en: Text
    zh: Text
    within: Span | None = None


class Floor(Message, frozen=True, tag="floor"):
    """Server: whether this operator drives now, or stands by for another."""

    seq: Sequence
    driving: bool


class Duty(Message, frozen=True, tag="duty"):
    """Server: whether this operator is on shift, what is needed for it, and how long their verification holds.

    ``options`` are for ``navigator.credentials.get``, to be answered by `Shift` for ``ceremony`` within ``within``
    seconds; ``verified_for`` are seconds until the operator must be verified anew. ``break_for``: seconds that a break
    goes on, ``break_left``: seconds of breaks that are left of this hour.
    """

    seq: Sequence
    on_shift: bool
    needs: Code | None = None
    en: Text = ""
    zh: Text = ""
    ceremony: Name | None = None
    options: Json | None = None
    within: Span | None = None
    verified_for: Seconds | None = None
    break_for: Span | None = None
    break_left: Span | None = None


class Shift(Message, frozen=True, tag="shift"):
    """Operator's side: the passkey's answer to the ceremony of a `Duty`, as the browser's ``toJSON`` writes it."""

    seq: Sequence
    ceremony: Name
    credential: Json


class Break(Message, frozen=True, tag="break"):
    """Operator's side: a break of so many seconds begins; answered by `Duty`."""

    seq: Sequence
    seconds: Annotated[float, Meta(gt=0, le=3600)]


class Back(Message, frozen=True, tag="back"):
    """Operator's side: the break is over."""

    seq: Sequence


class Perform(Message, frozen=True, tag="perform"):
    """Operator's side: a segment of so many seconds begins in which nobody should ask, as a song; 0 ends it."""

    seq: Sequence
    seconds: Annotated[float, Meta(ge=0, le=3600)]


class Offer(Message, frozen=True, tag="offer"):
    """Operator's side: who drives offers the floor to ``to``, and has signed the handover."""

    seq: Sequence
    to: Name
    nonce: Nonce
    signature: Signature


class Offered(Message, frozen=True, tag="offered"):
    """Server: ``by`` offers the floor to this operator, for ``within`` seconds."""

    seq: Sequence
    by: Name
    nonce: Nonce
    within: Span


class Accept(Message, frozen=True, tag="accept"):
    """Operator's side: takes what ``by`` has offered, and has signed the same handover."""

    seq: Sequence
    by: Name
    nonce: Nonce
    signature: Signature


class Close(Message, frozen=True, tag="close"):
    """Server: the last message of a connection, and why."""

    seq: Sequence
    code: Code
    message: Text


class Bye(Message, frozen=True, tag="bye"):
    """Operator's side: leaving on purpose."""

    seq: Sequence


_ENCODER = msgspec.json.Encoder()
_TYPES: tuple[type[Message], ...] = (
    Welcome,
    Hello,
    Refused,
    Ready,
    Heartbeat,
    Ack,
    Challenge,
    Answer,
    Receipt,
    Attest,
    Notice,
    Floor,
    Duty,
    Shift,
    Break,
    Back,
    Perform,
    Offer,
    Offered,
    Accept,
    Close,
    Bye,
)
_DECODERS: dict[type[Message], msgspec.json.Decoder[Message]] = {kind: msgspec.json.Decoder(kind) for kind in _TYPES}
_MOVES = {kind: Move(str(kind.__struct_config__.tag)) for kind in _TYPES}
_KINDS = {str(move).encode(): move for move in _MOVES.values()}
TYPES = {move: kind for kind, move in _MOVES.items()}
"""The structure of each message."""
M = TypeVar("M", bound=Message)

_OPENING = b'{"type":"'
_LONGEST = max(map(len, _KINDS))


def encode(message: Message) -> bytes:
    """The message as JSON, ``type`` first."""
    return _ENCODER.encode(message)


def move_of(message: Message) -> Move:
    """The move that sending or receiving ``message`` is."""
    return _MOVES[type(message)]


def kind_of(payload: bytes) -> Move:
    """The type that ``payload`` claims, read without parsing. Raises TheirViolation."""
    if not payload.startswith(_OPENING):
        raise TheirViolation(Fault.MALFORMED, 'a message starts with {"type":"…"')
    end = payload.find(b'"', len(_OPENING), len(_OPENING) + _LONGEST + 1)
    kind = _KINDS.get(payload[len(_OPENING) : end])
    if end < 0 or kind is None:
        raise TheirViolation(Fault.UNKNOWN_TYPE, "no message of this protocol has that type")
    return kind


def decode(kind: type[M], payload: bytes) -> M:
    """Read a message of the type ``kind``. Raises TheirViolation."""
    try:
        message = _DECODERS[kind].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TheirViolation(Fault.MALFORMED, f"{_MOVES[kind]}: {error}") from None
    if not _names_once(payload, message):
        raise TheirViolation(Fault.REPEATED_NAME, f"{_MOVES[kind]}: a name stands twice, or has no value")
    return cast("M", message)


def _names_once(payload: bytes, message: Message) -> bool:
    """Whether each name stands once: then the payload has exactly as many colons as the message has names.

    The parser keeps the last of repeated names, so a repeated one has a colon too many; so has a null. Colons inside
    of texts are counted too, unless one is escaped, which nobody needs.
    """
    if b"\\" in payload and b"\\u003a" in payload.lower():
        return False
    if isinstance(message, Heartbeat):
        return payload.count(b":") == _heartbeat_colons(message)
    return payload.count(b":") == _ENCODER.encode(message).count(b":")


def _heartbeat_colons(beat: Heartbeat) -> int:
    """Its colons without writing it anew: ``type``, ``seq`` and ``t``, then the nonce and the samples if it has any."""
    samples = 0 if beat.samples is NO_SAMPLES else 3
    return 3 + samples + (0 if beat.nonce is None else 1 + beat.nonce.count(":"))
