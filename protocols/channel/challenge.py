"""The open challenges of a session. They belong to it and not to a connection, so a resume loses none."""

from dataclasses import dataclass

from protocols.channel.event import Outcome
from protocols.channel.limits import Limits
from protocols.channel.violation import OurViolation
from protocols.gesture import Gesture

_REMEMBERED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChallenge:
    """One challenge that may still be answered, until ``deadline`` on our monotonic clock."""

    id: str
    gesture: Gesture
    deadline: float
    nonce: str


class Challenges:
    """Asks, takes answers, and finds out which were never answered."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[str, OpenChallenge] = {}
        self._over: dict[str, Outcome] = {}

    @property
    def open(self) -> tuple[OpenChallenge, ...]:
        """Those that may still be answered, in the order asked."""
        return tuple(self._open.values())

    def ask(self, challenge: OpenChallenge) -> None:
        """Open a challenge. Raises OurViolation for an id used before, or one too many at a time."""
        if challenge.id in self._open or challenge.id in self._over:
            raise OurViolation(f"challenge {challenge.id} was asked before")
        if len(self._open) >= self._limits.challenges:
            raise OurViolation(f"{len(self._open)} challenges are open, which is all that may be")
        self._open[challenge.id] = challenge

    def answer(self, id_: str, nonce: str, now: float) -> Outcome:
        """Take an answer. A wrong nonce leaves the challenge open: it was not answered."""
        challenge = self._open.get(id_)
        if challenge is None:
            return self._over.get(id_, Outcome.UNKNOWN)
        if nonce != challenge.nonce:
            return Outcome.WRONG_NONCE
        if now > challenge.deadline:
            return Outcome.LATE
        self._end(id_, Outcome.REPEATED)
        return Outcome.ACCEPTED

    def next_deadline(self) -> float | None:
        """When the first of the open ones is over."""
        return min((challenge.deadline for challenge in self._open.values()), default=None)

    def expire(self, now: float) -> list[str]:
        """Those whose time is over without an answer."""
        over = [challenge.id for challenge in self._open.values() if now >= challenge.deadline]
        for id_ in over:
            self._end(id_, Outcome.LATE)
        return over

    def _end(self, id_: str, later: Outcome) -> None:
        del self._open[id_]
        self._over[id_] = later
        if len(self._over) > _REMEMBERED:
            del self._over[next(iter(self._over))]
