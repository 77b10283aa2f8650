"""Rules, one a file: observations in, standing evidence and a finding out."""

from typing import Protocol

from protocols.evidence import Evidence, Finding, RuleName
from protocols.observation import Observation


class Rule(Protocol):
    """What every rule does. Observations come in the order in which they were made or heard."""

    name: RuleName

    def observe(self, observation: Observation) -> None:
        """Take note of an observation; one that does not concern the rule is passed over."""

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """The evidence that stands at media time ``at``, with its weight at that time."""

    def finding(self, at: float) -> Finding:
        """Pass, warn, fail or unknown at media time ``at``."""
