"""Readings: what the judge's instruments say of a scene, each at many times."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from monitor.simulation.measured import Glance, Scene, Window
from protocols.driving.calibration import CALIBRATION
from protocols.driving.gesture import GestureOutcome
from protocols.driving.habit import Habit, habit
from protocols.driving.lag import LAG_STEP, LagBelief
from protocols.driving.plausibility import Plausibility
from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.gesture import Gesture
from protocols.rules.tracks import Tracks
from samples.yardstick.scene import ASKED, ORDINARY

__all__ = ["Showing", "read"]

_WINDOW, _WITHIN = 10.0, 6.0
_LENGTHS = (8.0, 12.0, 16.0, 20.0, 28.0, 40.0)  # of picture, watched in one go
_TOLD = (6.0, 10.0, 15.0, 20.0, 30.0)  # of telemetry
_KNOWN = (16.0, 44.0, 104.0)  # of telemetry, in which habits are seen
_IGNORED_FROM, _IGNORED_EVERY = 14.0, 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Showing:
    """A picture with the telemetry that goes with it, or against it, for ``length`` seconds.

    ``obeyed``: the telemetry's person does what ``ASKED`` asks.
    """

    kind: str
    name: str
    motion: MotionTrack
    telemetry: TelemetryTrack
    length: float
    obeyed: bool = False
    glances: tuple[Glance, ...] = ()


def read(showing: Showing) -> Scene:
    """Read every instrument on ``showing``; gestures with the lag that the driving rule would know by then."""
    tracks = Tracks(motion=showing.motion, telemetry=showing.telemetry)
    quiet = min(showing.length, ORDINARY)
    windows = tuple(_windows(tracks, quiet))
    lag = _lag(windows)
    fair = _fair(tracks) if showing.obeyed else []
    held = {g for g in Gesture if showing.obeyed and g not in {asked for asked, _ in fair}}
    habits = tuple((after, _habits(tracks, after, held)) for after in _KNOWN if after <= quiet)
    return Scene(
        kind=showing.kind,
        name=showing.name,
        windows=windows,
        repetition=tuple(tuple(_repetition(tracks, begin, quiet)) for begin in (0.0, 4.0)),
        plausibility=tuple(tuple(_plausibility(tracks, begin, quiet)) for begin in (0.0, 7.0, 14.0)),
        done=_outcomes(tracks, fair, lag, habits[-1][1]),
        ignored=_outcomes(tracks, [(g, at) for g in Gesture for at in _ignored_at(quiet)], lag),
        glances=showing.glances,
        habits=habits,
    )


def _habits(tracks: Tracks, after: float, held: Container[Gesture]) -> dict[Gesture, Habit]:
    """What is known of each gesture after so many seconds."""
    return {g: replace(habit(g, tracks.telemetry, after, reach=after), held=g in held) for g in Gesture}


def _fair(tracks: Tracks) -> list[tuple[Gesture, float]]:
    """What was asked for, but for what the operator was turned to already: that would not be asked live."""
    return [(g, at) for g, at in ASKED if not habit(g, tracks.telemetry, at).held]


def _ignored_at(length: float) -> list[float]:
    """When questions are put that nobody hears: spans that do not overlap, so that no movement answers two."""
    return np.arange(_IGNORED_FROM, length - 2 * _WITHIN, _IGNORED_EVERY).tolist()


def _lag(windows: Iterable[Window]) -> float | None:
    """The lag that the windows agree on, as the driving rule finds it."""
    found = [int(np.argmax(w.profile)) for w in windows if max(w.profile) > CALIBRATION.lag_found]
    return None if not found else float(np.median(found)) * LAG_STEP


def _windows(tracks: Tracks, length: float) -> Iterator[Window]:
    for start in np.arange(3.0, length - _WINDOW + 0.1, 4.0).tolist():
        found = tracks.assess(start, start + _WINDOW, LagBelief.uninformed(), CALIBRATION)
        yield Window(
            profile=found.profile,
            information=found.information,
            strength=found.strength,
            silent=tracks.silent(start, start + _WINDOW),
            liveliness=tracks.liveliness(start, start + _WINDOW),
        )


def _repetition(tracks: Tracks, begin: float, length: float) -> Iterator[tuple[float, float | None]]:
    for after in _LENGTHS:
        if begin + after <= length:
            found = tracks.repetition(begin, begin + after)
            yield after, found.period if found.detected else None


def _plausibility(tracks: Tracks, begin: float, length: float) -> Iterator[tuple[float, Plausibility]]:
    for after in _TOLD:
        if begin + after <= length:
            yield after, tracks.plausibility(begin, begin + after)


def _outcomes(
    tracks: Tracks,
    asked: Iterable[tuple[Gesture, float]],
    lag: float | None,
    habits: Mapping[Gesture, Habit] | None = None,
) -> dict[Gesture, tuple[GestureOutcome, ...]]:
    """What becomes of each, ``seen_at`` told from the question on; ``habits``: those of quieter times."""
    found: dict[Gesture, tuple[GestureOutcome, ...]] = {}
    for gesture, at in asked:
        known = habit(gesture, tracks.telemetry, at, reach=at) if habits is None else habits[gesture]
        outcome = tracks.answered(gesture, at, _WITHIN, lag, known, CALIBRATION)
        seen = None if outcome.seen_at is None else outcome.seen_at - at
        found[gesture] = (*found.get(gesture, ()), replace(outcome, seen_at=seen))
    return found
