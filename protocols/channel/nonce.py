"""Nonces of the server: unforeseeable to the other side, taken back once each, and for a short time only."""

import hashlib

from protocols.channel.seal import base64url

_OUTSTANDING = 64
_DRAWN = 16


class Nonces:
    """Issues nonces from a secret ``seed`` (32 random bytes) and takes each back once, within ``ttl`` seconds."""

    def __init__(self, seed: bytes, ttl: float) -> None:
        self._seed = seed
        self._ttl = ttl
        self._count = 0
        self._ready: list[str] = []
        self._issued: dict[str, float] = {}

    def fresh(self) -> str:
        """A nonce that is not expected back here (16 bytes in base64url)."""
        if not self._ready:
            # The seed's length is fixed, so what is put before a number cannot be taken for another's.
            drawn = hashlib.shake_256(self._seed + self._count.to_bytes(8, "big")).digest(16 * _DRAWN)
            self._ready = [base64url(drawn[at : at + 16]) for at in range(0, len(drawn), 16)]
            self._count += 1
        return self._ready.pop()

    def issue(self, now: float) -> str:
        """A nonce to be echoed; the oldest of more than 64 that are out is forgotten."""
        nonce = self.fresh()
        self._issued[nonce] = now
        if len(self._issued) > _OUTSTANDING:
            del self._issued[next(iter(self._issued))]
        return nonce

    def redeem(self, nonce: str, now: float) -> bool:
        """Take a nonce back: whether it was issued, not used before, and not too long ago.

        Older ones that were never echoed go with it: the other side echoes the newest that it has.
        """
        issued = self._issued.get(nonce)
        if issued is None:
            return False
        for older in [n for n, at in self._issued.items() if at <= issued]:
            del self._issued[older]
        return now - issued <= self._ttl
