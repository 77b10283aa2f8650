"""The drawn face: head, eyes, brows, nose, mouth. Everything is drawn from the front and laid on the head."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samples.studio.geometry import Points, ellipse, flip, smooth, smoothstep, stroke
from samples.studio.shape import Ramp, Shape, mix, on_face, plane

__all__ = ["Eye", "Face", "brows", "eyes", "face"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """How the eyes look: colours and proportions."""

    dark: str
    middle: str
    light: str
    lash: str
    x: float = 0.40
    y: float = 0.20
    wide: float = 1.0
    tall: float = 1.0
    slant: float = 0.0  # lifts the outer corner, in head radii
    lashes: bool = True
    white: str = "fffdfb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Skin and shape of a head."""

    skin: str = "ffe9dc"
    shade: str = "f4bfae"
    line: str = "7a4444"
    blush: str = "ff8a8a"
    jaw: float = 1.0  # width of the jaw
    chin: float = 1.09  # height of the chin below the head's centre
    lip: str = "d4576a"
    mouth_y: float = 0.74
    mouth_wide: float = 0.19
    ear: str = "round"
    blushing: float = 0.45
    brow: str = "6a3a3a"
    brow_width: float = 0.055
    brow_tilt: float = 0.0
    eye: Eye = field(default_factory=lambda: Eye(dark="1d2b53", middle="3f7fd1", light="9be0ff", lash="3a2030"))


def face(f: Face) -> list[Shape]:
    """Ears, head and its shading; eyes, brows, nose and mouth come on top with ``eyes`` and so on."""
    j, c = f.jaw, f.chin
    side = [
        (0.86, -0.45),
        (0.89, -0.1),
        (0.885, 0.2),
        (0.83 * (0.5 + j / 2), 0.5),
        (0.65 * j, 0.80),
        (0.37 * j, c - 0.08),
        (0.13 * j, c),
    ]
    outline = smooth([*side, *flip(side), (-0.55, -0.85), (0.0, -1.02), (0.55, -0.85)], density=4)
    depth = 0.1 + 0.5 * smoothstep((outline[:, 1] + 0.1) / 1.2)
    shapes = [*_ears(f)]
    shapes.append(Shape(name="face", bone="skull", points=plane(outline, depth), paint=f.skin, line=f.line, ink=0.02))
    cheek = [
        (0.9, -0.6),
        (0.62, -0.1),
        (0.76, 0.3),
        (0.66, 0.68),
        (0.36, 0.95),
        (0.05, c - 0.03),
        (0.0, 1.3),
        (0.8, 1.2),
        (1.2, 0.4),
    ]
    shade = flip(smooth(cheek, density=4))
    shapes.append(Shape(points=plane(shade, 0.45), bone="skull", paint=f.shade, clip="face", alpha=0.62))
    brow_shadow = smooth(
        [
            (-1.0, -0.9),
            (1.0, -0.9),
            (0.92, 0.06),
            (0.62, -0.16),
            (0.3, -0.06),
            (0.0, -0.17),
            (-0.32, -0.04),
            (-0.62, -0.14),
            (-0.92, 0.10),
        ],
        density=4,
    )
    shapes.append(
        Shape(
            points=on_face(brow_shadow, 0.02),
            paint=f.shade,
            clip="face",
            alpha=0.8,
            morphs={"sway_x": _x(brow_shadow, 0.03)},
        )
    )
    for x in (-0.56, 0.56):
        glow = ellipse(x, 0.52, 0.17, 0.085)
        shapes.append(Shape(points=on_face(glow), paint=f.blush, clip="face", alpha=f.blushing, blur=0.05))
    return [*shapes, *_nose(f), *_mouth(f)]


def _x(points: Points, amount: float) -> Points:
    moved = np.zeros((len(points), 3))
    moved[:, 0] = amount
    return moved


def _ears(f: Face) -> list[Shape]:
    if f.ear == "none":
        return []
    right = [(0.84, -0.05), (0.98, -0.12), (1.06, 0.02), (1.03, 0.24), (0.93, 0.40), (0.84, 0.36)]
    if f.ear == "long":
        right = [(0.80, 0.0), (1.1, -0.25), (1.42, -0.42), (1.3, -0.08), (1.05, 0.26), (0.84, 0.36)]
    curl = stroke(smooth([(0.90, 0.02), (0.99, 0.02), (0.98, 0.16), (0.91, 0.24)], closed=False), 0.035)
    shapes = []
    for turn in (np.asarray, flip):
        shapes.append(
            Shape(bone="skull", points=plane(turn(smooth(right)), -0.05), paint=f.skin, line=f.line, ink=0.02)
        )
        shapes.append(Shape(bone="skull", points=plane(turn(curl), -0.03), paint=mix(f.shade, f.line, 0.3)))
    return shapes


