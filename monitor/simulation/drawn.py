"""Drawn instruments: what the judge's rules ask for, drawn from what was measured on the scene that is on."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from monitor.simulation.measured import Window
from monitor.simulation.script import Script
from protocols.challenge import Dice
from protocols.driving.calibration import Calibration
from protocols.driving.correlation import Driving
from protocols.driving.gesture import GestureOutcome
from protocols.driving.habit import UNTOLD, Habit, Spans, reaction_weight
from protocols.driving.lag import LAGS, LagBelief
from protocols.driving.plausibility import UNKNOWN, Plausibility
from protocols.driving.repetition import NOTHING, Repetition
from protocols.gesture import Gesture
from protocols.observation import Motion, Observation
from protocols.telemetry import TelemetryBatch, TelemetrySample

__all__ = ["DrawnInstruments"]

T = TypeVar("T")

_HOLE = 1.0  # seconds without motion after which the picture is watched anew
_REACTION = 1.5  # seconds after a question at which whoever answers it is at it
_PASSAGE = 30.0  # seconds of telemetry that are examined together
_NOBODY = GestureOutcome(
    passed=None, score=0.0, seen_at=None, reaction=None, telemetry_score=0.0, picture_score=0.0
)  # fmt: skip


class DrawnInstruments:
    """The ``Instruments`` of one simulated session. The same question has the same answer however often it is put."""

    def __init__(self, script: Script, dice: Dice, *, known: bool = False) -> None:
        """``known``: what the operator does unasked is known from other evenings."""
        self._known = known
        self._script = script
        self._dice = dice
        self._watched_from = 0.0
        self._watched_until = -np.inf
        self._told_from: float | None = None
        self._window: tuple[tuple[float, float], Window] | None = None
        self._answers: dict[tuple[Gesture, float], GestureOutcome] = {}
        self._runs: dict[str, tuple[float, float]] = {}

    def observe(self, observation: Observation) -> None:
        """Note since when motion is seen and told."""
        match observation:
            case Motion():
                if not 0 <= observation.at - self._watched_until <= _HOLE:
                    self._watched_from = observation.at
                self._watched_until = observation.at
            case TelemetrySample() | TelemetryBatch() if self._told_from is None:
                self._told_from = observation.at
            case _:
                pass

    def assess(self, start: float, end: float, belief: LagBelief, calibration: Calibration) -> Driving:
        """A window of the scene, weighed by what is believed of the lag, as ``protocols.driving.correlation`` does."""
        window = self._drawn(start, end)
        profile = np.array(window.profile)
        score = 0.0 if window.silent else belief.marginal(profile)
        best = int(np.argmax(np.log(belief.probabilities) + profile))
        found = not window.silent and bool(profile[best] > calibration.lag_found)
        return Driving(
            start=start,
            end=end,
            score=score,
            weight=float(np.clip(score, -calibration.cap, calibration.cap)),
            lag=float(LAGS[best]) if found else None,
            information=window.information,
            strength=window.strength,
            channels=(),
            mirrored=False,
            profile=window.profile,
        )

    def vacant(self, start: float, end: float) -> bool:
        """Every scene has its avatar."""
        return False

    def silent(self, start: float, end: float) -> bool:
        """As it was measured, or where nothing is told."""
        return self._drawn(start, end).silent

    def liveliness(self, start: float, end: float) -> float:
        """As it was measured."""
        return self._drawn(start, end).liveliness

    def repetition(self, start: float, end: float) -> Repetition:
        """What was found on the scene after as many seconds in one go."""
        act = self._script.act(end)
        begin = max(start, self._watched_from, act.start)
        periods = [
            period for after, period in self._run("picture", begin, act.scene.repetition) if after <= end - begin
        ]
        if not periods or periods[-1] is None:
            return NOTHING
        return Repetition(detected=True, period=periods[-1], score=1.0)

    def plausibility(self, start: float, end: float) -> Plausibility:
        """What was found of the scene's telemetry after as many seconds."""
        act = self._script.act(end)
        begin = max(start, act.start, end if self._told_from is None else self._told_from)
        passage = end - end % _PASSAGE
        found = [p for after, p in self._run("telemetry", passage, act.scene.plausibility) if after <= end - begin]
        return found[-1] if act.told and found and found[-1] != UNKNOWN else UNKNOWN

    def habit(self, gesture: Gesture, until: float, busy: Spans) -> Habit:
        """As it was measured on the scene, by how long the operator's motion was told."""
        told = 0.0 if self._told_from is None else until - self._told_from
        (_, first), *others = self._script.act(until).scene.habits
        seen = (known for after, known in reversed(others) if self._known or after <= told)
        return next(seen, first).get(gesture, UNTOLD)

    def answered(
        self, gesture: Gesture, asked: float, within: float, lag: float | None, habit: Habit, calibration: Calibration
    ) -> GestureOutcome:
        """What became of such a gesture on the scene, done or not, as whoever is there does what is asked."""
        key = gesture, asked
        if key not in self._answers:
            self._answers[key] = self._answer(gesture, asked, within, calibration)
        return self._answers[key]

    def told(self, start: float, end: float) -> bool:
        """Whether the script tells of motion half-way."""
        return self._script.act((start + end) / 2).told

    def _answer(self, gesture: Gesture, asked: float, within: float, calibration: Calibration) -> GestureOutcome:
        act = self._script.act(asked + _REACTION)
        scene, done = act.scene, self._dice() < self._script.willing(asked, act)
        outcomes = scene.done.get(gesture) if done else scene.ignored.get(gesture)
        if not act.told or not outcomes:
            return _NOBODY
        outcome = outcomes[int(self._dice() * len(outcomes))]
        return _later(outcome, asked, act.slow if done else 0.0, within, calibration)

    def _drawn(self, start: float, end: float) -> Window:
        """The window that was drawn for ``start``..``end``; of a scene that changes within it, the longer part."""
        if self._window is None or self._window[0] != (start, end):
            act = self._script.act((start + end) / 2)
            windows = act.scene.windows
            drawn = windows[int(self._dice() * len(windows))]
            self._window = (start, end), drawn if act.told else _untold(drawn)
        return self._window[1]

    def _run(
        self, what: str, begin: float, runs: tuple[tuple[tuple[float, T], ...], ...]
    ) -> tuple[tuple[float, T], ...]:
        """One of ``runs``, always the same for what begins at ``begin``."""
        if self._runs.get(what, (None, 0.0))[0] != begin:
            self._runs[what] = begin, self._dice()
        return runs[int(self._runs[what][1] * len(runs))] if runs else ()


def _later(
    outcome: GestureOutcome, asked: float, slow: float, within: float, calibration: Calibration
) -> GestureOutcome:
    """The outcome of what was asked at ``asked`` and begun ``slow`` seconds later than it was measured."""
    if outcome.reaction is None:
        return outcome
    reaction = outcome.reaction + slow
    late = reaction > within
    weight = outcome.weight
    if slow:
        weight += reaction_weight(reaction, calibration) - reaction_weight(outcome.reaction, calibration)
    passed = None if outcome.passed and weight < calibration.gesture_telling else outcome.passed
    return replace(
        outcome,
        passed=False if late else passed,
        seen_at=None if outcome.seen_at is None or late or not passed else asked + outcome.seen_at + slow,
        reaction=reaction,
        weight=weight,
    )


def _untold(window: Window) -> Window:
    """The window with nothing told of the operator's motion."""
    return replace(window, profile=(0.0,) * len(LAGS), information=0.0, strength=0.0, silent=True)
