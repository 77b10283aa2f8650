"""The handshake: what the device key signs, and the keys that both sides derive for this connection only.

The transcript holds everything that either side has contributed, each part with its length before it, so that no two
different handshakes have the same transcript and no signature fits another session, operator, server or version.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocols.channel.message import Hello, Welcome
from protocols.channel.seal import base64url, domain, unbase64url
from protocols.channel.table import Move
from protocols.channel.violation import Fault, TheirViolation

_KEY_TAG = b"nakanohito/keys/v1\0"


@dataclass(frozen=True, slots=True)
class Keys:
    """The two HMAC keys of one connection, 32 bytes each."""

    from_client: bytes
    from_server: bytes


def lengthed(*parts: bytes) -> bytes:
    """The parts joined, each with its length in 4 bytes (big end first) before it."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def transcript(welcome: Welcome, hello: Hello, payload: bytes) -> bytes:
    """The bytes that the device key signs; ``payload`` is the hello exactly as sent."""
    fields = (
        welcome.version,
        hello.version,
        welcome.connection,
        hello.session,
        hello.operator,
        welcome.nonce,
        hello.nonce,
        welcome.key,
        hello.key,
    )
    return domain(Move.HELLO) + lengthed(*(field.encode() for field in fields), payload)


def public_key(private: X25519PrivateKey) -> str:
    """The public half in base64url, as it goes over the wire."""
    return base64url(private.public_key().public_bytes_raw())


def derive(own: X25519PrivateKey, other: str, welcome: Welcome, hello: Hello, epoch: int) -> Keys:
    """The keys of this connection, by X25519 and HKDF-SHA256. Raises TheirViolation for a key that is no key."""
    try:
        secret = own.exchange(X25519PublicKey.from_public_bytes(unbase64url(other, 32)))
    except ValueError:
        raise TheirViolation(Fault.BAD_KEY, "the ephemeral key is not a usable X25519 key") from None
    info = _KEY_TAG + lengthed(hello.session.encode(), welcome.connection.encode(), str(epoch).encode())
    salt = unbase64url(welcome.nonce, 16) + unbase64url(hello.nonce, 16)
    both = HKDF(algorithm=SHA256(), length=64, salt=salt, info=info).derive(secret)
    return Keys(both[:32], both[32:])


def verify(device_key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether the Ed25519 key (32 bytes) has signed exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(device_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
