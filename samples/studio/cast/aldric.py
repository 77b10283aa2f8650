"""Aldric: an elder wizard with a long white beard, a pointed violet hat and bushy brows."""

import numpy as np

from samples.studio.face import Eye, Face, brows, eyes, face
from samples.studio.geometry import Points, ellipse, flip, smooth, smoothstep, stroke
from samples.studio.hair import back, lock, ramp
from samples.studio.outfit import arms, forearms, neck, patch, torso
from samples.studio.shape import Ramp, Shape, mix, on_face, plane

# Outlines are laid out by hand.
# fmt: off

__all__ = ["draw"]

INK = "5b6480"
WHITE = ramp("ffffff", "eef1f8", "c9d1e4", low=2.0, strands=0.5)
GREY = ramp("d9deea", "c4ccde", "a9b3cc", low=1.8, strands=0.6)
LOOK = Face(
    skin="f7d6bd", shade="d99f80", line="7a4a38", brow="f4f6fb", brow_width=0.14, brow_tilt=-0.02, jaw=1.04,
        chin=1.12,
    blush="e8745a", blushing=0.5, mouth_wide=0.2, mouth_y=0.82, ear="round",
    eye=Eye(dark="1c3a5e", middle="3f7ab0", light="a8d8f0", lash="4a3430", tall=0.62, wide=0.86, lashes=False,
        y=0.16, x=0.37),
)
ROBE, LINE, SHADE, GOLD, GOLD_INK = "5b3fa0", "2a1a55", "43307f", "f2c14e", "8a5f10"
HAT = Ramp(((-2.4, "8a63d8"), (-1.2, "6645b5"), (-0.4, "4e3592")))


def draw() -> list[Shape]:
    """All shapes, the hindmost first."""
    behind = back(
        [(0.0, -0.9), (0.8, -0.7), (1.05, 0.0), (1.14, 0.9), (1.05, 1.7), (0.7, 1.9), (0, 1.8), (-0.7, 1.9),
            (-1.05, 1.7), (-1.14, 0.9), (-1.05, 0.0), (-0.8, -0.7)],
        GREY, INK, hang=0.6,
    )
    return [behind, *_robe(), *face(LOOK), *_wrinkles(), *eyes(LOOK), *_hair(), *_beard(), *brows(LOOK), *_nose(),
        *_hat(), *_forearms()]


def _wrinkles() -> list[Shape]:
    shapes = []
    lines = [[(0.62, 0.24), (0.72, 0.20), (0.78, 0.12)], [(0.60, 0.30), (0.71, 0.30), (0.78, 0.27)], [(0.2, 0.42),
        (0.38, 0.47), (0.54, 0.42)]]
    for line in lines:
        mark = stroke(smooth(line, closed=False), 0.022, head=0.4, tail=0.4)
        shapes += [Shape(points=on_face(turn(mark), 0.02),
            paint=mix(LOOK.shade, LOOK.line, 0.3)) for turn in (np.asarray, flip)]
    return shapes


def _nose() -> list[Shape]:
    nose = smooth([(-0.05, 0.28), (0.05, 0.28), (0.10, 0.45), (0.15, 0.56), (0.0, 0.64), (-0.15, 0.56),
        (-0.10, 0.45)])
    ink = 0.02 * smoothstep((nose[:, 1] - 0.36) / 0.15)
    return [
        Shape(points=on_face(nose, 0.2), paint=mix(LOOK.skin, "e8745a", 0.22), line=LOOK.line, ink=ink),
        Shape(points=on_face(ellipse(0.03, 0.48, 0.03, 0.05), 0.24), paint="ffffff", alpha=0.6),
    ]


def _sway(points: Points, weight: Points, amount: float) -> dict[str, Points]:
    aside, up = np.zeros_like(points), np.zeros_like(points)
    aside[:, 0], up[:, 1] = -amount * weight, 0.5 * amount * weight
    return {"sway_x": aside, "sway_y": up}


def _hair() -> list[Shape]:
    shapes = []
    for line, width in (([(0.86, -0.3), (0.98, 0.2), (1.0, 0.8), (0.86, 1.5)], 0.32), ([(0.78, -0.35),
        (0.88, 0.05), (0.84, 0.5), (0.78, 0.9)], 0.2)):
        shapes += [lock(turn(np.array(line)), width, GREY, INK, bone="skull", z=0.18, body=0.3,
            sway=0.2) for turn in (np.asarray, lambda p: flip(p)[::-1])]
    return shapes


