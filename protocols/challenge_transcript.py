"""What was asked of an operator and what they said to it, as it is kept with a case."""

from collections.abc import Iterable
from typing import Any, assert_never

from protocols.observation import Asked, ChallengeAnswered, ChallengeAsked, DigitsAsked, Observation, Presence

Transcript = dict[str, Any]
"""One line: ``at`` (media seconds), ``what`` (asked, answered, present or lapsed) and its particulars; JSON."""


def transcript(observations: Iterable[Observation]) -> list[Transcript]:
    """The lines, in the order of media time."""
    lines = [line for one in observations if (line := _line(one)) is not None]
    return sorted(lines, key=lambda line: float(line["at"]))


def told_of(asked: Asked) -> dict[str, Any]:
    """What was asked for, as JSON: ``gesture`` and ``then``, or ``digits``, which are not told themselves."""
    match asked:
        case ChallengeAsked(gesture=gesture, then=()):
            return {"gesture": gesture.value}
        case ChallengeAsked(gesture=gesture, then=then):
            return {"gesture": gesture.value, "then": [one.value for one in then]}
        case DigitsAsked():
            return {"gesture": None, "digits": True}
        case _ as never:
            assert_never(never)


def _line(one: Observation) -> Transcript | None:
    match one:
        case ChallengeAsked() | DigitsAsked():
            what = {"challenge": one.challenge, **told_of(one), "within": one.within}
            return {"at": one.at, "what": "asked", **what}
        case ChallengeAnswered():
            return {"at": one.at, "what": "answered", "challenge": one.challenge}
        case Presence():
            state = "present" if one.connected else "lapsed"
            return {"at": one.at, "what": state, "operator": one.operator, "cause": one.cause}
        case _:
            return None