def _nose(f: Face) -> list[Shape]:
    tip = smooth([(-0.035, 0.50), (0.0, 0.475), (0.035, 0.515), (0.0, 0.54)], density=4)
    shine = ellipse(0.015, 0.44, 0.018, 0.028, n=10)
    return [
        Shape(points=on_face(tip, 0.10), paint=mix(f.shade, f.line, 0.35)),
        Shape(points=on_face(shine, 0.12), paint="ffffff", alpha=0.75),
    ]


def _lips(open_: float, smile: float, f: Face) -> tuple[Points, Points]:
    """Upper and lower edge of the mouth, from the viewer's left to the right, (13, 2) each."""
    u = np.linspace(-1, 1, 13)
    wide = f.mouth_wide * (1 + 0.35 * smile - 0.12 * open_)
    corner = f.mouth_y - 0.055 * smile + 0.02 * open_
    rest = 0.022 * (1 - u**2) * (1 - smile)
    upper = corner + rest * np.cos(2.2 * u) + (0.075 * smile - 0.045 * open_) * (1 - u**2)
    lower = upper + 0.004 + 0.36 * open_ * np.sqrt(np.clip(1 - u**2, 0, 1)) * (1 - 0.12 * u**2)
    return np.stack([wide * u, upper], 1), np.stack([wide * u, lower], 1)


def _mouth(f: Face) -> list[Shape]:
    def hole(open_: float, smile: float) -> Points:
        upper, lower = _lips(open_, smile, f)
        return on_face(np.vstack([upper, lower[::-1]]), 0.04)

    def seam(open_: float, smile: float) -> Points:
        return on_face(stroke(_lips(open_, smile, f)[0], 0.042), 0.045)

    def tongue(open_: float, smile: float) -> Points:
        lower = _lips(open_, smile, f)[1]
        return on_face(ellipse(0, lower[6, 1] + 0.02, 0.12, 0.12 * max(0.3, open_)), 0.045)

    def teeth(open_: float, smile: float) -> Points:
        upper = _lips(open_, smile, f)[0][1:-1]
        return on_face(np.vstack([upper - (0, 0.03), (upper + np.array([0, 0.055 * open_]))[::-1]]), 0.045)

    def part(draw: Callable[[float, float], Points], paint: str, **more: Any) -> Shape:
        rest = draw(0.0, 0.0)
        morphs = {"mouth": draw(1.0, 0.0) - rest, "smile": draw(0.0, 1.0) - rest}
        return Shape(points=rest, paint=paint, morphs=morphs, **more)

    dark = "8c2f3c"
    return [
        part(hole, dark, name="mouth", line=f.line, ink=0.016, when=("mouth", 0.05)),
        part(tongue, "f48a8f", clip="mouth", when=("mouth", 0.12)),
        part(teeth, "ffffff", clip="mouth", when=("mouth", 0.15)),
        part(seam, f.line),
    ]


def brows(f: Face) -> list[Shape]:
    """Eyebrows; they show through the hair, as drawn figures have it."""
    e, t = f.eye, f.brow_tilt
    line = smooth(
        [(e.x - 0.20, e.y - 0.40 + t), (e.x, e.y - 0.47), (e.x + 0.24, e.y - 0.38 - t * 0.4)], closed=False, density=7
    )
    body = stroke(line, f.brow_width, head=0.3, tail=0.7)
    up, blink = np.zeros((len(body), 3)), np.zeros((len(body), 3))
    up[:, 1], blink[:, 1] = -0.1, 0.03
    return [
        Shape(points=on_face(turn(body), 0.06), paint=f.brow, morphs={"brow": up, "blink": blink})
        for turn in (np.asarray, flip)
    ]


def eyes(f: Face) -> list[Shape]:
    """Both eyes with lids that close."""
    return [*_eye(f, mirrored=True), *_eye(f, mirrored=False)]


def _lids(e: Eye) -> tuple[Points, Points, Points]:
    """Upper lid, lower lid and the line in which they meet when closed, inner to outer corner, (n, 2)."""
    upper = [(-0.205, 0.08), (-0.15, -0.10), (0.0, -0.215), (0.15, -0.165), (0.245, 0.0)]
    lower = [(-0.205, 0.08), (-0.13, 0.205), (0.03, 0.235), (0.17, 0.17), (0.245, 0.0)]
    shut = [(-0.21, 0.10), (-0.12, 0.175), (0.02, 0.20), (0.15, 0.165), (0.255, 0.06)]
    curves = []
    for raw in (upper, lower, shut):
        p = np.array(raw) * (e.wide, e.tall)
        p[:, 1] -= e.slant * (p[:, 0] + 0.2) / 0.4
        curves.append(smooth(p + np.array([e.x, e.y]), closed=False))
    return curves[0], curves[1], curves[2]


