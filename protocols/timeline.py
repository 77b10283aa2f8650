"""The timeline of a case: what happened when, in one picture, from entries of the ledger and from what was recorded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_POINTS = 2000
"""Points of one series; of more, each bucket keeps its lowest and its highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One curve: media times in seconds and a value for each; ``unit`` says of what, ``low``..``high`` its range."""

    t: tuple[float, ...]
    v: tuple[float, ...]
    unit: str
    low: float
    high: float


@dataclass(slots=True, kw_only=True)
class Timeline:
    """Events in the order of media time, and curves by name."""

    probability: list[tuple[float, float]] = field(default_factory=list)
    challenges: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    presence: list[dict[str, Any]] = field(default_factory=list)
    blind: list[dict[str, Any]] = field(default_factory=list)
    end: float = 0.0

    def take(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take in an entry of the ledger; kinds that have no place here are passed over."""
        at = data.get("at")
        if not isinstance(at, int | float):
            return
        self.end = max(self.end, at)
        match kind:
            case "verdict.changed":
                self.probability.append((at, data["p_human"]))
            case "challenge.asked":
                self.challenges.append({**data, "passed": None, "judged_at": None, "score": None})
            case "challenge.judged":
                self._judge(data)
            case "ladder.step":
                self.steps.append(dict(data))
            case "operator.present" | "operator.lapsed":
                self.presence.append({**data, "present": kind == "operator.present"})
            case "session.blind" | "session.sighted" | "session.live":
                self.blind.append({**data, "blind": kind == "session.blind"})
            case _:
                pass

    def _judge(self, data: Mapping[str, Any]) -> None:
        for asked in self.challenges:
            if asked.get("challenge") == data.get("challenge"):
                asked |= {"passed": data.get("passed"), "score": data.get("score"), "judged_at": data["at"]}


def told(entries: Iterable[tuple[str, Mapping[str, Any]]]) -> Timeline:
    """The timeline of entries, given as kind and content, in order."""
    timeline = Timeline()
    for kind, data in entries:
        timeline.take(kind, data)
    return timeline


def series(
    points: Sequence[tuple[float, float]], *, unit: str, low: float, high: float, most: int = MOST_POINTS
) -> Series:
    """A curve through ``points``, thinned so that no peak is lost; ``most`` is at least 2."""
    kept = points if len(points) <= most else _thinned(points, most)
    return Series(
        t=tuple(round(at, 3) for at, _ in kept), v=tuple(value for _, value in kept), unit=unit, low=low, high=high
    )


def _thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    size = -(-len(points) * 2 // most)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        bucket = points[start : start + size]
        ends = {min(bucket, key=lambda point: point[1]), max(bucket, key=lambda point: point[1])}
        kept += sorted(ends)
    return kept
