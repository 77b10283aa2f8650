"""The pace at which strangers may try to sign in, for each address and for all together."""

from collections import OrderedDict

from fastapi import HTTPException

from protocols.channel.rate import Bucket
from protocols.channel.violation import TheirViolation

_EACH = (0.5, 20.0)  # tries a second, and at once, from one address
_ALL = (20.0, 200.0)
_MOST_KEPT = 10_000


class Pace:
    """Counts tries; an address that was not heard of for long is forgotten first."""

    def __init__(self) -> None:
        self._each: OrderedDict[str, Bucket] = OrderedDict()
        self._all: Bucket | None = None

    def spend(self, address: str, now: float) -> None:
        """Count one try; ``now`` in seconds. Raises HTTPException 429 for one too many."""
        if self._all is None:
            self._all = Bucket(*_ALL, now)
        bucket = self._each.setdefault(address, Bucket(*_EACH, now))
        self._each.move_to_end(address)
        while len(self._each) > _MOST_KEPT:
            self._each.popitem(last=False)
        try:
            bucket.spend(now)
            self._all.spend(now)
        except TheirViolation:
            raise HTTPException(429, "Too many tries; wait some seconds.", {"retry-after": "5"}) from None
