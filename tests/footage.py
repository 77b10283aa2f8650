"""Footage: avatars with stills, clips with telemetry. The development clips where they are, else the project's own."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samples.studio.clip import Clip, film
from samples.studio.portrait import portraits

SHARED = Path(os.environ.get("NAKANOHITO_SHARED") or Path(__file__).parents[2] / "shared") / "clips"
OURS = (
    Clip(name="driven", kind="driven", avatar="sakura", seed=5, temperament="lively", seconds=24.0),
    Clip(name="mismatched", kind="mismatched", avatar="sakura", seed=5, telemetry="other_human", picture_of="driven",
         seconds=24.0),
    Clip(name="looped", kind="looped", avatar="kon", seed=39, telemetry="other_human", seconds=24.0),
    Clip(name="ai_driven", kind="ai_driven", avatar="bolt", seed=22, telemetry="none", seconds=12.0),
)  # fmt: skip
"""What is filmed where the development clips are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One clip: the avatar that it shows, its picture, its length in seconds, and the operator's motion, if any."""

    name: str
    kind: str
    avatar: str
    picture: Path
    telemetry: Path | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """Clips, and the stills that their avatars are registered from."""

    stills: dict[str, tuple[Path, ...]]
    shots: tuple[Shot, ...]

    def of(self, kind: str, most: int = 100) -> list[Shot]:
        """The clips of one kind."""
        return [shot for shot in self.shots if shot.kind == kind][:most]

    def without_operator(self) -> Shot:
        """A clip that nobody sends telemetry for."""
        return next(shot for shot in self.shots if shot.kind == "ai_driven" and shot.telemetry is None)


def footage(folder: Path) -> Footage:
    """Return the development clips, or film the project's own into ``folder``."""
    if (SHARED / "MANIFEST.json").is_file():
        return _development(json.loads((SHARED / "MANIFEST.json").read_text()))
    stills = {clip.avatar: tuple(portraits(clip.avatar, folder / "stills" / clip.avatar)) for clip in OURS}
    return Footage(stills=stills, shots=tuple(_shot(film(clip, folder), folder) for clip in OURS))


def a_long_take(folder: Path, seconds: float, avatar: str = "sakura") -> tuple[Shot, tuple[Path, ...]]:
    """Film a driven take of the project's own, of any length; with the stills of its avatar."""
    clip = replace(OURS[0], name=f"take{seconds:g}", avatar=avatar, seconds=seconds)
    return _shot(film(clip, folder), folder), tuple(portraits(avatar, folder / "stills" / avatar))


def _development(manifest: dict[str, Any]) -> Footage:
    stills = {name: tuple(SHARED / still for still in one["stills"]) for name, one in manifest["avatars"].items()}
    return Footage(stills=stills, shots=tuple(_shot(clip, SHARED) for clip in manifest["clips"]))


def _shot(truth: dict[str, Any], folder: Path) -> Shot:
    return Shot(
        name=truth["name"],
        kind=truth["kind"],
        avatar=truth["avatar"],
        picture=folder / truth["file"],
        telemetry=None if truth["telemetry"] is None else folder / truth["telemetry"],
        seconds=truth["duration_s"],
    )
