"""Kon: a fox with large ears, a white muzzle, green eyes and a red scarf."""

import numpy as np

from samples.studio.face import Eye, Face, eyes
from samples.studio.geometry import Points, ellipse, flip, smooth, smoothstep, stroke
from samples.studio.hair import lock
from samples.studio.outfit import arms, forearms, neck, patch, torso
from samples.studio.shape import Ramp, Shape, on_face, plane

# Outlines are laid out by hand.
# fmt: off

__all__ = ["draw"]

INK, ORANGE, DEEP, CREAM, CREAM_SHADE, SOCK = "6b2a12", "f58a3c", "d4642a", "fff4e2", "ecd3b4", "4a2a26"
FUR = Ramp(((-1.3, "ffb060"), (-0.4, "f58a3c"), (0.7, "e8742f"), (3.5, "c95a22")), 0.15)
LOOK = Face(
    skin=ORANGE, line=INK, shade=DEEP,
    eye=Eye(dark="0f4a2c", middle="2fa35a", light="c4f07a", lash="3a1810", tall=0.95, wide=1.02, slant=0.09,
        x=0.42, y=0.08),
)


def draw() -> list[Shape]:
    """All shapes, the hindmost first."""
    return [*_tail(), *_trunk(), *_ears(), *_head(), *eyes(LOOK), *_marks(), *_muzzle(), *_tuft(), *_forearms()]


def _tail() -> list[Shape]:
    tail = smooth([(0.7, 4.2), (1.3, 3.6), (1.75, 2.8), (1.85, 2.0), (1.6, 1.2), (2.2, 1.7), (2.5, 2.5),
        (2.3, 3.5), (1.5, 4.6)])
    tip = smooth([(1.2, 0.9), (2.6, 1.2), (2.6, 2.2), (2.3, 2.0), (2.15, 2.25), (1.95, 1.95), (1.75, 2.15),
        (1.5, 1.9)])
    sway = {name: np.zeros((len(p), 3)) for name, p in (("tail", tail), ("tip", tip))}
    for name, p in (("tail", tail), ("tip", tip)):
        sway[name][:, 0] = 0.35 * smoothstep((4.0 - p[:, 1]) / 3.0)
    return [
        Shape(name="tail", bone="body", points=plane(tail, -0.6),
            paint=FUR, line=INK, ink=0.028, morphs={"sway_x": sway["tail"]}),
        Shape(bone="body", points=plane(tip, -0.6), paint=CREAM, clip="tail", morphs={"sway_x": sway["tip"]}),
    ]


def _trunk() -> list[Shape]:
    shapes = [*neck(ORANGE, DEEP, INK, wide=0.36), *torso(FUR, INK, DEEP, wide=0.92, open_=0.3),
        *arms(FUR, INK, DEEP)]
    chest = smooth([(-0.5, 1.6), (0.5, 1.6), (0.56, 2.3), (0.38, 2.75), (0.3, 2.62), (0.14, 3.0), (0.0, 2.8),
        (-0.14, 3.0), (-0.3, 2.62), (-0.38, 2.75), (-0.56, 2.3)], density=4)
    shapes.append(patch(chest, CREAM, curved=False, clip="torso"))
    red, wine = "d8334a", "7a1426"
    end = [(0.18, 1.75), (0.55, 1.85), (0.66, 2.4), (0.62, 2.95), (0.28, 2.9), (0.26, 2.3)]
    shapes.append(patch(end, red, wine, z=0.2))
    shapes += [patch([(0.27, y), (0.64, y + 0.03), (0.63, y + 0.13), (0.27, y + 0.1)],
        "ffe3b8", z=0.21, clip="", curved=False) for y in (2.5, 2.68)]
    wrap = [(-0.66, 1.34), (0.0, 1.52), (0.66, 1.34), (0.86, 1.56), (0.72, 1.86), (0.0, 2.06), (-0.72, 1.86),
        (-0.86, 1.56)]
    shapes.append(patch(wrap, red, wine, z=0.25, ink=0.024))
    for raw in ([(-0.7, 1.55), (-0.2, 1.76), (0.4, 1.74)], [(-0.3, 1.92), (0.2, 1.88), (0.62, 1.66)]):
        shapes.append(patch(stroke(smooth(raw, closed=False), 0.035, head=0.4, tail=0.5), wine, curved=False, z=0.26))
    return shapes


def _ears() -> list[Shape]:
    shapes = []
    outer = smooth([(0.22, -0.80), (0.50, -1.35), (0.92, -1.82), (1.06, -1.30), (1.02, -0.72), (0.90, -0.30)])
    tip = smooth([(0.62, -1.40), (0.74, -1.52), (0.84, -1.44), (1.2, -1.5), (1.0, -2.0), (0.6, -1.8)])
    inner = smooth([(0.46, -0.80), (0.62, -1.18), (0.86, -1.48), (0.90, -1.1), (0.84, -0.66)])
    for side, turn in (("l", np.asarray), ("r", flip)):
        for p, paint, clip, line in ((outer, FUR, "", INK), (tip, SOCK, f"ear_{side}", None),
            (inner, "ffd9c2", "", None)):
            sway = np.zeros((len(p), 3))
            sway[:, 0] = -0.16 * np.clip((-p[:, 1] - 0.6) / 1.2, 0, 1) ** 1.5
            name = f"ear_{side}" if p is outer else ""
            shapes.append(Shape(name=name, bone="skull", points=plane(turn(p), 0.0),
                paint=paint, line=line, ink=0.026, clip=clip, morphs={"sway_x": sway}))
    return shapes


