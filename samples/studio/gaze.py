"""Where somebody looks: fixations, saccades, blinks, and the head that follows large shifts.

Saccades last 21 ms + 2.2 ms a degree (A. T. Bahill et al., Mathematical Biosciences 24, 1975); the head joins in
for shifts beyond some ten degrees (J. S. Stahl, Experimental Brain Research 126, 1999). Blinks close in about
a third of their 150 to 300 ms (A. R. Bentivoglio et al., Movement Disorders 12, 1997; the interval is log-normal).
"""

from collections.abc import Mapping

import numpy as np

from samples.studio.kinetics import Growing, Line, Move
from samples.studio.speech import Temperament

__all__ = ["EYE_REACH", "Gaze"]

EYE_REACH = 28.0  # degrees of eye-in-head rotation that a gaze channel of 1 stands for
PLACES = ((0.0, 0.0, 0.52), (-26.0, -4.0, 0.2), (22.0, -3.0, 0.12), (0.0, -20.0, 0.1), (9.0, 12.0, 0.06))


class Gaze:
    """Writes fixations and blinks; ``look_x`` and ``look_y`` are the line of sight in degrees."""

    def __init__(self, rng: np.random.Generator, temper: Temperament, lines: Mapping[str, Line]) -> None:
        self._rng, self._temper, self._lines = rng, temper, lines
        self._looking = self._facing = (0.0, 0.0)
        self._next_blink = float(rng.uniform(0.5, 3.0))
        self._growing = Growing(self._fixation)
        self.blinks: list[float] = []  # onsets, seconds

    def until(self, t: float) -> None:
        """Write all that can matter at ``t``."""
        self._growing.until(t)

    def _fixation(self, at: float) -> float:
        rng = self._rng
        length = float(np.clip(rng.lognormal(np.log(self._temper.fixation), 0.65), 0.25, 6.0))
        x, y, _ = PLACES[int(rng.choice(len(PLACES), p=[p[2] for p in PLACES]))]
        target = (x + float(rng.normal(0, 3.0)), y + float(rng.normal(0, 2.0)))
        size = float(np.hypot(target[0] - self._looking[0], target[1] - self._looking[1]))
        swift = 0.021 + 0.0022 * size
        for name, new, old in (("look_x", target[0], self._looking[0]), ("look_y", target[1], self._looking[1])):
            self._lines[name].add(Move(at, new - old, swift))
        self._looking = target
        if size > 8:
            self._turn_head(at, target, size)
        if size > 15 and rng.random() < 0.35:
            self._blink(at + 0.01)
            self._next_blink = max(self._next_blink, at + 1.0)
        while self._next_blink < at + length:
            self._blink(self._next_blink)
            self._next_blink += float(np.clip(rng.lognormal(np.log(3.3), 0.6), 0.4, 14.0))
        return at + length

    def _turn_head(self, at: float, target: tuple[float, float], size: float) -> None:
        """The head goes most of the way, later and slower than the eyes; it leans a little into the turn."""
        rng = self._rng
        begin = at + float(np.clip(rng.normal(0.05, 0.03), 0.0, 0.15))
        lasts = float(np.clip(0.26 + 0.008 * size, 0.28, 0.7) * rng.lognormal(0, 0.15))
        share = float(np.clip(rng.normal(0.68, 0.14), 0.3, 1.0)) * min(1.3, self._temper.head)
        facing = (share * target[0], 0.8 * share * target[1])
        yaw, pitch = facing[0] - self._facing[0], facing[1] - self._facing[1]
        self._lines["yaw"].add(Move(begin, yaw, lasts))
        self._lines["pitch"].add(Move(begin, pitch, lasts * rng.uniform(0.9, 1.15)))
        self._lines["roll"].add(Move(begin, -0.16 * yaw + float(rng.normal(0, 1.0)), lasts, 0.3, 0.7))
        self._facing = facing

    def _blink(self, at: float) -> None:
        rng = self._rng
        for k in range(2 if rng.random() < 0.07 else 1):
            length = float(rng.uniform(0.15, 0.30))
            begin = at + 0.38 * k
            self.blinks.append(begin)
            depth = float(np.clip(rng.normal(0.97, 0.06), 0.6, 1.0))
            self._lines["eye_blink"].add(Move(begin, depth, 0.34 * length, 0.12 * length, 0.54 * length))
