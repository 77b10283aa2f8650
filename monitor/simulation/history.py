"""History: how soon the operator of a simulated session has answered so far, as the registry remembers it live."""

from collections import deque

from monitor.simulation.script import Script
from protocols.challenge import Dice
from protocols.policy import ChallengePolicy
from protocols.reaction import ENOUGH, KEPT, Kind, soonest, within

__all__ = ["History"]

_REGULARS = 0.75  # of sessions, whose operator has been on before
_BEFORE = 2 * ENOUGH  # answers that were remembered of them


class History:
    """One operator's. Whoever lends an account to a machine has a person's history, too. ``regular``: they have been
    on before."""

    def __init__(self, script: Script, policy: ChallengePolicy, dice: Dice) -> None:
        self.regular = dice() < _REGULARS
        self._policy = policy
        self._seconds = {kind: deque[float](maxlen=KEPT) for kind in Kind}
        first = script.acts[0]
        took = [o.reaction + first.slow for found in first.scene.done.values() for o in found if o.reaction is not None]
        if self.regular:
            self._remember(took, dice)

    def within(self, kind: Kind) -> float:
        """Seconds for an answer."""
        return within(kind, self._seconds[kind], self._policy)

    def soonest(self, kind: Kind) -> float:
        """Seconds before which nothing is an answer."""
        return soonest(kind, self._seconds[kind])

    def took(self, kind: Kind, seconds: float) -> None:
        """An answer that counted took ``seconds``."""
        self._seconds[kind].append(seconds)

    def _remember(self, took: list[float], dice: Dice) -> None:
        """Answers of other evenings, each in time by the deadline that those before it had set."""
        known = self._seconds[Kind.GESTURE]
        for seconds in [took[int(dice() * len(took))] for _ in range(_BEFORE)] if took else ():
            if seconds <= within(Kind.GESTURE, known, self._policy):
                known.append(seconds)
