"""What the judge's instruments measured on scenes of the sample studio: the table that a simulation draws from.

A scene is one person or machine, one avatar, one room. What was measured on it stays together, so that a person whose
motion hardly shows is simulated as such for a whole evening, and is no average of everybody. ``measured.json`` is
written by ``python -m samples.yardstick``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from protocols.driving.convention import Reading
from protocols.driving.form import Shape
from protocols.driving.gesture import GestureOutcome
from protocols.driving.habit import Habit
from protocols.driving.plausibility import Plausibility
from protocols.gesture import Gesture
from protocols.likeness import LikenessCalibration

_CLEAR = 0.5  # cosine from which a glance agrees with the claim, where no other avatar is more alike

__all__ = ["Glance", "Measured", "Scene", "Window", "load", "save"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A full-rate window: ``profile`` (76,) log-likelihood ratio by lag in nats, and what goes with it."""

    profile: tuple[float, ...]
    information: float
    strength: float
    silent: bool
    liveliness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One look at the avatar: its cosines with the references of the claimed and of the most similar other avatar."""

    confidence: float
    claimed: float
    other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that was measured on one scene.

    ``repetition``: for several beginnings, by seconds watched in one go, the period in seconds that was found, None
    where none was; ``plausibility``: the same for the telemetry by itself; ``done`` and ``ignored``: what became of
    gestures that were asked for and made, or asked for and not made; ``glances`` at the avatar; ``habits``: by seconds
    told, how often each gesture is made unasked; ``met``: for several beginnings, after how many seconds a copy of the
    telemetry is met again, None where it was not within what was told.
    """

    kind: str
    name: str
    windows: tuple[Window, ...]
    repetition: tuple[tuple[tuple[float, float | None], ...], ...]
    plausibility: tuple[tuple[tuple[float, Plausibility], ...], ...]
    done: Mapping[Gesture, tuple[GestureOutcome, ...]]
    ignored: Mapping[Gesture, tuple[GestureOutcome, ...]]
    glances: tuple[Glance, ...]
    habits: tuple[tuple[float, Mapping[Gesture, Habit]], ...]
    met: tuple[float | None, ...] = ()

    @property
    def steady(self) -> bool:
        """Whether no glance speaks against the claimed avatar, be it seen well or badly."""
        return all(g.claimed >= max(_CLEAR, g.other) for g in self.glances if g.confidence > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The whole table, and the calibrations that it was measured with."""

    calibration: str
    likeness: LikenessCalibration
    scenes: tuple[Scene, ...]

    def of(self, kind: str) -> tuple[Scene, ...]:
        """The scenes of a kind. Raises ValueError where there is none."""
        found = tuple(scene for scene in self.scenes if scene.kind == kind)
        if not found:
            raise ValueError(f"no scene of kind {kind!r} was measured")
        return found


@cache
def load() -> Measured:
    """The table that comes with the package."""
    return read(files(__package__).joinpath("measured.json").read_text(encoding="utf-8"))


def read(text: str) -> Measured:
    """The table from its JSON."""
    document = json.loads(text)
    return Measured(
        calibration=document["calibration"],
        likeness=LikenessCalibration(**document["likeness"]),
        scenes=tuple(_scene(s) for s in document["scenes"]),
    )


def save(measured: Measured, path: Path) -> None:
    """Write the table, one scene a line."""
    lines = ",\n".join(json.dumps(_document(scene), separators=(",", ":")) for scene in measured.scenes)
    head = json.dumps({"calibration": measured.calibration, "likeness": asdict(measured.likeness)})
    path.write_text(f'{head[:-1]}, "scenes": [\n{lines}\n]}}\n', encoding="utf-8")


def _scene(document: Mapping[str, Any]) -> Scene:
    return Scene(
        kind=document["kind"],
        name=document["name"],
        windows=tuple(Window(**w | {"profile": tuple(w["profile"])}) for w in document["windows"]),
        repetition=tuple(tuple((after, period) for after, period in run) for run in document["repetition"]),
        plausibility=tuple(
            tuple((after, Plausibility(**p | {"findings": tuple(p["findings"])})) for after, p in run)
            for run in document["plausibility"]
        ),
        done=_outcomes(document["done"]),
        ignored=_outcomes(document["ignored"]),
        glances=tuple(Glance(**g) for g in document["glances"]),
        habits=tuple((after, _habits(known)) for after, known in document["habits"]),
        met=tuple(document.get("met", ())),
    )


def _habits(document: Mapping[str, Mapping[str, Any]]) -> dict[Gesture, Habit]:
    return {
        Gesture(name): Habit(**{**found, "sizes": tuple(found["sizes"]), "shape": Shape(found["shape"])})
        for name, found in document.items()
    }


def _outcomes(document: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[Gesture, tuple[GestureOutcome, ...]]:
    return {Gesture(name): tuple(_outcome(one) for one in found) for name, found in document.items()}


def _outcome(document: Mapping[str, Any]) -> GestureOutcome:
    instead = document.get("instead")
    return GestureOutcome(**{**document, "instead": None if instead is None else Reading(**instead)})


def _document(scene: Scene) -> dict[str, Any]:
    """As JSON, with no more digits than the measurement is worth."""
    rounded: dict[str, Any] = _rounded(asdict(scene))
    return rounded


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 2)
        case dict():
            return {str(key): _rounded(one) for key, one in value.items()}
        case list() | tuple():
            return [_rounded(one) for one in value]
        case _:
            return value
