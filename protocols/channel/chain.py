"""The chain over everything that the operator's side has sealed on one connection, for the device key to sign.

A seal by HMAC convinces only the two who share the key. A signature over the chain convinces everybody else: the
device has sent exactly these heartbeats, in this order.
"""

import hashlib

from protocols.channel.handshake import lengthed
from protocols.channel.seal import domain
from protocols.channel.table import Move

_TAG = b"nakanohito/chain/v1\0"


class Chain:
    """SHA-256 over the transcript of the handshake, then over the link before and each payload."""

    def __init__(self, transcript: bytes) -> None:
        self.count = 0
        self.digest = hashlib.sha256(_TAG + transcript).digest()

    def add(self, payload: bytes) -> None:
        """Take in one more payload, exactly as it went over the wire."""
        self.count += 1
        self.digest = hashlib.sha256(self.digest + payload).digest()

    def statement(self, session: str, connection: str, epoch: int) -> bytes:
        """What the device key signs: this chain, of this connection, at its present length."""
        place = (session.encode(), connection.encode(), str(epoch).encode(), str(self.count).encode())
        return domain(Move.ATTEST) + lengthed(*place, self.digest)
