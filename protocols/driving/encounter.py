"""Encounters: the motion that is told here was told in another session before, or is told there at the same time.

One turn that is alike says nothing: of three million that are remembered, some ninety are alike by chance. But
chance puts them anywhere. What was copied is met again turn after turn along one line in time, whatever the distance
and however the clock runs. So many turns on one line decide; ``ENOUGH`` says how seldom chance alone does that.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from protocols.driving.fingerprint import Print
from protocols.driving.track import Floats

ENOUGH = 5
"""Turns on one line. Where 1,000 sessions of 5 hours are remembered, chance alone, with turns that are independent, has
four on one line once in some 10^9 hours; people are not chance, and so it is one more. Of 2,256 pairs of made-up
people, four minutes each, none had more than two turns alike at all."""

PATIENCE = 90.0
"""Seconds within which the turns must be met again."""

_SPREAD = 10.0  # seconds from the first of them to the last
_SHARE = 0.3  # of all turns that were told meanwhile
_SLACK = 0.1  # seconds off the line
_DRIFT = 0.015  # by which the clock of a copy may run slower or faster
_RETURNS = 2  # times that a turn may be alike in one session; what comes oftener is swaying, or an idle animation
_SELF_S = 600.0  # seconds for which a session's own turns are remembered to find that out
_MOST = 64  # hits that are looked through for one other session


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A turn told here at ``at`` is alike one that ``session`` told at ``then`` (seconds of one clock, such as UTC)."""

    at: float
    session: str
    then: float
    mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """The motion told from ``since`` to ``at`` was told in ``session`` up to ``then``; ``turns`` of the head agree."""

    session: str
    since: float
    at: float
    then: float
    turns: int
    mirrored: bool


class Encounters:
    """Those of one session: ``tell`` it each turn, and let it ``meet`` what was found of those that it gives back."""

    def __init__(self) -> None:
        self._told: deque[Print] = deque()
        self._hits: dict[Hit, None] = {}

    def tell(self, found: Iterable[Print]) -> tuple[Print, ...]:
        """Take note of the turns that were told; those that are worth looking for.

        What the session itself shows again and again says nothing of another that shows the same."""
        worth = []
        for one in found:
            while self._told and self._told[0].at < one.at - _SELF_S:
                self._told.popleft()
            own = sum(before.key in one.alike for before in self._told)
            self._told.append(one)
            if own < _RETURNS:
                worth.append(one)
        return tuple(worth)

    def meet(self, hits: Iterable[Hit], now: float) -> Encounter | None:
        """What was met by ``now``, with these ``hits`` too; one that was given before is no news, and not given again.

        Of several sessions the one in which most turns agree, and of those the one that was first."""
        fresh = [hit for hit in hits if hit not in self._hits]
        self._hits.update(dict.fromkeys(fresh))
        for old in [hit for hit in self._hits if hit.at < now - PATIENCE]:
            del self._hits[old]
        found = [
            self._encounter(one, mirrored=way) for one, way in sorted({(hit.session, hit.mirrored) for hit in fresh})
        ]
        return max((one for one in found if one is not None), key=lambda one: (one.turns, -one.then), default=None)

    def _encounter(self, session: str, *, mirrored: bool) -> Encounter | None:
        hits = [hit for hit in self._hits if hit.session == session and hit.mirrored == mirrored]
        times = Counter(hit.at for hit in hits)
        hits = sorted((hit for hit in hits if times[hit.at] <= _RETURNS), key=lambda hit: (hit.at, hit.then))[-_MOST:]
        line = _longest_line(hits)
        if len(line) < ENOUGH or line[-1].at - line[0].at < _SPREAD:
            return None
        meanwhile = sum(line[0].at <= one.at <= line[-1].at for one in self._told)
        if len(line) < _SHARE * meanwhile:
            return None
        first, last = line[0], line[-1]
        return Encounter(
            session=session, since=first.at, at=last.at, then=last.then, turns=len(line), mirrored=mirrored
        )


def _longest_line(hits: Sequence[Hit]) -> list[Hit]:
    """The hits on the line that most turns are on, each turn once; ``hits`` in the order of time."""
    at, then = (np.array([getattr(hit, name) for hit in hits], dtype=np.float64) for name in ("at", "then"))
    best: list[Hit] = []
    for first in range(len(hits) - ENOUGH + 1):
        for slope in _slopes(at[first:] - at[first], then[first:] - then[first]):
            off = np.abs((at - at[first]) - slope * (then - then[first]))
            line = _once([hit for hit, near in zip(hits, off <= _SLACK, strict=True) if near])
            if len(line) > len(best):
                best = line
    return best


def _slopes(later: Floats, before: Floats) -> list[float]:
    """How the clocks run against each other, by each later turn that is far enough away to tell."""
    far = (later >= _SPREAD / 2) & (before > 0)
    slopes = later[far] / before[far]
    return sorted(set(np.round(slopes[np.abs(slopes - 1.0) <= _DRIFT], 4).tolist()))


def _once(line: Sequence[Hit]) -> list[Hit]:
    """Each turn of either side once."""
    kept: list[Hit] = []
    for hit in line:
        if not kept or (hit.at > kept[-1].at and hit.then > kept[-1].then):
            kept.append(hit)
    return kept
