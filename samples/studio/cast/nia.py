"""Nia: dark skin, two afro puffs, golden earrings, round glasses, a yellow hoodie."""

import numpy as np

from samples.studio.face import Eye, Face, brows, eyes, face
from samples.studio.geometry import Points, ellipse, flip, smooth, stroke
from samples.studio.hair import cap, ramp
from samples.studio.outfit import arms, button, forearms, neck, patch, torso
from samples.studio.shape import Shape, on_face, plane

# Outlines are laid out by hand.
# fmt: off

__all__ = ["draw"]

INK = "1d0f16"
HAIR = ramp("5a3540", "42252f", "341b25", low=0.4, strands=0.0)
LOOK = Face(
    skin="a8693f", shade="824a2c", line="43200f", brow="2a1418", blush="e0603a", blushing=0.35, mouth_wide=0.23,
        jaw=1.02,
    eye=Eye(dark="3a1c0a", middle="8a4a1a", light="e6a24a", lash="1a0c12", tall=1.0, wide=1.05),
)
YELLOW, LINE, SHADE = "ffc933", "8a5a10", "e0982a"


def draw() -> list[Shape]:
    """All shapes, the hindmost first."""
    return [*_puffs(), *_hoodie(), *_earrings(), *face(LOOK), *eyes(LOOK), *_hairline(), *brows(LOOK), *_glasses(),
        *_forearms()]


def _cloud(x: float, y: float, r: float, bumps: int, depth: float = 0.07) -> Points:
    angle = np.linspace(0, 2 * np.pi, bumps * 6, endpoint=False)
    radius = r * (1 - depth + depth * np.abs(np.sin(angle * bumps / 2)) ** 0.7 * 1.6)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], 1)


def _puffs() -> list[Shape]:
    shapes = []
    for sign in (-1, 1):
        cloud = _cloud(sign * 0.98, -0.88, 0.62, 13)
        sway = np.zeros((len(cloud), 3))
        sway[:, 0] = -0.08
        shapes.append(Shape(bone="skull", points=plane(cloud, -0.2),
            paint=HAIR, line=INK, ink=0.024, morphs={"sway_x": sway}))
        for dx, dy, r in ((-0.12, -0.18, 0.22), (0.18, -0.02, 0.17), (-0.22, 0.14, 0.15)):
            curl = stroke(_cloud(sign * 0.98 + dx, -0.88 + dy, r, 5)[2:18], 0.03)
            shapes.append(Shape(bone="skull", points=plane(curl, -0.18),
                paint="7a4c55", morphs={"sway_x": sway[: len(curl)]}))
    return shapes


def _hairline() -> list[Shape]:
    shapes = [cap(HAIR, INK, low=-0.50, radius=1.08)]
    for x in (-0.5, -0.25, 0.0, 0.25, 0.5):
        line = stroke(smooth([(x * 0.9, -0.56 + 0.1 * abs(x)), (x * 1.3, -0.85), (x * 1.5, -1.02)], closed=False),
            0.022)
        shapes.append(Shape(bone="skull", points=plane(line, 0.45 - 0.4 * np.clip(-line[:, 1] - 0.5, 0, 1)),
            paint="6b4049"))
    for sign in (-1, 1):
        tie = ellipse(sign * 0.74, -0.70, 0.15, 0.22, tilt=sign * 42)
        shapes.append(Shape(bone="skull", points=plane(tie, 0.12), paint="ff5d8f", line="8a1f45", ink=0.02))
        shapes.append(Shape(bone="skull", points=plane(ellipse(sign * 0.74 - 0.04, -0.75, 0.03, 0.07,
            tilt=sign * 42), 0.14), paint="ffc2d6"))
        curl = stroke(smooth([(sign * 0.84, -0.2), (sign * 0.90, 0.05), (sign * 0.84, 0.22), (sign * 0.78, 0.14)],
            closed=False), 0.05)
        shapes.append(Shape(bone="skull", points=plane(curl, 0.25), paint="42252f"))
    return shapes


