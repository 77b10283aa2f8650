"""Shapes: the closed outlines that an avatar is drawn from, what they are painted with and how they bend."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from samples.studio.geometry import Points

__all__ = ["BONES", "Colour", "Ramp", "Shape", "colour", "lift", "mix", "on_face", "plane"]

Colour = tuple[int, int, int]
BONES = ("head", "skull", "body", "arm_l", "fore_l", "hand_l", "arm_r", "fore_r", "hand_r")


def colour(code: str) -> Colour:
    """``rrggbb`` as blue, green, red 0..255, the order of OpenCV's pictures."""
    return int(code[4:6], 16), int(code[2:4], 16), int(code[0:2], 16)


def mix(first: str, second: str, share: float) -> str:
    """The colour code ``share`` (0..1) of the way from ``first`` to ``second``."""
    pairs = zip(colour(first)[::-1], colour(second)[::-1], strict=True)
    return "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Ramp:
    """A vertical gradient in model space: colour codes at heights (model y, growing downwards)."""

    stops: tuple[tuple[float, str], ...]
    strands: float = 0.0  # strength 0..1 of fine vertical strands, for hair and fur


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One closed outline (n, 3) in model space, bound to a bone.

    ``morphs`` move its points: name of a channel to displacements (n, 3) at channel value 1.
    ``skin`` (n,) is how far each point follows the body instead of its bone. ``line`` is the ink
    colour of the outline and ``ink`` its thickness, a number or one for each point, in model units.
    ``clip`` names the shape outside of which nothing of this one is painted; ``blur`` in model units.
    """

    points: Points
    paint: str | Ramp
    bone: str = "head"
    name: str = ""
    line: str | None = None
    ink: float | Points = 0.022
    morphs: Mapping[str, Points] = field(default_factory=dict)
    skin: Points | None = None
    clip: str = ""
    alpha: float = 1.0
    blur: float = 0.0
    drawn: bool = True  # False: only a stencil for others to be clipped to
    when: tuple[str, float] | None = None  # painted only while this channel is above this value


def plane(points: ArrayLike, z: float | Points = 0.0) -> Points:
    """Points (n, 2) as (n, 3) at depth ``z``."""
    p = np.asarray(points, dtype=np.float64)
    return np.column_stack([p, np.broadcast_to(np.asarray(z, dtype=np.float64), (len(p),))])


def on_face(points: ArrayLike, above: float = 0.0, *, depth: float = 0.8) -> Points:
    """Points (n, 2) laid on the front of the head, ``above`` it by so much."""
    p = np.asarray(points, dtype=np.float64)
    inside = np.clip(1 - (p[:, 0] / 1.12) ** 2 - ((p[:, 1] - 0.15) / 1.5) ** 2, 0.03, 1)
    return np.column_stack([p, depth * np.sqrt(inside) + above])


def lift(points: ArrayLike, radius: float, *, depth: float = 0.95, y0: float = 0.0) -> Points:
    """Points (n, 2) laid on a ball of ``radius`` round the head (a hair shell), flattened by ``depth``."""
    p = np.asarray(points, dtype=np.float64)
    inside = np.clip(1 - (p[:, 0] / radius) ** 2 - ((p[:, 1] - y0) / (radius * 1.25)) ** 2, 0.02, 1)
    return np.column_stack([p, depth * radius * np.sqrt(inside)])
