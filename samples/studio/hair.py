"""Hair, made of locks that taper and trail behind the head."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from samples.studio.geometry import Points, smooth, smoothstep
from samples.studio.shape import Ramp, Shape, lift, mix, plane

__all__ = ["back", "cap", "lock", "locks", "ramp", "ring"]


def ramp(top: str, middle: str, tip: str, *, low: float = 1.0, strands: float = 0.4) -> Ramp:
    """A hair gradient from the crown to the tips at height ``low``."""
    return Ramp(((-1.15, mix(top, "ffffff", 0.12)), (-0.75, top), (0.2 * low, middle), (low, tip)), strands)


def _trail(points: Points, weight: Points, amount: float) -> dict[str, Points]:
    aside, up = np.zeros_like(points), np.zeros_like(points)
    aside[:, 0] = -amount * weight
    up[:, 1] = 0.7 * amount * weight
    return {"sway_x": aside, "sway_y": up}


def lock(
    line: ArrayLike,
    width: float,
    paint: str | Ramp,
    ink: str,
    *,
    bone: str = "head",
    z: float | None = None,
    shell: float = 1.14,
    power: float = 1.6,
    sway: float = 0.14,
    body: float = 0.0,
    clip: str = "",
) -> Shape:
    """One tapering lock along ``line`` (n, 2) from its root to its tip.

    It lies on a shell round the head, or at depth ``z``; ``body`` is how far its tip hangs with the body.
    """
    p = smooth(np.asarray(line, dtype=np.float64), closed=False, density=6)
    u = np.linspace(0, 1, len(p))
    along = np.gradient(p, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    half = 0.5 * width * (0.82 + 0.36 * np.sin(np.pi * np.minimum(1, u * 1.1))) * (1 - u**power)
    offset = np.stack([-along[:, 1], along[:, 0]], 1) * half[:, None]
    flat = np.vstack([p + offset, (p - offset)[::-1]])
    both = np.concatenate([u, u[::-1]])
    points = lift(flat, shell) if z is None else plane(flat, z)
    if z is None:  # roots lie on the crown, not in front of it, lest they stick out when the head turns
        points[:, 2] *= 0.35 + 0.65 * smoothstep(both / 0.5)
    fade = 0.021 * smoothstep((both - 0.12) / 0.25)
    return Shape(
        points=points,
        paint=paint,
        bone=bone,
        line=ink,
        ink=fade,
        clip=clip,
        morphs=_trail(points, both**1.5, sway),
        skin=body * both**1.2 if body else None,
    )


def locks(lines: Sequence[tuple[ArrayLike, float]], paint: str | Ramp, ink: str, **more: Any) -> list[Shape]:
    """Several locks, each a line and a width."""
    return [lock(line, width, paint, ink, **more) for line, width in lines]


def cap(paint: str | Ramp, ink: str, *, radius: float = 1.13, low: float = -0.28, top: float = 1.0) -> Shape:
    """The hair on the top of the head, seen from the front, down to the hairline at ``low``."""
    rim = [(-0.97, 0.25), (-1.0, -0.1), (-0.93, -0.5), (-0.68, -0.86), (-0.3, -1.06), (0.0, -1.1)]
    rim = [(x * radius / 1.1, y * top * radius / 1.1 if y < 0 else y) for x, y in rim]
    hairline = [
        (0.86, 0.1),
        (0.72, low + 0.1),
        (0.35, low),
        (0.0, low - 0.02),
        (-0.35, low),
        (-0.72, low + 0.1),
        (-0.86, 0.1),
    ]
    outline = smooth([*rim, *[(-x, y) for x, y in rim[-2::-1]], *hairline], density=4)
    points = lift(outline, radius)
    edge = np.hypot(outline[:, 0] / radius, outline[:, 1] / (1.1 * radius)) > 0.86
    points[:, 2] *= 1 - smoothstep((np.abs(outline[:, 0]) - 0.45) / 0.4)
    points[edge, 2] = np.minimum(points[edge, 2], 0.2)
    return Shape(name="cap", bone="skull", points=points, paint=paint, line=ink, ink=np.where(edge, 0.022, 0.0))


def ring(paint: str, *, y: float = -0.62, wide: float = 0.72, alpha: float = 0.75, clip: str = "") -> list[Shape]:
    """The ring of light on smooth hair: a zigzag band of streaks."""
    x = np.linspace(-wide, wide, 15)
    arc = y - 0.16 + 0.30 * (x / wide) ** 2
    teeth = 0.05 + 0.055 * np.array([0, 1] * 7 + [0])
    taper = 1 - (x / wide) ** 4
    upper = np.stack([x, arc - 0.8 * teeth * taper], 1)
    lower = np.stack([x, arc + 1.1 * np.roll(teeth, 1) * taper], 1)
    band = lift(np.vstack([upper, lower[::-1]]), 1.16)
    return [Shape(points=band, paint=paint, alpha=alpha, clip=clip)]


def back(
    outline: ArrayLike, paint: str | Ramp, ink: str, *, z: float = -0.4, hang: float = 0.8, name: str = ""
) -> Shape:
    """The hair behind the head; what is below the chin hangs with the body by ``hang``."""
    flat = smooth(outline, density=5)
    points = plane(flat, z)
    below = smoothstep((flat[:, 1] - 0.4) / 1.8)
    return Shape(
        name=name,
        bone="skull",
        points=points,
        paint=paint,
        line=ink,
        ink=0.024,
        morphs=_trail(points, below, 0.22),
        skin=hang * below if hang else None,
    )
