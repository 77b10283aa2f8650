"""Neck, torso, arms and hands, and the clothes on them."""

import numpy as np
from numpy.typing import ArrayLike

from samples.studio.geometry import Points, ellipse, flip, smooth, smoothstep, stroke
from samples.studio.rig import FORE, UPPER
from samples.studio.shape import Ramp, Shape, mix, plane

__all__ = ["arms", "forearms", "neck", "patch", "torso"]

GRASP = 1.22  # hands are drawn a little large, to be seen


def neck(skin: str, shade: str, line: str, *, wide: float = 0.30) -> list[Shape]:
    """The neck: its top goes with the head, its root with the body; the chin's shadow lies on it."""
    raw = np.array(
        [
            (-wide, 0.6),
            (wide, 0.6),
            (wide * 0.97, 1.15),
            (wide * 1.15, 1.5),
            (0.62, 1.72),
            (0, 2.05),
            (-0.62, 1.72),
            (-wide * 1.15, 1.5),
            (-wide * 0.97, 1.15),
        ]
    )
    flat = smooth(raw, density=4)
    skin_share = smoothstep((flat[:, 1] - 0.9) / 0.5)
    shapes = [Shape(name="neck", points=plane(flat, -0.12), paint=skin, line=line, ink=0.02, skin=skin_share)]
    shadow = smooth([(-0.6, 0.5), (0.6, 0.5), (0.5, 1.22), (0.1, 1.47), (-0.5, 1.34)], density=4)
    share = smoothstep((shadow[:, 1] - 0.8) / 1.2)
    shapes.append(Shape(points=plane(shadow, -0.05), paint=shade, clip="neck", skin=share))
    return shapes


def torso(paint: str | Ramp, line: str, shade: str, *, wide: float = 1.0, open_: float = 0.36) -> list[Shape]:
    """The trunk from the collar down, shaded on the viewer's left."""
    half = [
        (open_, 1.50),
        (0.62 * wide, 1.60),
        (0.98 * wide, 1.74),
        (1.13 * wide, 2.02),
        (1.02 * wide, 2.5),
        (0.86 * wide, 3.1),
        (0.84 * wide, 3.7),
        (0.98 * wide, 4.8),
    ]
    collar = [(0.0, 1.98)]
    flat = smooth([*half, *flip(half), *collar], density=4)
    shapes = [Shape(name="torso", bone="body", points=plane(flat, 0.05), paint=paint, line=line, ink=0.026)]
    side = smooth([(-1.4, 1.5), (-0.78, 1.9), (-0.66, 2.5), (-0.5, 3.2), (-0.56, 4.9), (-1.6, 4.9)], density=4)
    shapes.append(Shape(bone="body", points=plane(side, 0.06), paint=shade, clip="torso", alpha=0.55))
    return shapes


def patch(
    points: ArrayLike,
    paint: str | Ramp,
    line: str | None = None,
    *,
    z: float = 0.12,
    curved: bool = True,
    ink: float = 0.018,
    clip: str = "",
    alpha: float = 1.0,
) -> Shape:
    """Something flat on the body: a collar, a pocket, a tie."""
    flat = smooth(points, density=4) if curved else np.asarray(points, dtype=np.float64)
    return Shape(bone="body", points=plane(flat, z), paint=paint, line=line, ink=ink, clip=clip, alpha=alpha)


def _limb(length: float, first: float, last: float, *, bulge: float = 0.02) -> Points:
    """A tapering limb that hangs from the origin, round at both ends."""
    y = np.linspace(0, length, 9)
    half = np.linspace(first, last, 9) + bulge * np.sin(np.pi * y / length)
    top = [(first * np.cos(a), -first * np.sin(a)) for a in np.linspace(np.pi, 0, 9)[1:-1]]
    end = [(last * np.cos(a), length + last * np.sin(a)) for a in np.linspace(0, np.pi, 9)[1:-1]]
    right = np.stack([half, y], 1)
    left = np.stack([-half, y], 1)[::-1]
    return np.vstack([top, right, end, left])