def _eye(f: Face, *, mirrored: bool) -> list[Shape]:
    e = f.eye
    turn = flip if mirrored else np.asarray
    name = "eye_r" if mirrored else "eye_l"
    upper, lower, shut = _lids(e)

    def on(points: Points, above: float = 0.0) -> Points:
        return on_face(turn(points), above)

    def lid(points: Points, closed: Points, paint: str, *, above: float = 0.0, **more: Any) -> Shape:
        return Shape(
            points=on(points, above), paint=paint, morphs={"blink": on(closed, above) - on(points, above)}, **more
        )

    raised = lower - (0, 0.045)
    almond = np.vstack([upper, lower[::-1]])
    smiling = np.vstack([upper, raised[::-1]])
    white = lid(almond, np.vstack([shut, shut[::-1]]), e.white, name=name)
    white = Shape(
        points=white.points, paint=e.white, name=name, morphs={**white.morphs, "smile": on(smiling) - on(almond)}
    )
    lash_w = 0.085 if e.lashes else 0.06
    shapes = [white, *_iris(e, name, mirrored=mirrored)]
    shade = np.vstack([upper - (0, 0.02), (upper + np.array([0, 0.075]))[::-1]])
    shapes.append(
        lid(
            shade,
            np.vstack([shut - (0, 0.02), (shut + np.array([0, 0.02]))[::-1]]),
            mix(e.lash, e.middle, 0.25),
            clip=name,
            alpha=0.42,
        )
    )
    shapes += _glints(e, name, mirrored=mirrored)
    shapes.append(lid(stroke(lower, 0.026, head=0.6, tail=0.3), stroke(shut, 0.02), mix(e.lash, f.line, 0.5)))
    shapes.append(lid(_lash(upper, lash_w, e), _lash(shut, lash_w * 0.75, e, closed=True), e.lash, above=0.02))
    crease = upper[6:-1] - (0, 0.085)
    shapes.append(
        lid(
            stroke(crease, 0.02, head=0.4, tail=0.4),
            stroke(shut[6:-1] - (0, 0.10), 0.018),
            mix(f.line, f.skin, 0.25),
            above=0.02,
        )
    )
    return shapes


def _lash(lid: Points, width: float, e: Eye, *, closed: bool = False) -> Points:
    """The upper lash line; with ``e.lashes`` it runs out in a flick beyond the outer corner."""
    if e.lashes:
        flick = lid[-1] + (0.065, 0.015 if closed else -0.05)
        lid = np.vstack([lid, (lid[-1] + flick) / 2 + (0.0, 0.008), flick])
    return stroke(lid, width, head=0.35, tail=0.35)


def _gaze(n: int) -> dict[str, Points]:
    aside, up = np.zeros((n, 3)), np.zeros((n, 3))
    aside[:, 0], up[:, 1] = 0.085, -0.07
    return {"gaze_x": aside, "gaze_y": up}


def _iris(e: Eye, name: str, *, mirrored: bool) -> list[Shape]:
    sign = -1 if mirrored else 1
    x, y, rx, ry = sign * (e.x + 0.005), e.y + 0.015, 0.158 * e.wide, 0.205 * e.tall
    ramp = Ramp(((y - ry, e.dark), (y - 0.1 * ry, e.middle), (y + ry, e.light)))
    parts: list[tuple[Points, str | Ramp]] = [
        (ellipse(x, y, rx, ry), mix(e.dark, "000000", 0.3)),
        (ellipse(x, y + 0.004, rx * 0.88, ry * 0.90), ramp),
        (ellipse(x, y + 0.55 * ry, rx * 0.58, ry * 0.30), mix(e.light, "ffffff", 0.35)),
        (ellipse(x, y - 0.02, rx * 0.46, ry * 0.50), mix(e.dark, "000000", 0.45)),
    ]
    return [
        Shape(points=on_face(p), paint=paint, clip=name, morphs=_gaze(len(p)), when=("open_eye", 0.1))
        for p, paint in parts
    ]


def _glints(e: Eye, name: str, *, mirrored: bool) -> list[Shape]:
    """Highlights sit on the same side of both eyes: there is one lamp."""
    x = -e.x if mirrored else e.x
    big = ellipse(x - 0.062 * e.wide, e.y - 0.075 * e.tall, 0.058 * e.wide, 0.068 * e.tall, tilt=-20, n=16)
    small = ellipse(x + 0.075 * e.wide, e.y + 0.10 * e.tall, 0.03 * e.wide, 0.036 * e.tall, n=12)
    shapes = []
    for p in (big, small):
        half = {k: 0.7 * v for k, v in _gaze(len(p)).items()}
        shapes.append(Shape(points=on_face(p, 0.01), paint="ffffff", clip=name, morphs=half, when=("open_eye", 0.25)))
    return shapes
