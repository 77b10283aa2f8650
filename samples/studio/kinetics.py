"""How limbs move: minimum-jerk steps and strokes on a time line that grows as it is read.

T. Flash and N. Hogan, "The coordination of arm movements", Journal of Neuroscience 5 (1985): a free movement
from rest to rest follows 10 u^3 - 15 u^4 + 6 u^5.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

__all__ = ["Drift", "Growing", "Line", "Move", "minimum_jerk"]


def minimum_jerk(u: float) -> float:
    """Share of a movement done at share ``u`` of its time; 0 before, 1 after."""
    if u <= 0:
        return 0.0
    if u >= 1:
        return 1.0
    return u * u * u * (10 + u * (6 * u - 15))


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """A movement of one channel: out over ``rise`` seconds, held for ``hold``, back over ``fall``.

    A ``hold`` of infinity is a step that stays.
    """

    at: float
    amount: float = field(compare=False)
    rise: float = field(compare=False)
    hold: float = field(compare=False, default=float("inf"))
    fall: float = field(compare=False, default=0.0)

    def value(self, t: float) -> float:
        """The displacement at ``t``."""
        out = minimum_jerk((t - self.at) / self.rise)
        back = self.at + self.rise + self.hold
        return self.amount * (out - minimum_jerk((t - back) / self.fall) if t > back else out)


class Line:
    """The sum of moves on one channel; finished steps are summed up once."""

    def __init__(self) -> None:
        self._steps: list[Move] = []
        self._sums: list[float] = [0.0]
        self._strokes: list[Move] = []
        self._longest = 0.1

    def add(self, move: Move) -> None:
        """Add ``move``; steps come in the order of time (a step before the last begins with it), strokes in any."""
        if move.hold == float("inf"):
            if self._steps and move.at < self._steps[-1].at:
                move = replace(move, at=self._steps[-1].at)
            self._steps.append(move)
            self._sums.append(self._sums[-1] + move.amount)
            return
        insort(self._strokes, move)
        self._longest = max(self._longest, move.rise + move.hold + move.fall)

    def value(self, t: float) -> float:
        """The displacement at ``t``: all steps begun, all strokes under way."""
        i = bisect_right(self._steps, t, key=_begin)
        total = self._sums[max(0, i - 6)] + sum(m.value(t) for m in self._steps[max(0, i - 6) : i])
        j = bisect_right(self._strokes, t, key=_begin)
        while j > 0 and self._strokes[j - 1].at >= t - self._longest:
            j -= 1
            total += self._strokes[j].value(t)
        return total


def _begin(move: Move) -> float:
    return move.at


class Drift:
    """Wandering with a spectrum near 1/f: four leaky random walks an octave pair apart, sampled at 25 Hz.

    Postural sway and physiological tremor have no line in their spectrum; for the
    sum of relaxations as 1/f, M. S. Keshner, "1/f noise", Proceedings of the IEEE 70 (1982).
    """

    RATE = 25.0
    TIMES = (0.25, 1.0, 4.0, 16.0)

    def __init__(self, rng: np.random.Generator, amount: float) -> None:
        self._grow: Iterator[list[float]] = self._walk(rng, amount)
        self._values: list[float] = []

    def value(self, t: float) -> float:
        """The displacement at ``t`` >= 0."""
        place = max(0.0, t) * self.RATE
        i = int(place)
        while len(self._values) < i + 4:
            self._values += next(self._grow)
        a, b, c, d = self._values[max(0, i - 1)], *self._values[i : i + 3]
        u = place - i
        return 0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3)

    def _walk(self, rng: np.random.Generator, amount: float) -> Iterator[list[float]]:
        keep = np.exp(-1 / (self.RATE * np.array(self.TIMES)))
        push = np.sqrt(1 - keep**2) * amount * np.array([0.22, 0.4, 0.6, 0.66])
        state = rng.normal(0, 1, 4) * amount * np.array([0.22, 0.4, 0.6, 0.66])
        while True:
            block = []
            for kick in rng.normal(0, 1, (256, 4)):
                state = keep * state + push * kick
                block.append(float(state.sum()))
            yield block


class Growing:
    """Something written in advance as far as it is read: ``write`` puts down one passage and returns its end."""

    def __init__(self, write: Callable[[float], float], ahead: float = 8.0) -> None:
        self._write, self._ahead, self._end = write, ahead, 0.0

    def until(self, t: float) -> None:
        """Write on until everything that can matter at ``t`` is there."""
        while self._end < t + self._ahead:
            self._end = self._write(self._end)
