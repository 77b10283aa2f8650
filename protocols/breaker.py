"""The breaker: where many sessions lose their operators at once, the likely cause is one thing, and not theirs.

A network that fails, a proxy, an attack on many: whatever it is, nobody is cut for it until a person has looked. It
says how each of them was lost, so that *no answer* (connected and silent), *channel down* and *broken protocol* stay
apart; a monitor that cannot see says so by itself and is no lapse.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Loss(StrEnum):
    """How a session lost its last operator."""

    NO_ANSWER = "no_answer"
    CHANNEL_DOWN = "channel_down"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """When it is many: at least ``least`` sessions within ``within_s`` seconds, and ``sessions`` or that share."""

    least: int = 3
    sessions: int = 20
    share: float = 0.05
    within_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MassLapse:
    """Many sessions lapsed at once: how many, of how many, and how."""

    at: float
    lapsed: int
    of: int
    losses: Mapping[Loss, int]

    @property
    def words(self) -> str:
        """What to tell a person."""
        how = ", ".join(f"{loss.value.replace('_', ' ')}: {count}" for loss, count in sorted(self.losses.items()))
        return f"{self.lapsed} of {self.of} sessions lost their operators at once ({how})"


@dataclass(slots=True)
class _Place:
    present: set[str] = field(default_factory=set)
    lost_at: float | None = None
    loss: Loss | None = None


class Breaker:
    """Counts lapses of sessions. ``now`` is the monotonic clock, in seconds."""

    def __init__(self, limits: BreakerLimits) -> None:
        self._limits = limits
        self._places: dict[str, _Place] = {}
        self.tripped: MassLapse | None = None

    def came(self, session: str, operator: str) -> bool:
        """An operator is there; whether the breaker closes by it: of those who were lost, few are left."""
        place = self._places.setdefault(session, _Place())
        place.present.add(operator)
        place.lost_at = place.loss = None
        return self._closes()

    def went(self, session: str, operator: str, loss: Loss | None, now: float) -> bool:
        """An operator is gone, on purpose where ``loss`` is None; whether the breaker trips by it."""
        place = self._places.get(session)
        if place is None or operator not in place.present:
            return False
        place.present.discard(operator)
        if place.present:
            return False
        if loss is None:
            del self._places[session]
            return False
        place.lost_at, place.loss = now, loss
        return self._trips(now)

    def over(self, session: str) -> bool:
        """A session is over; whether the breaker closes by it."""
        self._places.pop(session, None)
        return self._closes()

    def release(self) -> None:
        """A person has looked: those who are lost count no more."""
        self.tripped = None
        self._places = {name: place for name, place in self._places.items() if place.lost_at is None}

    @property
    def lost(self) -> int:
        """Sessions that have lost their operators and not got them back."""
        return sum(place.lost_at is not None for place in self._places.values())

    def _many(self) -> int:
        """How many make a mass."""
        share = math.ceil(self._limits.share * len(self._places))
        return max(self._limits.least, min(self._limits.sessions, share))

    def _trips(self, now: float) -> bool:
        lost = [p for p in self._places.values() if p.lost_at is not None and now - p.lost_at <= self._limits.within_s]
        if self.tripped is not None or len(lost) < self._many():
            return False
        losses = Counter(place.loss for place in lost if place.loss is not None)
        self.tripped = MassLapse(at=now, lapsed=len(lost), of=len(self._places), losses=losses)
        return True

    def _closes(self) -> bool:
        """Half of those who make a mass: a single one who comes and goes must not open and close it."""
        if self.tripped is None or self.lost * 2 > self._many():
            return False
        self.tripped = None
        return True