def arms(paint: str | Ramp, line: str, shade: str, *, thick: float = 1.0) -> list[Shape]:
    """The upper arms, painted behind what the forearms come in front of."""
    shapes = []
    for side in ("l", "r"):
        p = _limb(UPPER, 0.25 * thick, 0.20 * thick)
        ink = 0.024 * smoothstep((p[:, 1] - 0.05) / 0.25)
        shapes.append(Shape(name=f"upper_{side}", bone=f"arm_{side}", points=plane(p), paint=paint, line=line, ink=ink))
        inner = -1 if side == "l" else 1
        fold = smooth([(inner * 0.30, 0.2), (inner * 0.10, 0.4), (inner * 0.08, 1.0), (inner * 0.3, 1.4)], density=4)
        shapes.append(Shape(bone=f"arm_{side}", points=plane(fold), paint=shade, clip=f"upper_{side}", alpha=0.6))
    return shapes


def forearms(
    paint: str | Ramp,
    line: str,
    shade: str,
    *,
    hand: str,
    hand_line: str,
    hand_shade: str,
    cuff: str,
    thick: float = 1.0,
) -> list[Shape]:
    """Forearms with cuffs, and hands that show their palm when raised."""
    shapes = []
    for side in ("l", "r"):
        inner = -1 if side == "l" else 1
        shapes += _hand(side, inner, hand, hand_line, hand_shade)
        p = _limb(FORE - 0.06, 0.205 * thick, 0.175 * thick)
        shapes.append(
            Shape(name=f"lower_{side}", bone=f"fore_{side}", points=plane(p), paint=paint, line=line, ink=0.024)
        )
        fold = smooth([(inner * 0.3, -0.1), (inner * 0.08, 0.2), (inner * 0.06, 0.8), (inner * 0.3, 1.2)], density=4)
        shapes.append(Shape(bone=f"fore_{side}", points=plane(fold), paint=shade, clip=f"lower_{side}", alpha=0.6))
        w = 0.21 * thick
        band = smooth(
            [
                (-w, FORE - 0.24),
                (0, FORE - 0.20),
                (w, FORE - 0.24),
                (w * 1.02, FORE - 0.04),
                (0, FORE + 0.02),
                (-w * 1.02, FORE - 0.04),
            ],
            density=4,
        )
        shapes.append(Shape(bone=f"fore_{side}", points=plane(band, 0.01), paint=cuff, line=line, ink=0.02))
    return shapes


def _hand(side: str, inner: int, skin: str, line: str, shade: str) -> list[Shape]:
    """An open hand that hangs down from the wrist; the thumb is on the inner side."""
    bone = f"hand_{side}"
    fingers = [
        (-0.135, 0.30, -12.0, 0.27),
        (-0.05, 0.35, -4.0, 0.32),
        (0.04, 0.35, 4.0, 0.31),
        (0.125, 0.29, 13.0, 0.25),
    ]
    shapes = []
    thumb = _finger(inner * 0.15, 0.16, inner * 42.0, 0.26, 0.062)
    shapes.append(Shape(bone=bone, points=plane(thumb), paint=skin, line=line, ink=0.018))
    for x, y, tilt, length in fingers:
        p = _finger(x, y - 0.06, tilt, length, 0.056)
        shapes.append(Shape(bone=bone, points=plane(p), paint=skin, line=line, ink=0.018))
    palm = smooth(
        [(-0.13, -0.02), (-0.185, 0.16), (-0.18, 0.34), (0.0, 0.40), (0.18, 0.34), (0.185, 0.16), (0.13, -0.02)],
        density=4,
    )
    ink = 0.018 * (1 - smoothstep((palm[:, 1] - 0.2) / 0.08))
    shapes.append(Shape(bone=bone, points=plane(GRASP * palm), paint=skin, line=line, ink=ink))
    crease = stroke(smooth([(inner * 0.14, 0.17), (inner * 0.02, 0.20), (-inner * 0.03, 0.10)], closed=False), 0.02)
    shapes.append(Shape(bone=bone, points=plane(GRASP * crease), paint=mix(shade, line, 0.25)))
    return shapes


def _finger(x: float, y: float, tilt: float, length: float, half: float) -> Points:
    p = _limb(length - half, half * 1.02, half * 0.86, bulge=0.0)
    c, s = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    return GRASP * np.stack([x + p[:, 0] * c + p[:, 1] * s, y - p[:, 0] * s + p[:, 1] * c], 1)


def button(x: float, y: float, paint: str, line: str, *, r: float = 0.05) -> Shape:
    """A round button on the body."""
    return Shape(bone="body", points=plane(ellipse(x, y, r, r, n=16), 0.16), paint=paint, line=line, ink=0.014)
