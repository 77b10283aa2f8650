"""Bolt: a white robot with a dark visor, glowing eyes, a light bar for a mouth and an antenna."""

import numpy as np

from samples.studio.geometry import Points, ellipse, flip, smooth, smoothstep, stroke
from samples.studio.outfit import arms, button, forearms, patch, torso
from samples.studio.shape import Ramp, Shape, on_face, plane

# Outlines are laid out by hand.
# fmt: off

__all__ = ["draw"]

INK, SHADE, GLOW, RIM = "3d4a63", "b9c6dc", "4df2ff", "18c5e0"
SHELL = Ramp(((-1.2, "ffffff"), (0.0, "f2f6fc"), (1.2, "cfd9ea")))
PLATE = Ramp(((1.4, "fbfdff"), (4.0, "cad5e8")))
VISOR = Ramp(((-0.5, "1b2440"), (0.4, "26335a"), (0.9, "141b33")))


def draw() -> list[Shape]:
    """All shapes, the hindmost first."""
    return [*_trunk(), *_antenna(), *_pods(), *_helmet(), *_eyes(), *_mouth(), *_shine(), *_forearms()]


def _trunk() -> list[Shape]:
    neck = smooth([(-0.28, 0.8), (0.28, 0.8), (0.30, 1.7), (-0.30, 1.7)], density=4)
    shapes = [Shape(name="neck", points=plane(neck, -0.1),
        paint="5a6884", line=INK, ink=0.022, skin=smoothstep((neck[:, 1] - 0.9) / 0.5))]
    for y in (1.16, 1.30, 1.44):
        ring = stroke(smooth([(-0.3, y), (0.0, y + 0.06), (0.3, y)], closed=False), 0.04, head=0.02, tail=0.02)
        shapes.append(Shape(points=plane(ring, -0.05),
            paint="38445e", clip="neck", skin=smoothstep((ring[:, 1] - 0.9) / 0.5)))
    shapes += [*arms(PLATE, INK, SHADE, thick=1.02), *torso(PLATE, INK, SHADE, wide=1.0, open_=0.4)]
    for sign in (-1, 1):
        shapes.append(patch(ellipse(sign * 1.0, 1.98, 0.30, 0.30), "ff8f3a", "7a3a0c", curved=False, z=0.2))
        shapes.append(patch(ellipse(sign * 1.0 - 0.07, 1.88, 0.09, 0.06, tilt=-25, n=14),
            "ffd2a8", curved=False, z=0.21))
        seam = smooth([(sign * 0.62, 1.66), (sign * 0.52, 2.4), (sign * 0.58, 3.2), (sign * 0.52, 4.6)], closed=False)
        shapes.append(patch(stroke(seam, 0.03, head=0.05, tail=0.05), "8b9ab8", curved=False))
    shapes.append(patch([(-0.40, 1.48), (0.0, 1.56), (0.40, 1.48), (0.44, 1.70), (0.0, 1.84), (-0.44, 1.70)],
        "5a6884", INK, z=0.15))
    shapes.append(patch(ellipse(0, 2.42, 0.34, 0.34), "2b3654", INK, curved=False, z=0.16))
    shapes.append(patch(ellipse(0, 2.42, 0.25, 0.25), RIM, curved=False, z=0.17))
    shapes.append(patch(ellipse(0, 2.42, 0.17, 0.17), "c9fbff", curved=False, z=0.18))
    return [*shapes, *(button(x, 3.05, paint, INK, r=0.07) for x, paint in ((-0.22, "ff5d6c"), (0.0, "ffd24a"),
        (0.22, "5fe08a")))]


def _antenna() -> list[Shape]:
    rod = stroke(smooth([(0.30, -0.95), (0.36, -1.3), (0.42, -1.62)], closed=False), 0.07, head=0, tail=0)
    bulb = ellipse(0.43, -1.70, 0.14, 0.14)
    glint = ellipse(0.39, -1.75, 0.04, 0.035, n=12)
    shapes = []
    for p, paint, line in ((rod, "8b9ab8", INK), (bulb, "ff8f3a", "7a3a0c"), (glint, "ffe6cf", None)):
        sway = np.zeros((len(p), 3))
        sway[:, 0] = -0.22 * np.clip((-p[:, 1] - 0.95) / 0.7, 0, 1.2)
        shapes.append(Shape(bone="skull", points=plane(p, 0.1),
            paint=paint, line=line, ink=0.018, morphs={"sway_x": sway}))
    return shapes


def _pods() -> list[Shape]:
    shapes = []
    for sign in (-1, 1):
        shapes.append(Shape(bone="skull", points=plane(ellipse(sign * 1.12, 0.1, 0.20, 0.36), -0.1),
            paint="ff8f3a", line="7a3a0c", ink=0.024))
        shapes.append(Shape(bone="skull", points=plane(ellipse(sign * 1.20, 0.1, 0.11, 0.22), -0.08), paint="ffb877"))
    return shapes


def _rounded(wide: float, top: float, low: float, power: float = 3.2) -> Points:
    a = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    c, s = np.cos(a), np.sin(a)
    y = np.sign(s) * np.abs(s) ** (2 / power)
    return np.stack([wide * np.sign(c) * np.abs(c) ** (2 / power), np.where(y > 0, low * y, top * y)], 1)


