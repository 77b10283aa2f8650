"""Evidence: what the observations of a window add up to, for one rule."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum


class RuleName(StrEnum):
    """The rules that a session is judged by, in the order in which a cause is named."""

    REGISTRATION = "registration"
    LIKENESS = "likeness"
    PRESENCE = "presence"
    REPETITION = "repetition"
    AUTHENTICITY = "authenticity"
    ORIGINALITY = "originality"
    CHALLENGE = "challenge"
    DRIVING = "driving"


class Finding(StrEnum):
    """What one rule has to say. UNKNOWN is not a failure and never cuts."""

    PASS = "pass"  # noqa: S105 - a finding, no password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


HALF_LIVES = 8.0
"""After so many half-lives what is left of a weight, 0.4 %, is no longer told."""

Fact = tuple[str, str | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One rule's evidence over ``start``..``end`` (media seconds).

    ``weight`` is a log-likelihood ratio in nats: above zero speaks for a person who drives this avatar in real time,
    below zero against; ``facts`` are the figures that it was computed from.
    """

    rule: RuleName
    start: float
    end: float
    weight: float
    facts: tuple[Fact, ...] = ()

    def weighed(self, weight: float) -> "Evidence":
        """The same evidence with another weight."""
        return replace(self, weight=weight)


def decayed(weight: float, age: float, half_life: float) -> float:
    """``weight`` after ``age`` seconds: it halves every ``half_life`` seconds; what lies ahead counts in full."""
    return weight * math.exp2(-max(0.0, age) / half_life)


def capped(weight: float, cap: float) -> float:
    """``weight`` limited to -cap..cap."""
    return max(-cap, min(cap, weight))


def probability(log_odds: float) -> float:
    """Logistic function: log-odds in nats to a probability."""
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, log_odds))))
