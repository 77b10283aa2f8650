"""Growing gaps between attempts to connect, shaken so that many agents do not come back at the same moment."""

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Gaps start at ``first`` seconds and double up to ``most``; each is between half of that and all of it."""

    first: float = 0.25
    most: float = 30.0
    _failures: int = 0

    def gap(self) -> float:
        """Seconds to wait before the next attempt."""
        whole = min(self.most, self.first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret

    def reset(self) -> None:
        """A connection has held: start anew."""
        self._failures = 0