def _head() -> list[Shape]:
    side = [(0.62, -0.86), (0.94, -0.46), (1.04, 0.0), (1.10, 0.32), (1.36, 0.60), (1.02, 0.64), (1.10, 0.86),
        (0.74, 0.86), (0.40, 1.06), (0.0, 1.12)]
    outline = smooth([(0.0, -1.0), *side, *flip(side)[1:]], density=4)
    depth = 0.1 + 0.4 * smoothstep((outline[:, 1] + 0.1) / 1.2) * (np.abs(outline[:, 0]) < 0.9)
    shapes = [Shape(name="face", bone="skull", points=plane(outline, depth), paint=FUR, line=INK, ink=0.024)]
    cheek = smooth([(0.16, 0.46), (0.38, 0.40), (0.66, 0.48), (0.96, 0.36), (1.5, 0.5), (1.2, 1.0), (0.5, 1.2),
        (0.0, 1.2), (0.0, 0.6)], density=4)
    shapes += [Shape(points=on_face(turn(cheek)), paint=CREAM, clip="face") for turn in (np.asarray, flip)]
    shade = flip(smooth([(1.3, -0.6), (0.84, -0.2), (0.90, 0.3), (0.76, 0.74), (0.3, 1.02), (0.0, 1.3),
        (1.6, 1.3)], density=4))
    shapes.append(Shape(points=plane(shade, 0.4), bone="skull", paint="b5562a", clip="face", alpha=0.28))
    for x in (-0.66, 0.66):
        shapes.append(Shape(points=on_face(ellipse(x, 0.5, 0.16, 0.08)),
            paint="ff7a5a", clip="face", alpha=0.5, blur=0.05))
    return shapes


def _marks() -> list[Shape]:
    shapes = []
    for turn in (np.asarray, flip):
        dot = turn(ellipse(0.32, -0.34, 0.11, 0.07, tilt=-25))
        up, blink = np.zeros((len(dot), 3)), np.zeros((len(dot), 3))
        up[:, 1], blink[:, 1] = -0.1, 0.04
        shapes.append(Shape(points=on_face(dot, 0.04), paint=CREAM, morphs={"brow": up, "blink": blink}))
        for y, tip in ((0.66, 0.60), (0.74, 0.78)):
            whisker = stroke(np.array([(0.62, y), (0.9, (y + tip) / 2 - 0.01), (1.22, tip)]),
                0.022, head=0.1, tail=0.8)
            shapes.append(Shape(points=on_face(turn(whisker), 0.1), paint=INK))
    return shapes


def _muzzle() -> list[Shape]:
    def jaw(open_: float, smile: float) -> Points:
        u = np.linspace(-1, 1, 15)
        wide = 0.24 * (1 + 0.2 * smile)
        upper = 0.80 + 0.045 * np.abs(np.sin(np.pi * u)) - 0.05 * smile * np.abs(u)
        lower = upper + 0.02 + (0.34 * open_) * np.sqrt(np.clip(1 - u**2, 0, 1))
        return on_face(np.vstack([np.stack([wide * u, upper], 1), np.stack([wide * u, lower], 1)[::-1]]), 0.24)

    def tongue(open_: float) -> Points:
        return on_face(ellipse(0.0, 0.84 + 0.34 * open_, 0.13, 0.05 + 0.12 * open_), 0.25)

    def lip(smile: float) -> Points:
        u = np.linspace(-1, 1, 17)
        y = 0.80 + 0.05 * np.abs(np.sin(np.pi * u)) - (0.02 + 0.06 * smile) * np.abs(u) ** 2
        return on_face(stroke(np.stack([0.26 * (1 + 0.2 * smile) * u, y], 1), 0.04), 0.26)

    snout = smooth([(-0.20, 0.32), (0.20, 0.32), (0.34, 0.58), (0.36, 0.80), (0.18, 0.92), (0.0, 0.95),
        (-0.18, 0.92), (-0.36, 0.80), (-0.34, 0.58)])
    nose = smooth([(-0.12, 0.47), (0.0, 0.44), (0.12, 0.47), (0.10, 0.56), (0.0, 0.64), (-0.10, 0.56)])
    rest = jaw(0, 0)
    return [
        Shape(points=on_face(snout, 0.16), paint=CREAM),
        Shape(name="jaw", points=rest, paint="8c2f3c", line=INK, ink=0.02, morphs={"mouth": jaw(1, 0) - rest,
            "smile": jaw(0, 1) - rest}, when=("mouth", 0.05)),
        Shape(points=tongue(0), paint="f48a8f", clip="jaw", morphs={"mouth": tongue(1) - tongue(0)},
            when=("mouth", 0.1)),
        Shape(points=lip(0), paint=INK, morphs={"smile": lip(1) - lip(0)}),
        Shape(points=on_face(stroke(np.array([(0.0, 0.6), (0.0, 0.7), (0.0, 0.8)]), 0.035, head=0, tail=0), 0.27),
            paint=INK),
        Shape(points=on_face(nose, 0.32), paint="3a1a1c", line=INK, ink=0.014),
        Shape(points=on_face(ellipse(0.03, 0.49, 0.04, 0.02), 0.34), paint="ffffff", alpha=0.8),
    ]


def _tuft() -> list[Shape]:
    shapes = []
    for line, width in (([(-0.1, -0.84), (-0.26, -0.62), (-0.24, -0.40)], 0.24), ([(0.14, -0.84), (0.22, -0.60),
        (0.12, -0.36)], 0.26), ([(0.0, -0.86), (-0.02, -1.08), (0.14, -1.24)], 0.24)):
        shapes += [lock(line, width, FUR, INK, sway=0.12)]
    return shapes


def _forearms() -> list[Shape]:
    return forearms(FUR, INK, DEEP, hand=SOCK, hand_line="22100e", hand_shade="6a4038", cuff=SOCK)
