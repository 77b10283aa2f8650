"""What an operator's passkey asserts when a shift begins: this person, this stream, this channel, now."""

import hashlib
from dataclasses import dataclass

from protocols.channel.handshake import lengthed

_TAG = b"nakanohito/shift/v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftClaim:
    """A shift that somebody wants to begin.

    ``stream`` names the broadcast (``server/app/stream``, or where it comes from), ``channel_key`` is the Ed25519 key
    (32 bytes) that signs the hellos of the channel, ``nonce`` 16 bytes of the service's own.
    """

    session: str
    stream: str
    avatar: str
    operator: str
    epoch: int
    nonce: bytes
    channel_key: bytes

    def challenge(self) -> bytes:
        """The 32 bytes that the passkey signs: SHA-256 over a tag, then each part with its length before it."""
        texts = (self.session, self.stream, self.avatar, self.operator, str(self.epoch))
        parts = [text.encode() for text in texts]
        return hashlib.sha256(_TAG + lengthed(*parts, self.nonce, self.channel_key)).digest()