def _helmet() -> list[Shape]:
    shell = _rounded(1.08, 1.06, 1.06, 2.8)
    depth = 0.15 + 0.3 * smoothstep((shell[:, 1] + 0.1) / 1.2)
    shapes = [Shape(name="shell", bone="skull", points=plane(shell, depth), paint=SHELL, line=INK, ink=0.028)]
    shade = flip(smooth([(1.3, -0.7), (0.92, -0.3), (0.96, 0.4), (0.76, 0.82), (0.2, 0.98), (0.0, 1.3),
        (1.5, 1.3)], density=4))
    shapes.append(Shape(bone="skull", points=plane(shade, 0.3), paint="9fb0cf", clip="shell", alpha=0.55))
    stripe = [(-0.12, -1.15), (0.12, -1.15), (0.15, -0.5), (-0.15, -0.5)]
    shapes.append(Shape(points=on_face(smooth(stripe, density=4)), paint="ff8f3a", clip="shell"))
    visor = _rounded(0.86, 0.62, 0.66, 3.0) + np.array([0, 0.14])
    shapes.append(Shape(name="visor", points=on_face(visor, 0.08), paint=VISOR, line=INK, ink=0.045))
    return shapes


def _eyes() -> list[Shape]:
    shapes = []
    for sign in (-1, 1):
        def eye(k: float, blink: float, smile: float, sign: int = sign) -> Points:
            p = ellipse(sign * 0.38, 0.06, 0.16 * k, max(0.022, (0.21 - 0.19 * blink) * k), n=32)
            arch = smile * 0.16 * (1 - ((p[:, 0] - sign * 0.38) / 0.16) ** 2)
            p[:, 1] = np.where(p[:, 1] > 0.06, p[:, 1] - arch * (k < 1.2), p[:, 1])
            return on_face(p, 0.10)

        for k, paint, alpha, blur in ((1.45, RIM, 0.45, 0.07), (1.0, GLOW, 1.0, 0.0), (0.6, "d9fdff", 1.0, 0.0)):
            rest = eye(k, 0, 0)
            aside, up = np.zeros_like(rest), np.zeros_like(rest)
            aside[:, 0], up[:, 1] = 0.10, -0.08
            morphs = {"blink": eye(k, 1, 0) - rest, "smile": eye(k, 0, 0.7) - rest, "gaze_x": aside, "gaze_y": up}
            shapes.append(Shape(points=rest, paint=paint, alpha=alpha, blur=blur, clip="visor", morphs=morphs))
        brow = stroke(smooth([(sign * 0.22, -0.26), (sign * 0.38, -0.30), (sign * 0.54, -0.26)], closed=False), 0.05)
        up = np.zeros((len(brow), 3))
        up[:, 1] = -0.10
        shapes.append(Shape(points=on_face(brow, 0.10), paint=RIM, clip="visor", morphs={"brow": up}))
    return shapes


def _mouth() -> list[Shape]:
    """A curve of light that opens into a lens."""
    def bar(open_: float, smile: float, thick: float) -> Points:
        u = np.linspace(-1, 1, 17)
        y = 0.50 + 0.05 * (1 - u**2) + smile * 0.10 * (0.5 - u**2)
        half = (thick + 0.15 * open_) * np.sqrt(np.clip(1 - u**2, 0, 1)) + 0.012
        x = (0.24 + 0.08 * smile - 0.04 * open_) * u
        return on_face(np.vstack([np.stack([x, y - half * 0.6], 1), np.stack([x, y + half], 1)[::-1]]), 0.10)

    shapes = []
    for thick, paint, alpha, blur in ((0.07, RIM, 0.4, 0.05), (0.03, GLOW, 1.0, 0.0)):
        rest = bar(0, 0, thick)
        morphs = {"mouth": bar(1, 0, thick) - rest, "smile": bar(0, 1, thick) - rest}
        shapes.append(Shape(points=rest, paint=paint, alpha=alpha, blur=blur, clip="visor", morphs=morphs))
    return shapes


def _shine() -> list[Shape]:
    glare = smooth([(-0.78, -0.1), (-0.62, -0.40), (-0.2, -0.46), (-0.46, -0.30), (-0.66, 0.16)], density=4)
    streak = np.array([(0.45, -0.5), (0.6, -0.5), (0.3, 0.85), (0.15, 0.85)])
    top = smooth([(-0.72, -0.66), (-0.42, -0.90), (-0.1, -0.96), (-0.34, -0.84), (-0.6, -0.62)], density=4)
    return [
        Shape(points=on_face(glare, 0.12), paint="ffffff", alpha=0.35, clip="visor"),
        Shape(points=on_face(streak, 0.12), paint="ffffff", alpha=0.07, clip="visor"),
        Shape(points=plane(top, 0.4), bone="skull", paint="ffffff", alpha=0.9, clip="shell"),
    ]


def _forearms() -> list[Shape]:
    return forearms(PLATE, INK, SHADE, hand="5a6884", hand_line="2b3654", hand_shade="8b9ab8", cuff="ff8f3a",
        thick=1.02)
