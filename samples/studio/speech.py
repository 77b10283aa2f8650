"""The rhythm of talking: phrases, pauses, syllables, and what head and hands do with them.

Syllables come 4 to 5 a second with log-normal lengths (S. Greenberg et al., Journal of Phonetics 31, 2003);
pauses are log-normal (E. Campione and J. Véronis, Speech Prosody 2002). Heads move with stress and at the
ends of phrases (U. Hadar et al., Human Movement Science 2, 1983; K. Munhall et al., Psychological Science 15, 2004).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from samples.studio.kinetics import Growing, Line, Move

__all__ = ["Speech", "Temperament"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperament:
    """How somebody moves: sizes relative to an average streamer, and how much of the time they talk."""

    head: float = 1.0
    hands: float = 1.0
    talk: float = 0.75  # chance that a pause is followed by talk, not by a spell of listening
    tempo: float = 4.6  # syllables a second within a phrase
    smile: float = 0.35
    fixation: float = 1.3  # median seconds between gaze shifts


class Speech:
    """Writes phrases onto the channels: mouth, head beats, hands, smile."""

    def __init__(self, rng: np.random.Generator, temper: Temperament, lines: Mapping[str, Line]) -> None:
        self._rng, self._temper, self._lines = rng, temper, lines
        self._turn = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0}
        self._growing = Growing(self._passage)
        self.syllables: list[float] = []  # onsets, seconds
        self.phrases: list[tuple[float, float]] = []  # begin and end, seconds

    def until(self, t: float) -> None:
        """Write all that can matter at ``t``."""
        self._growing.until(t)

    def _passage(self, at: float) -> float:
        """One phrase and the pause or the listening after it."""
        if self._rng.random() > self._temper.talk:
            return self._listen(at)
        end = self._phrase(at)
        return end + float(np.clip(self._rng.lognormal(np.log(0.45), 0.6), 0.12, 2.5))

    def _phrase(self, at: float) -> float:
        rng = self._rng
        length = float(np.clip(rng.lognormal(np.log(2.0), 0.5), 0.5, 6.0))
        self._reorient(at - 0.1)
        if rng.random() < self._temper.smile:
            self._lines["smile"].add(Move(at + rng.uniform(-0.3, 0.5), rng.uniform(0.3, 0.8), 0.35, length * 0.6, 0.8))
        t, since = at, 0
        while t < at + length:
            step = float(np.clip(rng.lognormal(np.log(1 / self._temper.tempo) - 0.045, 0.3), 0.09, 0.6))
            since += 1
            stressed = rng.random() < 0.16 * since
            self._syllable(t, step, stressed)
            if stressed:
                since = 0
                self._beat(t)
            t += step
        if rng.random() < 0.35:
            self._nod(t - 0.1, rng.uniform(3, 8), 1)
        self.phrases.append((at, t))
        return t

    def _syllable(self, at: float, length: float, stressed: bool) -> None:
        rng = self._rng
        self.syllables.append(at)
        size = float(np.clip(rng.beta(2.2, 2.6) * (1.25 if stressed else 0.85), 0.08, 0.95))
        self._lines["mouth_open"].add(Move(at, size, 0.42 * length, 0.1 * length, 0.68 * length))

    def _beat(self, at: float) -> None:
        """A quick dip of the head, and now and then of a hand, with a stressed syllable."""
        rng, head = self._rng, self._temper.head
        at += rng.normal(0.0, 0.05)
        down = -head * rng.lognormal(np.log(3.2), 0.5)
        rise, fall = rng.uniform(0.12, 0.22), rng.uniform(0.2, 0.42)
        self._lines["pitch"].add(Move(at, float(np.clip(down, -12, 0)), rise, 0.02, fall))
        self._lines["yaw"].add(Move(at, float(rng.normal(0, 2.4) * head), rise, 0.03, fall * 1.2))
        self._lines["roll"].add(Move(at, float(rng.normal(0, 1.8) * head), rise, 0.03, fall * 1.3))
        self._lines["brow"].add(Move(at, float(rng.uniform(0, 0.8)), rise, 0.1, fall))
        if rng.random() < 0.16 * self._temper.hands:
            self._gesticulate(at - 0.25)

    def _gesticulate(self, at: float) -> None:
        """Preparation, stroke with a beat or two, hold, retraction."""
        rng = self._rng
        sides = ("hand_l", "hand_r") if rng.random() < 0.3 else (("hand_r",) if rng.random() < 0.65 else ("hand_l",))
        hold = float(rng.lognormal(np.log(0.6), 0.5))
        for side in sides:
            height = float(rng.uniform(0.45, 1.35))
            begin = at + float(rng.normal(0, 0.04))
            self._lines[side].add(Move(begin, height, rng.uniform(0.3, 0.5), hold, rng.uniform(0.45, 0.8)))
            if rng.random() < 0.6:
                self._lines[side].add(Move(begin + 0.45, rng.uniform(-0.25, 0.25), 0.15, 0.03, 0.22))

    def _nod(self, at: float, size: float, count: int) -> None:
        for _ in range(count):
            rise, fall = self._rng.uniform(0.14, 0.22, 2)
            self._lines["pitch"].add(Move(at, -size * self._temper.head, rise, 0.02, fall))
            at += rise + fall + self._rng.uniform(0.0, 0.08)
            size *= self._rng.uniform(0.6, 0.95)

    def _reorient(self, at: float) -> None:
        """Phrases begin in a new attitude of the head."""
        rng = self._rng
        for name, spread in (("yaw", 6.0), ("pitch", 3.0), ("roll", 4.5)):
            target = float(np.clip(rng.normal(0, spread * self._temper.head), -2.2 * spread, 2.2 * spread))
            begin = at + float(rng.normal(0, 0.06))
            self._lines[name].add(Move(max(0.0, begin), target - self._turn[name], rng.uniform(0.4, 0.9)))
            self._turn[name] = target

    def _listen(self, at: float) -> float:
        """Reading the chat or listening: nods of agreement, a smile, a tilted head."""
        rng = self._rng
        length = float(np.clip(rng.lognormal(np.log(2.2), 0.5), 0.8, 7.0))
        if rng.random() < 0.5:
            self._reorient(at)
        if rng.random() < 0.55:
            self._nod(at + rng.uniform(0.2, 0.6) * length, rng.uniform(5, 11), int(rng.integers(1, 4)))
        if rng.random() < 0.4:
            self._lines["smile"].add(Move(at + 0.3, rng.uniform(0.4, 1.0), 0.4, length * 0.5, 0.9))
        return at + length
