"""Reactions: how soon one person answers, from what they have answered so far, as robust figures of it.

Deciles instead of means and extremes: one odd answer moves neither. Whoever has answered little is taken as people are.
"""

import statistics
from collections.abc import Sequence
from enum import StrEnum

from protocols.gesture import FASTEST_REACTION, FASTEST_TYPED
from protocols.observation import Asked, ChallengeAsked
from protocols.policy import ChallengePolicy

KEPT = 32
"""Answers of each kind that are remembered, the newest."""
ENOUGH = 8
"""Answers from which on a person's own figures count."""
_OF_FASTEST = 0.5  # of the fastest decile: nobody is suddenly twice as fast as they ever are
_MOST_FLOOR = 3.0  # times what people need: beyond that the floor would refuse good days
_OF_SLOWEST = 1.5  # times the slowest decile, which the deadline before has cut short
_SLACK = 1.0  # seconds


class Kind(StrEnum):
    """Kinds of questions; each takes a time of its own."""

    GESTURE = "gesture"
    ROW = "row"
    DIGITS = "digits"


FASTEST = {Kind.GESTURE: FASTEST_REACTION, Kind.ROW: FASTEST_REACTION, Kind.DIGITS: FASTEST_TYPED}
"""Seconds sooner than which nobody answers."""


def kind_of(asked: Asked) -> Kind:
    """The kind of a question."""
    if isinstance(asked, ChallengeAsked):
        return Kind.ROW if asked.then else Kind.GESTURE
    return Kind.DIGITS


def usual(kind: Kind, policy: ChallengePolicy) -> float:
    """Seconds that somebody has for an answer of whom little is known."""
    return {Kind.GESTURE: policy.within_s, Kind.ROW: policy.row_within_s, Kind.DIGITS: policy.digits_within_s}[kind]


def soonest(kind: Kind, seconds: Sequence[float]) -> float:
    """Seconds before which nothing is an answer of somebody who has answered after ``seconds`` so far."""
    fastest = FASTEST[kind]
    if len(seconds) < ENOUGH:
        return fastest
    return min(max(fastest, _OF_FASTEST * _deciles(seconds)[0]), _MOST_FLOOR * fastest)


def within(kind: Kind, seconds: Sequence[float], policy: ChallengePolicy) -> float:
    """Seconds that somebody has for an answer who has answered after ``seconds`` so far, within the policy's bounds."""
    middle = usual(kind, policy)
    if len(seconds) < ENOUGH:
        return middle
    wanted = _OF_SLOWEST * _deciles(seconds)[-1] + _SLACK
    return min(max(wanted, policy.within_least * middle), policy.within_most * middle)


def _deciles(seconds: Sequence[float]) -> list[float]:
    return statistics.quantiles(seconds, n=10, method="inclusive")
