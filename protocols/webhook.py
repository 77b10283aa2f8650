"""Standard Webhooks: messages signed by ``id.timestamp.body``, with HMAC-SHA256 (v1) or Ed25519 (v1a).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TOLERANCE = 300
"""Seconds that a message's time may differ from the receiver's clock, either way."""

SECRET_BYTES = range(24, 65)
"""Lengths that a shared secret may have."""

HEADER_LIMIT = 4096
"""Characters that a signature header may have: some forty signatures, more than any rotation needs."""

_ID = re.compile(r"[!-\-/-~]{1,256}")  # visible ASCII without the full stop, which parts the signed fields
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class WebhookRefused(ValueError):
    """A message that is not from who it says, too old, or not a message at all; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSecret:
    """A secret of 24 to 64 bytes that sender and receiver share; written ``whsec_`` and base64."""

    secret: bytes = field(repr=False)
    version = "v1"

    def __post_init__(self) -> None:
        if len(self.secret) not in SECRET_BYTES:
            raise ValueError(f"a webhook secret has 24 to 64 bytes, not {len(self.secret)}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``whsec_…``; ValueError where it is something else."""
        return cls(secret=_decoded(text, "whsec_"))

    @property
    def text(self) -> str:
        """The secret as it is handed to the receiver."""
        return "whsec_" + b64encode(self.secret).decode()

    def sign(self, content: bytes) -> bytes:
        """Return the 32 bytes of the HMAC-SHA256 of the content."""
        return hmac.digest(self.secret, content, hashlib.sha256)

    def agrees(self, signature: bytes, content: bytes) -> bool:
        """Whether the signature is this secret's, compared in constant time."""
        return hmac.compare_digest(self.sign(content), signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyingKey:
    """The public half of an Ed25519 key; written ``whpk_`` and base64."""

    public: bytes
    version = "v1a"

    def __post_init__(self) -> None:
        if len(self.public) != 32:
            raise ValueError(f"an Ed25519 public key has 32 bytes, not {len(self.public)}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``whpk_…``; ValueError where it is something else."""
        return cls(public=_decoded(text, "whpk_"))

    @property
    def text(self) -> str:
        """The key as it is handed to receivers; it is not secret."""
        return "whpk_" + b64encode(self.public).decode()

    def agrees(self, signature: bytes, content: bytes) -> bool:
        """Whether the signature was made by the private half."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, content)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The private half of an Ed25519 key, its seed of 32 bytes; written ``whsk_`` and base64."""

    seed: bytes = field(repr=False)
    version = "v1a"

    def __post_init__(self) -> None:
        if len(self.seed) != 32:
            raise ValueError(f"an Ed25519 seed has 32 bytes, not {len(self.seed)}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``whsk_…`` with the seed, or with the seed and the public key after it; ValueError otherwise."""
        raw = _decoded(text, "whsk_")
        key = cls(seed=raw[:32])
        if raw[32:] and raw[32:] != key.verifying.public:
            raise ValueError("the public half in the whsk_ key does not belong to its private half")
        return key

    @property
    def text(self) -> str:
        """The key as it is kept: seed and public key, as other Standard Webhooks libraries write it."""
        return "whsk_" + b64encode(self.seed + self.verifying.public).decode()

    @property
    def verifying(self) -> VerifyingKey:
        """The public half."""
        return VerifyingKey(public=self._private().public_key().public_bytes_raw())

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature of the content."""
        return self._private().sign(content)

    def agrees(self, signature: bytes, content: bytes) -> bool:
        """Whether the signature was made by this key."""
        return self.verifying.agrees(signature, content)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


Signer = SharedSecret | SigningKey
Verifier = SharedSecret | VerifyingKey | SigningKey


def parse_signer(text: str) -> Signer:
    """Read a key that signs, ``whsec_…`` or ``whsk_…``; ValueError where it is neither."""
    return SigningKey.parse(text) if text.startswith("whsk_") else SharedSecret.parse(text)


def parse_verifier(text: str) -> Verifier:
    """Read a key that verifies, ``whsec_…`` or ``whpk_…``; ValueError where it is neither."""
    return VerifyingKey.parse(text) if text.startswith("whpk_") else SharedSecret.parse(text)


def sign(*, message: str, timestamp: int, body: bytes, keys: Sequence[Signer]) -> dict[str, str]:
    """Return the three headers of a message, with one signature for every live key.

    ``message`` is the message's id (visible ASCII, no full stop), the same at every attempt; ``timestamp`` the time
    of this attempt in seconds since 1970. ValueError for an id or a time that cannot be signed, or without a key.
    """
    if not keys:
        raise ValueError("a webhook needs at least one key that signs it")
    if _ID.fullmatch(message) is None:
        raise ValueError("a webhook's id has 1 to 256 visible ASCII characters and no full stop")
    if _TIMESTAMP.fullmatch(str(timestamp)) is None:
        raise ValueError("a webhook's time is in whole seconds since 1970")
    content = _content(message, str(timestamp), body)
    signatures = (f"{key.version},{b64encode(key.sign(content)).decode()}" for key in keys)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(
    *, headers: Mapping[str, str], body: bytes, keys: Sequence[Verifier], now: float, tolerance: int = TOLERANCE
) -> str:
    """Return the id of an authentic message; WebhookRefused otherwise.

    ``body`` are the bytes as received, ``now`` the receiver's clock in seconds since 1970. A message may come twice:
    who acts on it remembers its id for longer than the tolerance.
    """
    # 1. All three headers are there, once, in the form that the specification gives them.
    given = {name.lower(): value for name, value in headers.items()}
    message, timestamp, signatures = (given.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if _ID.fullmatch(message) is None or _TIMESTAMP.fullmatch(timestamp) is None:
        raise WebhookRefused("the headers webhook-id and webhook-timestamp are missing or malformed")
    if not 0 < len(signatures) <= HEADER_LIMIT:
        raise WebhookRefused("the header webhook-signature is missing or too long")
    # 2. The message is of now: an old one is a replay, one of the future a wrong clock.
    if abs(now - int(timestamp)) > tolerance:
        raise WebhookRefused(f"the message's time is more than {tolerance} seconds away from now")
    # 3. One signature is that of one live key, of the kind which that key makes and no other.
    content = _content(message, timestamp, body)
    for version, signature in _signatures(signatures):
        if any(key.version == version and key.agrees(signature, content) for key in keys):
            return message
    raise WebhookRefused("no signature of the message is that of a live key")


def _content(message: str, timestamp: str, body: bytes) -> bytes:
    return f"{message}.{timestamp}.".encode() + body


def _signatures(header: str) -> list[tuple[str, bytes]]:
    """Read the signatures of a header; what cannot be read is passed over, since newer versions may stand beside."""
    found = []
    for part in header.split(" "):
        version, _, text = part.partition(",")
        try:
            found.append((version, b64decode(text, validate=True)))
        except (binascii.Error, ValueError):
            continue
    return found


def _decoded(text: str, prefix: str) -> bytes:
    """Return the bytes of a key's text. The text is never repeated in the error: it may be a secret."""
    if not text.startswith(prefix):
        raise ValueError(f"the key does not begin with {prefix}")
    encoded = text.removeprefix(prefix).rstrip("=")
    try:
        return b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"what follows {prefix} is not base64") from error
