"""Originality: the operator's motion is told here first. What was told in another session before is played again.

Of two that tell the same at the same time nobody can say by the clock alone who copies whom: whoever is copied must not
be punished for it. There it weighs against the one whose picture the motion does not move, as much as that says.
"""

from protocols.evidence import Evidence, Fact, Finding, RuleName, decayed
from protocols.observation import Compared, Observation, ToldBefore
from protocols.policy import Policy
from protocols.rules.driving import DrivingRule

_HALF_LIFE = 60.0
_STALE = 120.0  # seconds after which what was not met again no longer makes the rule fail
_TOGETHER = 12.0  # seconds; more than any sample may be late, so that nobody gains by claiming to have been first
_MISHAP = 2.0  # nats that windows may say against without meaning it: one, of people over bad networks
_UNMOVED = 1.5  # nats beyond it from which the rule fails
_ENOUGH = 10  # turns that were compared, for the rule to pass


class OriginalityRule:
    """Holds on to what was met last; it fades unless it is met again."""

    name = RuleName.ORIGINALITY

    def __init__(self, policy: Policy, driving: DrivingRule) -> None:
        self.adopt(policy)
        self._driving = driving
        self._compared = 0
        self._before: tuple[float, ToldBefore] | None = None
        self._together: tuple[float, ToldBefore] | None = None

    def adopt(self, policy: Policy) -> None:
        """Weigh by another policy from now on."""
        self._weight = policy.fusion.originality_weight
        self._together_passes = policy.operator.same_motion == "pass"

    def observe(self, observation: Observation) -> None:
        """Note what the motion was compared with."""
        if isinstance(observation, Compared):
            self._compared += observation.turns
            if observation.found is not None:
                self._meet(observation.at, observation.found)

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """The policy's weight against for what was told before; for what is told together as much as the windows say
        that it does not move the picture."""
        told = []
        if self._before is not None:
            told.append(self._evidence(*self._before, at, self._weight, together=False))
        if self._together is not None:
            told.append(self._evidence(*self._together, at, min(self._weight, self._unmoved(at)), together=True))
        return tuple(told)

    def finding(self, at: float) -> Finding:
        """FAIL while a copy is fresh, WARN where the motion is told elsewhere too and moves this picture."""
        if self._before is not None and at - self._before[0] < _STALE:
            return Finding.FAIL
        if self._together is not None and at - self._together[0] < _STALE:
            return Finding.FAIL if self._unmoved(at) >= _UNMOVED else Finding.WARN
        return Finding.PASS if self._compared >= _ENOUGH else Finding.UNKNOWN

    def _meet(self, at: float, found: ToldBefore) -> None:
        if found.apart > _TOGETHER:
            self._before = at, found
        elif found.apart >= -_TOGETHER and not self._together_passes:  # else it was told here first
            self._together = at, found

    def _unmoved(self, at: float) -> float:
        """What the windows say in which it did not move the picture, in nats, a mishap left out.

        Those in which it did are no excuse: who shows the same motion on many streams moves now this one, now that."""
        against = -sum(min(0.0, e.weight) for e in self._driving.standing(at))
        return max(0.0, against - _MISHAP)

    def _evidence(self, end: float, found: ToldBefore, at: float, weight: float, *, together: bool) -> Evidence:
        facts: tuple[Fact, ...] = (
            ("session", found.session),
            ("told", found.told),
            ("before", found.before),
            ("at_the_same_time", together),
            ("turns", found.turns),
            ("mirrored", found.mirrored),
        )
        weighed = -decayed(weight, at - end, _HALF_LIFE)
        return Evidence(rule=self.name, start=found.since, end=end, weight=weighed, facts=facts)
