"""Sakura: long pink hair with ribbons, teal eyes, a sailor blouse."""

import numpy as np

from samples.studio.face import Eye, Face, brows, eyes, face
from samples.studio.geometry import flip, smooth, stroke
from samples.studio.hair import back, cap, lock, locks, ramp, ring
from samples.studio.outfit import arms, forearms, neck, patch, torso
from samples.studio.shape import Ramp, Shape, plane

# Outlines are laid out by hand.
# fmt: off

__all__ = ["draw"]

INK = "8f3560"
HAIR = ramp("ffb3d1", "ff8fbd", "e86aa6", low=1.3)
LONG = Ramp(((-0.6, "e9719f"), (1.0, "f487b4"), (2.6, "ffb0cf"), (3.6, "ffd3e4")), 0.8)
LOOK = Face(
    skin="fff0e6", shade="f9c7b8", line="94505a", brow="c75a8c",
    eye=Eye(dark="0e4a5c", middle="1fa8ad", light="8ff2dc", lash="5a2347", tall=1.1),
)


def draw() -> list[Shape]:
    """All shapes, the hindmost first."""
    behind = back(
        [(0.0, -1.1), (0.75, -0.85), (1.1, -0.2), (1.2, 0.7), (1.32, 1.7), (1.38, 2.7), (1.12, 3.5), (0.6, 3.3),
         (0, 3.45), (-0.6, 3.3), (-1.12, 3.5), (-1.38, 2.7), (-1.32, 1.7), (-1.2, 0.7), (-1.1, -0.2), (-0.75, -0.85)],
        LONG, INK,
    )
    return [behind, *_dress(), *face(LOOK), *eyes(LOOK), *_fringe(), *brows(LOOK), *_ribbons(), *_forearms()]


def _dress() -> list[Shape]:
    line, white, shade, navy = "6a5a86", "fdfcff", "cfc9ea", "37447e"
    collar = [(0.34, 1.50), (0.75, 1.60), (0.92, 1.78), (0.62, 2.1), (0.10, 2.42), (0.05, 2.3), (0.22, 1.95)]
    stripe = stroke(smooth([(0.84, 1.76), (0.58, 2.03), (0.12, 2.33)], closed=False), 0.035, head=0.02, tail=0.02)
    bow = smooth([(0.0, 2.38), (0.18, 2.24), (0.42, 2.22), (0.46, 2.46), (0.40, 2.62), (0.16, 2.56)], density=4)
    tail = [(0.02, 2.44), (0.2, 2.62), (0.26, 3.0), (0.12, 2.94), (0.02, 2.98)]
    shapes = [*arms(white, line, shade), *neck(LOOK.skin, LOOK.shade, LOOK.line, wide=0.27),
        *torso(white, line, shade, wide=0.94)]
    for turn in (np.asarray, flip):
        shapes += [patch(turn(smooth(collar, density=4)), navy, "1f2750", curved=False), patch(turn(stripe),
            "ffffff", curved=False, z=0.13)]
    for turn in (np.asarray, flip):
        shapes += [patch(turn(np.array(tail)), "d93a5e", "7d1832", z=0.15), patch(turn(bow),
            "f0517a", "7d1832", curved=False, z=0.17)]
    shapes.append(patch([(-0.09, 2.34), (0.09, 2.34), (0.09, 2.52), (-0.09, 2.52)], "f0517a", "7d1832", z=0.2))
    return shapes


def _fringe() -> list[Shape]:
    side = [
        ([(0.80, -0.55), (1.02, 0.0), (1.02, 0.7), (0.92, 1.55)], 0.30),
        ([(0.74, -0.55), (0.94, -0.05), (0.90, 0.45), (0.78, 0.98)], 0.24),
    ]
    front = [
        ([(0.50, -0.86), (0.78, -0.45), (0.84, -0.05), (0.76, 0.28)], 0.40),
        ([(0.28, -0.95), (0.52, -0.5), (0.56, -0.15), (0.46, 0.12)], 0.40),
        ([(-0.10, -0.98), (-0.06, -0.5), (-0.10, -0.1), (-0.20, 0.15)], 0.38),
    ]
    shapes = [cap(HAIR, INK)]
    for line, width in side:
        shapes += [lock(flip(line)[::-1], width, HAIR, INK, bone="skull", z=0.16, body=0.35, sway=0.3),
                   lock(line, width, HAIR, INK, bone="skull", z=0.16, body=0.35, sway=0.3)]
    left = [(flip(line)[::-1], width) for line, width in front[:2]]
    shapes += [*locks([left[0], front[0]], HAIR, INK), *locks([left[1], front[2], front[1]], HAIR, INK)]
    shapes += locks([([(0.12, -0.98), (0.2, -0.6), (0.18, -0.2), (0.12, 0.08)], 0.26)], HAIR, INK)
    shapes += ring("ffe3ef")
    shapes.append(lock([(0.02, -1.08), (0.16, -1.42), (0.42, -1.46), (0.56, -1.28)],
        0.13, HAIR, INK, bone="skull", z=0.1, sway=0.3))
    return shapes


def _ribbons() -> list[Shape]:
    shapes = []
    for turn in (np.asarray, flip):
        for loop in ([(0.86, -0.62), (1.05, -0.98), (1.3, -1.02), (1.28, -0.74)], [(0.86, -0.60), (1.2, -0.52),
            (1.36, -0.30), (1.08, -0.28)]):
            p = turn(smooth(loop, density=5))
            shapes.append(Shape(bone="skull", points=plane(p, 0.2), paint="f0517a", line="7d1832", ink=0.02))
        knot = turn(smooth([(0.80, -0.70), (0.96, -0.68), (0.98, -0.50), (0.82, -0.48)], density=4))
        shapes.append(Shape(bone="skull", points=plane(knot, 0.24), paint="d93a5e", line="7d1832", ink=0.018))
    return shapes


def _forearms() -> list[Shape]:
    return forearms("fdfcff", "6a5a86", "cfc9ea", hand=LOOK.skin, hand_line=LOOK.line, hand_shade=LOOK.shade,
        cuff="37447e")