def _glasses() -> list[Shape]:
    shapes = []
    for sign in (-1, 1):
        rim = ellipse(sign * 0.42, 0.24, 0.335, 0.325, n=40)
        glass = on_face(rim, 0.14)
        shapes.append(Shape(points=glass, paint="d8f0ff", alpha=0.13, name=f"glass{sign}"))
        hoop = stroke(np.vstack([rim, rim[:1]]), 0.045, head=0, tail=0)
        shapes.append(Shape(points=on_face(hoop, 0.15), paint="e8b33a"))
        glare = np.array([(-0.16, -0.24), (-0.06, -0.28), (-0.24, 0.12),
            (-0.29, 0.04)]) + np.array([sign * 0.42 + 0.08, 0.24])
        shapes.append(Shape(points=on_face(glare, 0.15), paint="ffffff", alpha=0.35, clip=f"glass{sign}"))
        leg = stroke(np.array([(sign * 0.75, 0.2), (sign * 0.84, 0.17), (sign * 0.93, 0.14)]), 0.045, head=0, tail=0)
        depth = np.interp(np.abs(leg[:, 0]), (0.75, 0.93), (0.55, 0.1))
        shapes.append(Shape(points=plane(leg, depth), paint="e8b33a"))
    bridge = stroke(smooth([(-0.09, 0.22), (0.0, 0.17), (0.09, 0.22)], closed=False), 0.04, head=0, tail=0)
    return [*shapes, Shape(points=on_face(bridge, 0.16), paint="e8b33a")]


def _earrings() -> list[Shape]:
    shapes = []
    for sign in (-1, 1):
        hoop = ellipse(sign * 0.98, 0.62, 0.13, 0.20, n=30)
        band = stroke(np.vstack([hoop, hoop[:1]]), 0.05, head=0, tail=0)
        sway = np.zeros((len(band), 3))
        sway[:, 0] = -0.16 * np.clip((band[:, 1] - 0.42) / 0.4, 0, 1)
        shapes.append(Shape(bone="skull", points=plane(band, 0.0),
            paint="ffcf4a", line="8a5a10", ink=0.012, morphs={"sway_x": sway}))
    return shapes


def _hoodie() -> list[Shape]:
    hood = smooth([(0.3, 1.2), (0.72, 1.3), (1.0, 1.62), (0.9, 1.95), (0.4, 2.1), (0.0, 2.16), (-0.4, 2.1),
        (-0.9, 1.95), (-1.0, 1.62), (-0.72, 1.3), (-0.3, 1.2)])
    back_hood = Shape(bone="body", points=plane(hood, -0.2), paint=SHADE, line=LINE, ink=0.024)
    shapes = [back_hood, *arms(YELLOW, LINE, SHADE, thick=1.1), *neck(LOOK.skin, LOOK.shade, LOOK.line, wide=0.29),
        *torso(YELLOW, LINE, SHADE, wide=1.0)]
    rim = [(0.28, 1.38), (0.52, 1.40), (0.84, 1.66), (0.62, 2.02), (0.12, 2.32), (0.0, 2.2), (0.36, 1.86)]
    for turn in (np.asarray, flip):
        shapes.append(patch(turn(smooth(rim, density=4)), "ffd75e", LINE, curved=False, z=0.16))
        cord = stroke(smooth([(0.22, 2.16), (0.25, 2.5), (0.22, 2.82)], closed=False), 0.05, head=0.02, tail=0.02)
        shapes.append(patch(turn(cord), "fff6e0", LINE, curved=False, z=0.18, ink=0.012))
        shapes.append(button(0.22 if turn is np.asarray else -0.22, 2.86, "ff5d8f", "8a1f45"))
    star = [(0.26 * (1 if k % 2 == 0 else 0.45) * np.sin(k * np.pi / 5),
        3.05 - 0.26 * (1 if k % 2 == 0 else 0.45) * np.cos(k * np.pi / 5)) for k in range(10)]
    return [*shapes, patch(np.array(star), "ff5d8f", "8a1f45", curved=False, z=0.14)]


def _forearms() -> list[Shape]:
    return forearms(YELLOW, LINE, SHADE, hand=LOOK.skin, hand_line=LOOK.line, hand_shade=LOOK.shade,
        cuff="ffd75e", thick=1.08)
