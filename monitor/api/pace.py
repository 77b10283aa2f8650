"""The pace at which strangers may try to sign in, for each address and for all together."""

from collections import OrderedDict

from fastapi import HTTPException

from protocols.channel.rate import Bucket
from protocols.channel.violation import TheirViolation

Rate = tuple[float, float]
_EACH: Rate = (0.5, 20.0)
_ALL: Rate = (20.0, 200.0)
FILING_EACH: Rate = (1 / 120, 5.0)
"""Reports from one address: five at once, then one in two minutes; each costs a look at pictures."""
FILING_ALL: Rate = (0.5, 30.0)
_MOST_KEPT = 10_000


class Pace:
    """Counts tries; an address that was not heard of for long is forgotten first.

    ``each`` and ``every``: tries a second, and at once, from one address and from all.
    """

    def __init__(self, each: Rate = _EACH, every: Rate = _ALL) -> None:
        self._each_rate, self._all_rate = each, every
        self._each: OrderedDict[str, Bucket] = OrderedDict()
        self._all: Bucket | None = None

    def spend(self, address: str, now: float) -> None:
        """Count one try; ``now`` in seconds. Raises HTTPException 429 for one too many."""
        if self._all is None:
            self._all = Bucket(*self._all_rate, now)
        bucket = self._each.setdefault(address, Bucket(*self._each_rate, now))
        self._each.move_to_end(address)
        while len(self._each) > _MOST_KEPT:
            self._each.popitem(last=False)
        try:
            bucket.spend(now)
            self._all.spend(now)
        except TheirViolation:
            raise HTTPException(429, "Too many tries; wait some seconds.", {"retry-after": "5"}) from None
