"""Frames: ``base64url(seal) "." payload``. The seal is over the exact bytes of the payload, before any parsing.

Sealed by HMAC-SHA256 once both sides share keys, one key for each direction; the hello, before that, by the device
key's signature. The message's type is part of what is sealed, as ``nakanohito/<type>/v1`` and a zero byte.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import b2a_base64

from protocols.channel.message import TYPES, Message, decode, encode, kind_of, move_of
from protocols.channel.table import Move
from protocols.channel.violation import Fault, TheirViolation

_MAC_LENGTH = 43
_URL = bytes.maketrans(b"+/", b"-_")
_BLOCK = 64  # bytes that SHA-256 takes at a time
_SIGNATURE_LENGTH = 86
_DOT = ord(".")
_DOMAINS = {move: f"nakanohito/{move}/v1".encode() + b"\0" for move in Move}


def domain(move: Move) -> bytes:
    """The tag that separates messages of one type from all else that the same key seals or signs."""
    return _DOMAINS[move]


def base64url(data: bytes) -> str:
    """``data`` in base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text: str, length: int) -> bytes:
    """``length`` bytes from ``text``; its one and only canonical form is taken. Raises TheirViolation."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        data = b""
    if len(data) != length or base64url(data) != text:
        raise TheirViolation(Fault.MALFORMED, f"expected {length} bytes in base64url")
    return data


def octets(data: str | bytes, limit: int) -> bytes:
    """The bytes of one text message of at most ``limit`` bytes. Raises TheirViolation."""
    if not isinstance(data, str):
        raise TheirViolation(Fault.NOT_TEXT, "messages are text, not binary")
    if len(data) > limit:
        raise TheirViolation(Fault.OVERSIZED, f"a message has at most {limit} bytes")
    try:
        encoded = data.encode()
    except UnicodeEncodeError:
        raise TheirViolation(Fault.NOT_TEXT, "the message is not Unicode text") from None
    if len(encoded) > limit:
        raise TheirViolation(Fault.OVERSIZED, f"a message has at most {limit} bytes")
    return encoded


def sign(message: Message, signature: bytes) -> str:
    """The frame of a message that a device key has signed."""
    return f"{base64url(signature)}.{encode(message).decode()}"


def signed(frame: bytes) -> tuple[bytes, bytes]:
    """The signature (64 bytes) and the payload of a frame that a device key has signed. Raises TheirViolation."""
    if len(frame) <= _SIGNATURE_LENGTH or frame[_SIGNATURE_LENGTH] != _DOT:
        raise TheirViolation(Fault.MALFORMED, "a hello is base64url(signature) '.' payload")
    signature = unbase64url(frame[:_SIGNATURE_LENGTH].decode("ascii", "replace"), 64)
    return signature, frame[_SIGNATURE_LENGTH + 1 :]


def unopened(frame: bytes) -> bytes:
    """The payload of a frame whose seal nobody has checked yet. Raises TheirViolation."""
    if len(frame) <= _MAC_LENGTH or frame[_MAC_LENGTH] != _DOT:
        raise TheirViolation(Fault.MALFORMED, "a frame is base64url(seal) '.' payload")
    return frame[_MAC_LENGTH + 1 :]


class Seal:
    """One direction's key."""

    def __init__(self, key: bytes) -> None:
        # HMAC as RFC 2104 defines it, its two inner states made once: `hmac.digest` makes them anew for each message,
        # which costs as much as the message itself.
        padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def close(self, message: Message) -> tuple[str, bytes]:
        """The frame that carries ``message``, and the payload in it."""
        payload = encode(message)
        return f"{self._mac(move_of(message), payload).decode()}.{payload.decode()}", payload

    def open(self, frame: bytes) -> tuple[Move, bytes]:
        """The type and the payload of a frame whose seal holds. Raises TheirViolation."""
        payload = unopened(frame)
        kind = kind_of(payload)
        if not hmac.compare_digest(self._mac(kind, payload), frame[:_MAC_LENGTH]):
            raise TheirViolation(Fault.BAD_SEAL, "the seal does not fit the message")
        return kind, payload

    def _mac(self, kind: Move, payload: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(_DOMAINS[kind])
        inner.update(payload)
        outer.update(inner.digest())
        return b2a_base64(outer.digest(), newline=False).translate(_URL)[:_MAC_LENGTH]


class Line:
    """Both directions of one connection, each with its own key and its own strictly rising numbers.

    The transport keeps the order, so each number is the one after the last: a gap is a message that somebody has
    taken away, a number again is a replay.
    """

    def __init__(self, outgoing: bytes, incoming: bytes) -> None:
        self._outgoing = Seal(outgoing)
        self._incoming = Seal(incoming)
        self._sent = 0
        self._received = 0

    @property
    def next_seq(self) -> int:
        """The number that the next message sent must carry."""
        return self._sent + 1

    def send(self, message: Message) -> tuple[str, bytes]:
        """Seal ``message``, which carries ``next_seq``; the frame and its payload."""
        self._sent += 1
        return self._outgoing.close(message)

    def receive(self, frame: bytes) -> tuple[Move, bytes, Message]:
        """Open, read and number-check one frame. Raises TheirViolation."""
        kind, payload = self._incoming.open(frame)
        message = decode(TYPES[kind], payload)
        number = getattr(message, "seq", 0)
        if number != self._received + 1:
            raise TheirViolation(Fault.SEQUENCE, f"message {self._received + 1} was due, {number} came")
        self._received = number
        return kind, payload, message
