"""Raiden: spiky blue hair, amber eyes, headphones, a dark jacket with an orange lining."""

import numpy as np

from samples.studio.face import Eye, Face, brows, eyes, face
from samples.studio.geometry import ellipse, flip, smooth, stroke
from samples.studio.hair import back, cap, lock, locks, ramp, ring
from samples.studio.outfit import arms, forearms, neck, patch, torso
from samples.studio.shape import Shape, plane

# Outlines are laid out by hand.
# fmt: off

__all__ = ["draw"]

INK = "14265c"
HAIR = ramp("5aa2ff", "3a78ec", "2450b8", low=0.9)
DEEP = ramp("2f5fd0", "2347a8", "1a3585", low=1.0)
LOOK = Face(
    skin="ffe6d2", shade="efb596", line="7a4630", brow="1f3f96", brow_width=0.075, brow_tilt=0.04, jaw=1.06,
        chin=1.13,
    blush="ff9a7a", blushing=0.22, mouth_wide=0.21, mouth_y=0.77,
    eye=Eye(dark="7a3108", middle="e07a12", light="ffd34d", lash="26203a", tall=0.84, slant=0.05, lashes=False),
)
JACKET, EDGE, DARK = "39415c", "1a1f33", "252b42"


def draw() -> list[Shape]:
    """All shapes, the hindmost first."""
    spikes = [
        ([(0.3, -0.7), (0.62, -1.12), (0.98, -1.38)], 0.62), ([(0.6, -0.4), (1.02, -0.72), (1.42, -0.82)], 0.62),
        ([(0.7, 0.0), (1.05, -0.12), (1.38, -0.12)], 0.52), ([(0.66, 0.32), (0.98, 0.40), (1.2, 0.60)], 0.40),
    ]
    behind = [back([(0.0, -1.05), (0.8, -0.8), (1.06, 0.0), (0.85, 0.75), (0.0, 0.95), (-0.85, 0.75), (-1.06, 0.0),
        (-0.8, -0.8)], DEEP, INK, hang=0)]
    for line, width in spikes:
        both = (np.array(line), flip(line)[::-1])
        behind += [lock(p, width, DEEP, INK, bone="skull", z=-0.25, power=1.3, sway=0.12) for p in both]
    return [*behind, *_jacket(), *face(LOOK), *eyes(LOOK), *_crown(), *brows(LOOK), *_headphones(), *_forearms()]


def _crown() -> list[Shape]:
    up = [
        ([(-0.42, -0.62), (-0.62, -1.12), (-0.9, -1.36)], 0.5), ([(0.42, -0.62), (0.66, -1.1), (1.02, -1.22)], 0.5),
        ([(-0.1, -0.66), (-0.2, -1.2), (-0.34, -1.62)], 0.56), ([(0.18, -0.66), (0.32, -1.22), (0.36, -1.66)], 0.54),
    ]
    front = [
        ([(-0.62, -0.78), (-0.90, -0.40), (-0.98, 0.0), (-0.90, 0.36)], 0.36), ([(0.62, -0.78), (0.90, -0.40),
            (0.98, 0.0), (0.90, 0.36)], 0.36),
        ([(-0.40, -0.86), (-0.66, -0.5), (-0.74, -0.2), (-0.66, 0.06)], 0.42), ([(0.44, -0.86), (0.66, -0.45),
            (0.66, -0.15), (0.54, 0.08)], 0.42),
        ([(0.2, -0.9), (0.34, -0.5), (0.28, -0.15), (0.12, 0.12)], 0.42), ([(-0.12, -0.92), (-0.28, -0.5),
            (-0.42, -0.2), (-0.44, 0.06)], 0.42),
        ([(0.02, -0.92), (0.0, -0.5), (-0.08, -0.15), (-0.16, 0.2)], 0.34),
    ]
    shapes = [lock(line, width, HAIR, INK, bone="skull", z=0.05, power=1.25, sway=0.1) for line, width in up]
    return [*shapes, cap(HAIR, INK, low=-0.34), *locks(front, HAIR, INK, power=1.4),
        *ring("a9d4ff", y=-0.66, alpha=0.65)]


def _headphones() -> list[Shape]:
    band = stroke(smooth([(-1.10, 0.1), (-1.12, -0.5), (-0.72, -1.04), (0.0, -1.24), (0.72, -1.04), (1.12, -0.5),
        (1.10, 0.1)], closed=False, density=7), 0.13, head=0.01, tail=0.01)
    shapes = [Shape(bone="skull", points=plane(band, 0.0), paint="f4f6fb", line="39415c", ink=0.022)]
    for sign in (-1, 1):
        shapes += [
            Shape(bone="skull", points=plane(ellipse(sign * 1.07, 0.14, 0.17, 0.33), 0.02),
                paint="39415c", line="14182a", ink=0.022),
            Shape(bone="skull", points=plane(ellipse(sign * 1.13, 0.14, 0.13, 0.27), 0.03),
                paint="ff8a2a", line="8a3c06", ink=0.018),
            Shape(bone="skull", points=plane(ellipse(sign * 1.13 - 0.03, 0.05, 0.04, 0.09, tilt=12), 0.04),
                paint="ffd0a0", alpha=0.8),
        ]
    return shapes


def _jacket() -> list[Shape]:
    shapes = [*arms(JACKET, EDGE, DARK, thick=1.12), *neck(LOOK.skin, LOOK.shade, LOOK.line, wide=0.34),
        *torso(JACKET, EDGE, DARK, wide=1.08, open_=0.42)]
    shirt = [(-0.34, 1.60), (0.0, 1.86), (0.34, 1.60), (0.46, 2.2), (0.40, 4.9), (-0.40, 4.9), (-0.46, 2.2)]
    shapes.append(patch(shirt, "f6f7fb", EDGE))
    bolt = np.array([(0.10, 2.35), (-0.20, 2.85), (-0.02, 2.85), (-0.10, 3.25), (0.22, 2.70), (0.03, 2.70),
        (0.16, 2.35)])
    shapes.append(patch(bolt, "ffb020", "9a5a00", curved=False, z=0.14))
    lapel = [(0.36, 1.36), (0.66, 1.50), (0.72, 1.75), (0.50, 2.35), (0.36, 3.0), (0.30, 2.2), (0.40, 1.8)]
    for turn in (np.asarray, flip):
        shapes.append(patch(turn(smooth(lapel, density=5)), "ff8a2a", "8a3c06", curved=False, z=0.18))
        zip_ = stroke(np.array([(0.38, 2.2), (0.36, 3.0), (0.36, 4.8)]), 0.05, head=0.01, tail=0.01)
        shapes.append(patch(turn(zip_), "c9d2e6", curved=False, z=0.16))
    return shapes


def _forearms() -> list[Shape]:
    return forearms(JACKET, EDGE, DARK, hand=LOOK.skin, hand_line=LOOK.line, hand_shade=LOOK.shade,
        cuff="ff8a2a", thick=1.1)
