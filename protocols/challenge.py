"""When a challenge is asked, and which: unpredictable gaps, only gestures that the avatar can show.

Gaps are exponential with a floor, so that having just answered one says nothing about when the next will come
(a memoryless schedule); the dice are an argument, as is time.
"""

import math
from collections.abc import Callable

from protocols.gesture import Ability, Gesture, askable
from protocols.policy import ChallengePolicy

Dice = Callable[[], float]
"""Uniform random numbers in [0, 1), from a source that the operator's side cannot foresee."""


class ChallengeSchedule:
    """The challenges of one session."""

    def __init__(self, policy: ChallengePolicy, abilities: frozenset[Ability], dice: Dice, now: float) -> None:
        self._policy = policy
        self._gestures = askable(abilities)
        self._dice = dice
        self._last: Gesture | None = None
        self._deadline = now + policy.first_after_s * (0.5 + dice())

    def next_deadline(self) -> float | None:
        """When the next routine challenge is due; None where the avatar can show no gesture."""
        return self._deadline if self._gestures else None

    def due(self, now: float) -> Gesture | None:
        """A gesture to ask for now, if a routine challenge is due."""
        if not self._gestures or now < self._deadline:
            return None
        return self.ask(now)

    def ask(self, now: float) -> Gesture | None:
        """A gesture to ask for at once; the routine starts anew from here. None where the avatar can show none."""
        gap = -math.log(1.0 - self._dice()) * self._policy.mean_every_s
        self._deadline = now + max(self._policy.least_gap_s, min(gap, 3 * self._policy.mean_every_s))
        others = [gesture for gesture in self._gestures if gesture is not self._last] or list(self._gestures)
        self._last = others[int(self._dice() * len(others))] if others else None
        return self._last
