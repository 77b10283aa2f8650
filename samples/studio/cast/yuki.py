"""Yuki: a black bob with violet shine, a calm presenter in a grey suit with a red scarf pin."""

import numpy as np

from samples.studio.face import Eye, Face, brows, eyes, face
from samples.studio.geometry import ellipse, flip, smooth
from samples.studio.hair import back, cap, lock, locks, ramp, ring
from samples.studio.outfit import arms, button, forearms, neck, patch, torso
from samples.studio.shape import Shape, plane

# Outlines are laid out by hand.
# fmt: off

__all__ = ["draw"]

INK = "120f22"
HAIR = ramp("4a456e", "2f2b4a", "211d38", low=1.2, strands=0.35)
DEEP = ramp("252140", "1d1932", "15122a", low=1.3)
LOOK = Face(
    skin="ffeadf", shade="eeb9aa", line="6e3f46", brow="2a2440", jaw=0.97, chin=1.11, mouth_wide=0.18, blushing=0.3,
    eye=Eye(dark="3a1a5c", middle="7a4fc0", light="d9a8ff", lash="1a1428", tall=0.92, wide=1.02, slant=0.04),
)
SUIT, LINE, SHADE = "6f7f99", "2c3447", "56647d"


def draw() -> list[Shape]:
    """All shapes, the hindmost first."""
    behind = back(
        [(0.0, -1.1), (0.72, -0.88), (1.12, -0.25), (1.22, 0.5), (1.20, 1.1), (0.98, 1.34), (0.5, 1.28), (0.0, 1.24),
         (-0.5, 1.28), (-0.98, 1.34), (-1.20, 1.1), (-1.22, 0.5), (-1.12, -0.25), (-0.72, -0.88)],
        DEEP, INK, hang=0.15,
    )
    return [behind, *_suit(), *face(LOOK), *eyes(LOOK), *_bob(), *brows(LOOK), *_clip(), *_forearms()]


def _bob() -> list[Shape]:
    shapes = [cap(HAIR, INK, low=-0.2)]
    sides = [([(0.78, -0.6), (1.05, -0.05), (1.12, 0.6), (0.94, 1.28)], 0.42), ([(0.72, -0.6), (0.92, -0.1),
        (0.94, 0.4), (0.80, 0.86)], 0.26)]
    for line, width in sides:
        both = (np.array(line), flip(line)[::-1])
        shapes += [lock(p, width, HAIR, INK, bone="skull", z=0.16, power=2.6, sway=0.2) for p in both]
    front = [
        ([(-0.46, -0.86), (-0.76, -0.45), (-0.82, -0.1), (-0.78, 0.16)], 0.36), ([(0.5, -0.84), (0.78, -0.4),
            (0.84, 0.0), (0.78, 0.3)], 0.34),
        ([(-0.22, -0.93), (-0.48, -0.5), (-0.52, -0.15), (-0.46, 0.06)], 0.42), ([(0.36, -0.92), (0.60, -0.5),
            (0.64, -0.1), (0.54, 0.18)], 0.44),
        ([(0.08, -0.95), (-0.06, -0.5), (-0.14, -0.15), (-0.14, 0.04)], 0.44), ([(0.22, -0.95), (0.30, -0.5),
            (0.28, -0.2), (0.2, 0.06)], 0.46),
    ]
    return [*shapes, *locks(front, HAIR, INK, power=3.2), *ring("a79be0", y=-0.58, alpha=0.6)]


def _clip() -> list[Shape]:
    shapes = []
    for k in range(5):
        a = 2 * np.pi * k / 5
        petal = ellipse(0.78 + 0.12 * np.cos(a), -0.36 + 0.12 * np.sin(a), 0.10, 0.075, tilt=np.rad2deg(a), n=16)
        shapes.append(Shape(bone="skull", points=plane(petal, 0.42), paint="ff6f7d", line="8a1f33", ink=0.014))
    return [*shapes, Shape(bone="skull", points=plane(ellipse(0.78, -0.36, 0.06, 0.06, n=14), 0.44),
        paint="ffe08a", line="8a5a10", ink=0.01)]


def _suit() -> list[Shape]:
    shapes = [*arms(SUIT, LINE, SHADE), *neck(LOOK.skin, LOOK.shade, LOOK.line, wide=0.26),
        *torso(SUIT, LINE, SHADE, wide=0.95)]
    blouse = [(-0.30, 1.56), (0.0, 2.0), (0.30, 1.56), (0.46, 1.8), (0.24, 2.5), (0.0, 3.1), (-0.24, 2.5),
        (-0.46, 1.8)]
    shapes.append(patch(blouse, "fffaf4", LINE))
    wing = [(0.30, 1.44), (0.48, 1.55), (0.36, 1.98), (0.02, 2.06), (0.22, 1.78)]
    lapel = [(0.40, 1.50), (0.70, 1.62), (0.86, 1.95), (0.66, 2.12), (0.72, 2.24), (0.04, 3.2), (0.02, 3.05),
        (0.28, 2.3)]
    for turn in (np.asarray, flip):
        shapes.append(patch(turn(smooth(lapel, density=4)), "7d8da8", LINE, curved=False, z=0.14))
        shapes.append(patch(turn(smooth(wing, density=4)), "ffffff", LINE, curved=False, z=0.16))
    shapes.append(patch([(0.0, 2.0), (0.12, 2.12), (0.0, 2.26), (-0.12, 2.12)],
        "e23b4e", "7a1426", z=0.2, curved=False))
    return [*shapes, button(0.0, 3.35, "2c3447", "12182a", r=0.06)]


def _forearms() -> list[Shape]:
    return forearms(SUIT, LINE, SHADE, hand=LOOK.skin, hand_line=LOOK.line, hand_shade=LOOK.shade, cuff="fffaf4")
