"""When a challenge is asked, and which: unpredictable gaps, only gestures that the avatar can show and the operator do.
Where there is no such gesture, digits to be typed.

Gaps are exponential with a floor and a ceiling, so that having just answered one says nothing about when the next will
come (a memoryless schedule). The more is in doubt, the shorter they are: what was left of a gap shrinks with its mean,
which leaves the law of the gaps as it was. An hour has a budget of routine ones. The dice are an argument, as is time.
Until answers have settled that a person is there, and after each question that was missed, the next comes sooner.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from protocols.driving.form import FORMS
from protocols.gesture import Ability, Gesture, askable
from protocols.policy import ChallengePolicy
from protocols.reaction import Kind
from protocols.verdict import Driver

_IN_VAIN = 2  # times in a row that a gesture is missed before it is let be
_SUREST = 3  # gestures, of which one is asked for in doubt
_CONFIRMED_AFTER = 4  # times ``again_s``; and twice as long each time that it still is not settled
Telling = Callable[[tuple[Gesture, ...]], tuple[Gesture, ...]]
"""Those of some gestures that would tell an answer from habit; at least one where there is one."""
Dice = Callable[[], float]
"""Uniform random numbers in [0, 1), from a source that the operator's side cannot foresee."""
_HOUR = 3600.0
_RISKS = {Driver.HUMAN: 0.0, Driver.UNKNOWN: 0.25, Driver.MIXED: 0.5, Driver.AI: 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be asked for: ``gestures`` in this order, or digits to be typed where there are none."""

    gestures: tuple[Gesture, ...] = ()

    @property
    def kind(self) -> Kind:
        """The kind of question that asks for it."""
        if not self.gestures:
            return Kind.DIGITS
        return Kind.ROW if len(self.gestures) > 1 else Kind.GESTURE


def risk_of(driver: Driver) -> float:
    """How much is in doubt where ``driver`` is what the verdict says, 0..1."""
    return _RISKS[driver]


class ChallengeSchedule:
    """The challenges of one session. ``cannot``: what each operator of its roster cannot do, and is not asked for."""

    def __init__(
        self,
        policy: ChallengePolicy,
        abilities: frozenset[Ability],
        dice: Dice,
        now: float,
        *,
        cannot: Mapping[str, frozenset[Ability]] | None = None,
    ) -> None:
        self._policy = policy
        self._abilities = abilities
        self._cannot = dict(cannot or {})
        self._dice = dice
        self._last: Gesture | None = None
        self._missed = Counter[Gesture]()
        self._proved = False
        self._risk = 0.0
        self._asked: deque[float] = deque()
        self._drawn = now
        self._doubted = 0
        self._deadline = now + policy.first_after_s * (0.5 + dice())

    def next_deadline(self) -> float | None:
        """When the next routine challenge is due; None where there is nothing that could be asked."""
        anything = self._policy.digits == "alternative" or askable(self._abilities)
        return max(self._deadline, self._free_at()) if anything else None

    def due(self, now: float, *, risk: float = 0.0) -> bool:
        """Whether a routine challenge is due; ``risk`` 0..1: how much is in doubt."""
        self._hasten(risk, now)
        deadline = self.next_deadline()
        return deadline is not None and now >= deadline

    def ask(
        self,
        now: float,
        *,
        risk: float = 0.0,
        present: Collection[str] = (),
        telling: Telling | None = None,
        routine: bool = False,
    ) -> Wanted | None:
        """What to ask for at once; the routine starts anew from here. None where there is nothing to ask for.

        ``present``: who is there; what one of them cannot do nobody is asked for, since it is not known beforehand who
        will answer. ``telling``: which of several would tell, the most telling first. Two in a row are for the routine
        of a session without doubt: where much is at stake the question is as simple as can be, and one of the few that
        tell most.
        """
        self._risk = risk
        gap = -math.log(1.0 - self._dice()) * self._mean(risk)
        ceiling = min(self._policy.longest_gap_s, 3 * self._mean(risk))
        self._drawn = now
        self._deadline = now + max(self._policy.least_gap_s, min(gap, ceiling))
        gestures = self._hopeful(self._possible(present))
        if telling is not None and len(gestures) > 1:
            gestures = telling(gestures)[: _SUREST if risk > 0.0 else None]
        others = tuple(gesture for gesture in gestures if gesture is not self._last) or gestures
        self._last = others[int(self._dice() * len(others))] if others else None
        if self._last is None and self._policy.digits == "never":
            return None
        self._note(now)
        if self._last is None:
            return Wanted()
        row = self._second(self._last, gestures) if routine and risk <= 0.0 else ()
        return Wanted(gestures=(self._last, *row))

    def _second(self, first: Gesture, gestures: tuple[Gesture, ...]) -> tuple[Gesture, ...]:
        """Another gesture to follow ``first`` now and then, of another movement: none holds both within itself."""
        others = [g for g in gestures if set(FORMS[g].channels).isdisjoint(FORMS[first].channels)]
        if not others or self._dice() >= self._policy.rows:
            return ()
        return (others[int(self._dice() * len(others))],)

    def judged(self, now: float, *, settled: bool, missed: bool, passed: bool | None = None) -> None:
        """A challenge was judged: whether answers have settled that a person is there, whether the last one that could
        be judged was ``missed``, and whether this one was ``passed``, None where it could not be judged.

        What was not missed and still leaves doubt is asked about less and less often: nobody is to be pestered.
        """
        if passed is not None and self._last is not None:
            self._missed[self._last] = 0 if passed else self._missed[self._last] + 1
        self._proved = self._proved or settled
        if settled:
            self._doubted = 0
            return
        wait = self._policy.again_s
        if not missed:
            wait *= _CONFIRMED_AFTER * 2**self._doubted
            self._doubted += 1
        self._deadline = min(self._deadline, now + wait * (0.5 + self._dice()))

    def _hopeful(self, gestures: tuple[Gesture, ...]) -> tuple[Gesture, ...]:
        """``gestures`` without what somebody who has answered others keeps missing: the tracker may fail at it."""
        hopeful = tuple(gesture for gesture in gestures if self._missed[gesture] < _IN_VAIN)
        return hopeful if self._proved and len(hopeful) > 1 else gestures

    def _possible(self, present: Collection[str]) -> tuple[Gesture, ...]:
        return askable(self._abilities.difference(*(self._cannot.get(operator, ()) for operator in present)))

    def _mean(self, risk: float) -> float:
        return self._policy.mean_every_s / (1.0 + (self._policy.hasten - 1.0) * min(1.0, max(0.0, risk)))

    def _hasten(self, risk: float, now: float) -> None:
        """Shrink what is left of the gap where more is in doubt than when it was drawn; it is never drawn out."""
        if risk <= self._risk:
            return
        shrunk = now + max(0.0, self._deadline - now) * self._mean(risk) / self._mean(self._risk)
        self._deadline = max(shrunk, min(self._deadline, self._drawn + self._policy.least_gap_s))
        self._risk = risk

    def _free_at(self) -> float:
        """From when on the hour's budget allows another routine one."""
        over = len(self._asked) - self._policy.per_hour
        return self._asked[over] + _HOUR if over >= 0 else -math.inf

    def _note(self, now: float) -> None:
        self._asked.append(now)
        while self._asked[0] <= now - _HOUR:
            self._asked.popleft()
