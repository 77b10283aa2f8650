"""The open challenges of a session. They belong to it and not to a connection, so a resume loses none."""

import hmac
import unicodedata
from dataclasses import dataclass, field

from protocols.channel.event import Outcome
from protocols.channel.limits import Limits
from protocols.channel.violation import OurViolation
from protocols.gesture import Gesture

_REMEMBERED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChallenge:
    """One challenge that may still be answered, until ``deadline`` on our monotonic clock.

    Either a ``gesture`` and ``then`` others, in order, or ``digits`` that are to be typed.
    """

    id: str
    deadline: float
    nonce: str
    gesture: Gesture | None = None
    then: tuple[Gesture, ...] = ()
    digits: str | None = field(default=None, repr=False)


class Challenges:
    """Asks, takes answers, and finds out which were never answered."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[str, OpenChallenge] = {}
        self._over: dict[str, Outcome] = {}
        self._wrong: dict[str, int] = {}

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

    def answer(self, id_: str, nonce: str, now: float, typed: str | None = None) -> Outcome:
        """Take an answer. A wrong nonce leaves the challenge open: it was not answered. So do wrong digits, as often as
        may be tried; after that none are right."""
        challenge = self._open.get(id_)
        if challenge is None:
            return self._over.get(id_, Outcome.UNKNOWN)
        if nonce != challenge.nonce:
            return Outcome.WRONG_NONCE
        if now > challenge.deadline:
            return Outcome.LATE
        if challenge.digits is not None and not self._right(challenge, challenge.digits, typed):
            return Outcome.WRONG_DIGITS
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

    def _right(self, challenge: OpenChallenge, digits: str, typed: str | None) -> bool:
        """Whether the digits were typed, in whichever form a keyboard makes of them, and were not guessed at."""
        plain = "".join(unicodedata.normalize("NFKC", typed or "").split())
        wrong = self._wrong.get(challenge.id, 0)
        if wrong < self._limits.tries and hmac.compare_digest(plain.encode(), digits.encode()):
            return True
        self._wrong[challenge.id] = wrong + 1
        return False

    def _end(self, id_: str, later: Outcome) -> None:
        del self._open[id_]
        self._wrong.pop(id_, None)
        self._over[id_] = later
        if len(self._over) > _REMEMBERED:
            del self._over[next(iter(self._over))]
