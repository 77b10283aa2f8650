"""Quarantine: streams whose watchers die again and again are set apart, so that they blind nobody else.

A worker holds many streams, and when it dies nobody can tell whose media killed it. A stream whose workers have died
``after`` times within ``within_s`` is suspected, and moves to a cell, a worker for suspects alone. A cell whose worker
dies is parted by halves, until the one that kills is alone: that one is in quarantine, and its cell rests longer and
longer before it is tried again. It is never cut for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

RESTS = (10.0, 60.0, 300.0)
"""Seconds before a stream in quarantine is tried again; the last one from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What follows from a death: ``cells`` are groups of streams that move to a cell of their own, each.

    ``culprit`` was alone when its worker died, which ``deaths`` of its workers did lately; it rests for ``rest_s``.
    """

    cells: tuple[tuple[str, ...], ...] = ()
    culprit: str | None = None
    deaths: int = 0
    rest_s: float = 0.0


class Quarantine:
    """Remembers whose workers have died, and says who has to be set apart. Times are a monotonic clock's, seconds."""

    def __init__(self, *, after: int, within_s: float) -> None:
        self.after = after
        self.within_s = within_s
        self._deaths: dict[str, list[float]] = {}
        self._alone: dict[str, int] = {}

    def died(self, held: Sequence[str], now: float, *, cell: bool) -> Parting:
        """A worker has died at ``now`` that held these streams; ``cell``: they were suspects already."""
        self._forget(now)
        for stream in held:
            self._deaths.setdefault(stream, []).append(now)
        suspects = [stream for stream in held if stream in self._alone or len(self._deaths[stream]) >= self.after]
        if not suspects:
            return Parting()
        if cell and len(held) == 1:
            return self._resting(held[0])
        half = len(suspects) // 2
        groups = (suspects[:half], suspects[half:])
        if cell and len(suspects) == len(held):
            groups = ([], suspects[half:])  # the others stay
        return Parting(cells=tuple(tuple(group) for group in groups if group))

    def _resting(self, culprit: str) -> Parting:
        times = self._alone[culprit] = self._alone.get(culprit, 0) + 1
        rest_s = RESTS[min(times, len(RESTS)) - 1]
        return Parting(culprit=culprit, deaths=len(self._deaths[culprit]), rest_s=rest_s)

    def _forget(self, now: float) -> None:
        """Forget the deaths of long ago, and those who have lived on since."""
        late = {stream: [at for at in times if now - at < self.within_s] for stream, times in self._deaths.items()}
        self._deaths = {stream: times for stream, times in late.items() if times}
        self._alone = {stream: times for stream, times in self._alone.items() if stream in self._deaths}