def _beard() -> list[Shape]:
    right = [(0.82, 0.28), (0.90, 0.72), (0.84, 1.2), (0.72, 1.7), (0.52, 2.25), (0.26, 2.75), (0.06, 3.1)]
    top = [(-0.62, 0.62), (-0.36, 0.66), (-0.24, 0.98), (0.0, 1.06), (0.24, 0.98), (0.36, 0.66), (0.62, 0.62)]
    flat = smooth([*right, *flip(right), *top], density=4)
    low = smoothstep((flat[:, 1] - 0.9) / 1.6)
    depth = np.interp(flat[:, 1], (0.3, 1.0, 3.0),
        (0.35, 0.72, 0.6)) - 0.3 * np.clip(np.abs(flat[:, 0]) - 0.5, 0, 0.4)
    points = plane(flat, depth)
    drop = np.zeros_like(points)  # the jaw takes the beard along
    drop[:, 1] = 0.16 * smoothstep((flat[:, 1] - 0.9) / 0.3) * (1 - 0.7 * low)
    shapes = [Shape(name="beard", points=points, paint=WHITE, line=INK, ink=0.024, skin=0.75 * low,
        morphs={**_sway(points, low, 0.2), "mouth": drop})]
    for x, y0, y1 in ((-0.5, 0.95, 1.7), (-0.26, 1.2, 2.3), (0.0, 1.3, 2.7), (0.26, 1.2, 2.2), (0.5, 0.95, 1.75)):
        line = stroke(smooth([(x, y0), (x * 0.8 + 0.05, (y0 + y1) / 2), (x * 0.4, y1)], closed=False, density=8),
            0.035, head=0.5, tail=0.6)
        share = smoothstep((line[:, 1] - 0.9) / 1.6)
        shapes.append(Shape(points=plane(line, 0.72), paint="b9c3da", skin=0.75 * share, morphs=_sway(plane(line),
            share, 0.2), clip="beard"))
    whisker = smooth([(0.0, 0.66), (0.24, 0.62), (0.52, 0.76), (0.72, 1.06), (0.46, 0.98), (0.2, 0.86), (0.02, 0.78)])
    lift = np.zeros((len(whisker), 3))
    lift[:, 1] = -0.06 * np.clip(np.abs(whisker[:, 0]) / 0.5, 0, 1)
    return [*shapes, *(Shape(points=on_face(turn(whisker), 0.14),
        paint="fbfcff", line=INK, ink=0.02, morphs={"smile": lift}) for turn in (flip, np.asarray))]


def _hat() -> list[Shape]:
    cone = smooth([(-0.98, -0.42), (-0.72, -0.98), (-0.40, -1.5), (-0.06, -2.0), (0.36, -2.25), (0.74, -2.08),
        (0.48, -1.96), (0.40, -1.7), (0.62, -1.2), (0.98, -0.42), (0.0, -0.30)])
    tip = np.clip((-cone[:, 1] - 1.0) / 1.2, 0, 1) ** 1.5
    shapes = [Shape(name="cone", bone="skull", points=plane(cone, 0.1),
        paint=HAT, line=LINE, ink=0.028, morphs=_sway(plane(cone), tip, -0.3))]
    fold = smooth([(-1.1, -0.3), (-0.66, -0.98), (-0.3, -1.5), (-0.1, -2.1), (-0.5, -2.2), (-1.3, -1.0)])
    shapes.append(Shape(bone="skull", points=plane(fold, 0.1),
        paint="2f1f66", clip="cone", alpha=0.45, morphs=_sway(plane(fold),
        np.clip((-fold[:, 1] - 1.0) / 1.2, 0, 1) ** 1.5, -0.3)))
    for x, y, r in ((0.30, -1.02, 0.13), (-0.22, -1.32, 0.09), (0.16, -1.66, 0.07)):
        shapes.append(Shape(bone="skull", points=plane(_star(x, y, r), 0.5),
            paint=GOLD, line=GOLD_INK, ink=0.012, clip="cone"))
    brim = smooth([(-1.58, -0.34), (-1.0, -0.62), (-0.5, -0.60), (0.0, -0.56), (0.5, -0.60), (1.0, -0.62),
        (1.58, -0.34), (1.0, -0.26), (0.5, -0.20), (0.0, -0.17), (-0.5, -0.20), (-1.0, -0.26)])
    front = 0.75 * smoothstep((brim[:, 1] + 0.62) / 0.45) * (1 - (np.abs(brim[:, 0]) / 1.62) ** 2)
    band = smooth([(-0.98, -0.56), (-0.5, -0.70), (0.0, -0.73), (0.5, -0.70), (0.98, -0.56), (0.94, -0.38),
        (0.5, -0.44), (0.0, -0.44), (-0.5, -0.44), (-0.94, -0.38)])
    bow = 0.7 * np.sqrt(np.clip(1 - (band[:, 0] / 1.05) ** 2, 0, 1))
    shapes.append(Shape(bone="skull", points=plane(band, bow), paint=GOLD, line=GOLD_INK, ink=0.018))
    shapes.append(Shape(bone="skull", points=plane(brim, front), paint=Ramp(((-0.6, "6645b5"), (-0.17, "7d57cc"))),
        line=LINE, ink=0.028))
    return shapes


def _star(x: float, y: float, r: float) -> Points:
    k = np.arange(10)
    radius = r * np.where(k % 2 == 0, 1.0, 0.45)
    return np.stack([x + radius * np.sin(k * np.pi / 5), y - radius * np.cos(k * np.pi / 5)], 1)


def _robe() -> list[Shape]:
    shapes = [*arms(ROBE, LINE, SHADE, thick=1.25), *neck(LOOK.skin, LOOK.shade, LOOK.line),
        *torso(ROBE, LINE, SHADE, wide=1.08)]
    edge = [(0.30, 1.40), (0.60, 1.50), (0.74, 1.70), (0.5, 2.4), (0.3, 3.2), (0.26, 4.9), (0.06, 4.9), (0.1, 3.2),
        (0.2, 2.2)]
    hems = (turn(smooth(edge, density=4)) for turn in (np.asarray, flip))
    shapes += [patch(hem, GOLD, GOLD_INK, curved=False, z=0.14) for hem in hems]
    stars = ((0.82, 2.4), (-0.80, 2.7), (0.66, 3.2))
    return [*shapes, *(patch(_star(x, y, 0.09), GOLD, curved=False, z=0.16) for x, y in stars)]


def _forearms() -> list[Shape]:
    return forearms(ROBE, LINE, SHADE, hand=LOOK.skin, hand_line=LOOK.line, hand_shade=LOOK.shade, cuff=GOLD,
        thick=1.25)
