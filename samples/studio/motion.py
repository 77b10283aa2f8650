"""Motion: a performer who moves like a person, an automaton that does not, and a recording that repeats."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from samples.studio.gaze import EYE_REACH, Gaze
from samples.studio.gesture import Gesture, act, length
from samples.studio.kinetics import Drift, Line, Move, minimum_jerk
from samples.studio.pose import Pose, blend
from samples.studio.speech import Speech, Temperament

__all__ = ["TEMPERAMENTS", "Automaton", "Loop", "Motion", "Performer"]

TEMPERAMENTS = {
    "average": Temperament(),
    "lively": Temperament(head=1.3, hands=1.6, talk=0.82, tempo=5.0, smile=0.5, fixation=1.1),
    "calm": Temperament(head=0.75, hands=0.5, talk=0.7, tempo=4.1, smile=0.25, fixation=1.7),
    "shy": Temperament(head=0.6, hands=0.25, talk=0.55, tempo=4.4, smile=0.55, fixation=1.0),
}
CHANNELS = (
    "yaw", "pitch", "roll", "mouth_open", "smile", "eye_blink", "look_x", "look_y", "brow", "hand_l", "hand_r", "sway",
)  # fmt: skip
WANDER = {
    "yaw": 1.3,
    "pitch": 0.9,
    "roll": 0.8,
    "sway": 0.22,
    "hand_l": 0.02,
    "hand_r": 0.02,
    "smile": 0.05,
    "breath": 0.25,
}


class Motion(Protocol):
    """Anything that has a pose at every time."""

    def pose(self, t: float) -> Pose:
        """The pose at ``t`` seconds."""
        ...


class Performer:
    """A person in front of a camera: a function of (seed, temperament, t) and of the gestures performed.

    Times may be asked for in any order; what is asked of ``perform`` is laid over what would have been.
    """

    def __init__(self, seed: int, temperament: str = "average") -> None:
        if temperament not in TEMPERAMENTS:
            raise ValueError(f"no temperament {temperament!r}; there are {', '.join(TEMPERAMENTS)}")
        temper = TEMPERAMENTS[temperament]
        seeds = np.random.SeedSequence([seed, sorted(TEMPERAMENTS).index(temperament)]).spawn(16)
        rngs = [np.random.default_rng(s) for s in seeds]
        talking, looking = ({name: Line() for name in CHANNELS} for _ in range(2))
        self._lines = [(name, line) for lines in (talking, looking) for name, line in lines.items()]
        self.speech = Speech(rngs[0], temper, talking)
        self.gaze = Gaze(rngs[1], temper, looking)
        self._drift = {name: Drift(rng, size) for (name, size), rng in zip(WANDER.items(), rngs[3:], strict=False)}
        self._breath = float(rngs[2].uniform(0.22, 0.3))  # breaths a second
        self._choice = rngs[15]
        self._asked: dict[str, Line] = {}
        self._busy: list[tuple[float, float]] = []

    def perform(self, gesture: str, at: float) -> float:
        """Make ``gesture`` (a Gesture's value) from about ``at`` on; returns when it will be over, in seconds."""
        moves = act(Gesture(gesture), at + float(self._choice.uniform(0.0, 0.12)), self._choice)
        for channel, move in moves:
            self._asked.setdefault(channel, Line()).add(move)
        end = length(moves)
        self._busy.append((min(m.at for _, m in moves), end))
        return end

    def answer(self, gesture: str, asked_at: float) -> tuple[float, float]:
        """Read the request, then perform it: when that begins and ends, in seconds."""
        begin = asked_at + float(np.clip(self._choice.lognormal(np.log(1.0), 0.3), 0.6, 2.0))
        return begin, self.perform(gesture, begin)

    def pose(self, t: float) -> Pose:
        """The pose at ``t`` seconds; before 0 that of 0."""
        t = max(0.0, t)
        self.speech.until(t)
        self.gaze.until(t)
        still = self._attention(t)
        v = dict.fromkeys(CHANNELS, 0.0)
        for name, line in self._lines:
            v[name] += line.value(t)
        for name in ("yaw", "pitch", "roll", "mouth_open", "hand_l", "hand_r"):
            v[name] *= 1 - 0.75 * still
        if still and "eye_blink" in self._asked:
            v["eye_blink"] *= 1 - still
        for name, line in self._asked.items():
            v[name] += line.value(t)
        for name, drift in self._drift.items():
            v[name] = v.get(name, 0.0) + drift.value(t)
        return self._settle(v, t)

    def _attention(self, t: float) -> float:
        """How far the rest of the body keeps still for a gesture, 0..1."""
        return max(
            (
                minimum_jerk((t - a + 0.3) / 0.3) - minimum_jerk((t - b) / 0.4)
                for a, b in self._busy
                if a - 0.3 < t < b + 0.4
            ),
            default=0.0,
        )

    def _settle(self, v: dict[str, float], t: float) -> Pose:
        yaw, pitch = _soft(v["yaw"], 40.0), _soft(v["pitch"], 26.0)
        return Pose(
            yaw=yaw,
            pitch=pitch,
            roll=_soft(v["roll"], 26.0),
            mouth_open=float(np.clip(v["mouth_open"], 0, 1)),
            smile=float(np.clip(v["smile"], 0, 1)),
            eye_blink=float(np.clip(v["eye_blink"], 0, 1)),
            gaze_x=float(np.clip((v["look_x"] - yaw) / EYE_REACH, -1, 1)),
            gaze_y=float(np.clip((v["look_y"] - pitch) / EYE_REACH, -1, 1)),
            brow=float(np.clip(v["brow"], -1, 1)),
            hand_l=float(np.clip(v["hand_l"] - 0.97, -1, 1)),
            hand_r=float(np.clip(v["hand_r"] - 0.97, -1, 1)),
            sway=float(np.clip(v["sway"], -1, 1)),
            breath=float(np.sin(2 * np.pi * self._breath * t + 2.5 * v["breath"])),
        )


def _soft(angle: float, limit: float) -> float:
    """An angle that stops softly at what a neck can do."""
    return float(limit * np.tanh(angle / limit))


class Automaton:
    """The idle and talk animation of an engine: smooth, regular, on and on. Nobody moves like this."""

    def __init__(self, seed: int, *, talk: bool = True) -> None:
        rng = np.random.default_rng(seed)
        self._talk = talk
        self._period = rng.uniform(3.2, 5.6, 4)
        self._phase = rng.uniform(0, 2 * np.pi, 4)
        self._size = rng.uniform(0.8, 1.3, 4) * (11.0, 4.0, 6.0, 0.3)
        self._blink = float(rng.uniform(3.2, 4.6))

    def pose(self, t: float) -> Pose:
        """The pose at ``t`` seconds."""
        wave = np.sin(2 * np.pi * t / self._period + self._phase) * self._size
        speaking = self._talk and (t % 6.0) < 4.0
        mouth = 0.3 * (1 - np.cos(2 * np.pi * 4.0 * t)) if speaking else 0.0
        lid = Move(0.5, 1.0, 0.08, 0.02, 0.12).value(t % self._blink)
        hand = -1 + 0.9 * max(0.0, float(np.sin(2 * np.pi * t / 8.0))) ** 2
        return Pose(
            yaw=float(wave[0]), pitch=float(wave[1]), roll=float(wave[2]), sway=float(wave[3]),
            mouth_open=float(mouth), smile=0.4, eye_blink=lid, hand_r=hand, breath=float(np.sin(2 * np.pi * t / 4.0)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A stretch of another motion, again and again, cut or cross-faded where its ends meet."""

    motion: Motion
    begin: float
    period: float
    fade: float = 0.0

    def pose(self, t: float) -> Pose:
        """The pose at ``t`` seconds."""
        inside = t % self.period
        now = self.motion.pose(self.begin + inside)
        if t >= self.period and inside < self.fade:
            last = self.motion.pose(self.begin + self.period + inside)
            return blend(last, now, minimum_jerk(inside / self.fade))
        return now
