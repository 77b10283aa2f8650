"""Backdrops: rooms and places painted once, a little out of focus, behind the avatar."""

from collections.abc import Callable

import cv2
import numpy as np

from samples.studio.canvas import OVERSAMPLING, Picture
from samples.studio.shape import colour

__all__ = ["BACKDROPS", "paint_backdrop"]

Unit = Callable[[float], int]


def paint_backdrop(name: str, width: int, height: int, seed: int = 0) -> Picture:
    """The backdrop ``name``, OVERSAMPLING times ``width`` by ``height``; ``seed`` scatters its small things."""
    if name not in BACKDROPS:
        raise ValueError(f"no backdrop {name!r}; there are {', '.join(BACKDROPS)}")
    w, h = width * OVERSAMPLING, height * OVERSAMPLING
    picture = BACKDROPS[name](w, h, np.random.default_rng([seed, len(name)]))
    soft = cv2.GaussianBlur(picture, (0, 0), h / 300)
    return np.asarray(soft, np.uint8)


def _gradient(w: int, h: int, *codes: str) -> Picture:
    stops = np.linspace(0, 1, len(codes))
    tones = np.array([colour(c) for c in codes], dtype=np.float64)
    y = np.linspace(0, 1, h)
    column = np.stack([np.interp(y, stops, tones[:, c]) for c in range(3)], 1)
    return np.repeat(np.rint(column)[:, None], w, axis=1).astype(np.uint8)


def _box(p: Picture, x0: float, y0: float, x1: float, y1: float, code: str, *, round_: float = 0.0) -> None:
    """A box in shares of the height, x from the middle; corners rounded by ``round_``."""
    h, w = p.shape[:2]
    a, b = (round(w / 2 + x0 * h), round(y0 * h)), (round(w / 2 + x1 * h), round(y1 * h))
    r = round(round_ * h)
    if r <= 0:
        cv2.rectangle(p, a, b, colour(code), -1)
        return
    cv2.rectangle(p, (a[0] + r, a[1]), (b[0] - r, b[1]), colour(code), -1)
    cv2.rectangle(p, (a[0], a[1] + r), (b[0], b[1] - r), colour(code), -1)
    for cx in (a[0] + r, b[0] - r):
        for cy in (a[1] + r, b[1] - r):
            cv2.circle(p, (cx, cy), r, colour(code), -1, cv2.LINE_AA)


def _disc(p: Picture, x: float, y: float, r: float, code: str) -> None:
    h, w = p.shape[:2]
    cv2.circle(p, (round(w / 2 + x * h), round(y * h)), max(1, round(r * h)), colour(code), -1, cv2.LINE_AA)


def _glow(p: Picture, x: float, y: float, r: float, code: str, strength: float) -> None:
    """Light that adds to what is there."""
    h, w = p.shape[:2]
    yy, xx = np.ogrid[:h, :w]
    far = ((xx - (w / 2 + x * h)) ** 2 + (yy - y * h) ** 2) / (r * h) ** 2
    light = (strength * np.exp(-2 * far))[..., None] * np.array(colour(code))
    p[:] = np.clip(p + light, 0, 255).astype(np.uint8)


def _polygon(p: Picture, points: list[tuple[float, float]], code: str) -> None:
    h, w = p.shape[:2]
    cv2.fillPoly(
        p, [np.array([(round(w / 2 + x * h), round(y * h)) for x, y in points], np.int32)], colour(code), cv2.LINE_AA
    )


def _bedroom(w: int, h: int, rng: np.random.Generator) -> Picture:
    p = _gradient(w, h, "4a3f73", "6b5591", "8a6a9c")
    _box(p, -0.82, 0.08, -0.28, 0.62, "f3e6ff", round_=0.02)
    night = _gradient(max(1, round(0.48 * h)), round(0.48 * h), "1b2150", "3a3d86", "c76b98")
    y0, x0 = round(0.11 * h), round(w / 2 - 0.79 * h)
    if x0 >= 0:
        p[y0 : y0 + night.shape[0], x0 : x0 + night.shape[1]] = night
    for _ in range(26):
        _disc(p, rng.uniform(-0.78, -0.32), rng.uniform(0.12, 0.36), 0.002, "fff6d8")
    _disc(p, -0.42, 0.19, 0.035, "fff2c4")
    for k in range(9):
        top = rng.uniform(0.40, 0.52)
        x = -0.79 + 0.053 * k
        _box(p, x, top, x + 0.05, 0.59, "241f4d")
        for _ in range(4):
            _box(
                p,
                x + (dx := rng.uniform(0.008, 0.034)),
                (y := rng.uniform(top + 0.01, 0.57)),
                x + dx + 0.007,
                y + 0.01,
                "ffd98a",
            )
    _box(p, -0.555, 0.1, -0.545, 0.6, "f3e6ff")
    _box(p, -0.8, 0.34, -0.3, 0.35, "f3e6ff")
    _polygon(p, [(-0.9, 0.02), (-0.74, 0.02), (-0.78, 0.7), (-0.93, 0.7)], "b05a8c")
    _polygon(p, [(-0.36, 0.02), (-0.2, 0.02), (-0.17, 0.7), (-0.32, 0.7)], "b05a8c")
    _shelf(p, rng, 0.34, 0.34)
    _shelf(p, rng, 0.34, 0.62)
    _box(p, -1.2, 0.86, 1.2, 1.1, "5b4272")
    for k in range(15):
        x = -0.9 + 0.13 * k
        y = 0.035 + 0.03 * np.sin(k * np.pi / 2) ** 2
        _glow(p, x, y, 0.04, "ffcf7a", 0.55)
        _disc(p, x, y, 0.008, "fff3cf")
    _glow(p, 0.9, 0.7, 0.5, "ffb070", 0.35)
    return p


def _shelf(p: Picture, rng: np.random.Generator, x0: float, y: float) -> None:
    """A shelf full of books and a plant."""
    _box(p, x0, y, x0 + 0.5, y + 0.02, "d9b38c")
    x = x0 + 0.02
    while x < x0 + 0.32:
        wide, tall = rng.uniform(0.018, 0.038), rng.uniform(0.09, 0.15)
        _box(p, x, y - tall, x + wide, y, str(rng.choice(["e87a7a", "7ab8e8", "f2c66b", "8fd1a0", "c79be8", "f4f0ff"])))
        x += wide + 0.004
    _box(p, x0 + 0.38, y - 0.05, x0 + 0.45, y, "f4efe8", round_=0.01)
    for a in np.linspace(-1.2, 1.2, 7):
        _disc(p, x0 + 0.415 + 0.045 * float(np.sin(a)), y - 0.07 - 0.05 * float(np.cos(a)), 0.022, "5fb37a")


def _studio(w: int, h: int, rng: np.random.Generator) -> Picture:
    p = _gradient(w, h, "0f1330", "1c1f4d", "2a1c52")
    for k in range(14):
        x = -1.0 + 0.15 * k
        _box(p, x, 0.0, x + 0.006, 1.0, "20255c")
    for x, y, r, code in ((-0.72, 0.3, 0.7, "ff3fa4"), (0.75, 0.35, 0.7, "22d3ff"), (0.0, 1.0, 0.8, "7a4dff")):
        _glow(p, x, y, r, code, 0.42)
    for sign, code in ((-1, "ff7ac4"), (1, "7ae8ff")):
        _polygon(p, [(sign * 0.5, 0.12), (sign * 0.82, 0.12), (sign * 0.66, 0.42)], code)
        _polygon(p, [(sign * 0.535, 0.14), (sign * 0.785, 0.14), (sign * 0.66, 0.375)], "1c1f4d")
    for _ in range(40):
        _disc(p, rng.uniform(-0.95, 0.95), rng.uniform(0.02, 0.8), rng.uniform(0.0015, 0.004), "cfd6ff")
    _polygon(p, [(-1.2, 1.0), (-0.7, 0.8), (0.7, 0.8), (1.2, 1.0)], "191a44")
    _glow(p, 0.0, 0.9, 0.5, "8f6bff", 0.3)
    return p


def _shop(w: int, h: int, rng: np.random.Generator) -> Picture:
    p = _gradient(w, h, "fff3ea", "ffe4d6", "ffd3c4")
    palette = ["ff8fa3", "ffc46b", "8fd3c8", "9fb4ff", "ffffff", "d6a8ff", "ffe27a"]
    for row in range(4):
        y = 0.24 + 0.21 * row
        for x0 in (-0.92, 0.40):
            _box(p, x0, y, x0 + 0.52, y + 0.022, "c98f6b")
            x = x0 + 0.02
            while x < x0 + 0.44:
                wide, tall = rng.uniform(0.045, 0.08), rng.uniform(0.07, 0.14)
                code = str(rng.choice(palette))
                _box(p, x, y - tall, x + wide, y, code, round_=0.012)
                _box(p, x + 0.01, y - tall * 0.55, x + wide - 0.01, y - tall * 0.3, "fffdf8")
                x += wide + 0.012
    for sign in (-1, 1):
        _glow(p, sign * 0.66, 0.0, 0.45, "fff0c0", 0.3)
    for k in range(12):
        _polygon(
            p,
            [(-0.96 + 0.16 * k, 0.0), (-0.80 + 0.16 * k, 0.0), (-0.88 + 0.16 * k, 0.085)],
            ["ff6f91", "ffd166", "5fc9b8"][k % 3],
        )
    return p


def _stage(w: int, h: int, rng: np.random.Generator) -> Picture:
    p = _gradient(w, h, "3a0f3f", "7a1d5c", "d1487a")
    for k in range(18):
        _polygon(
            p,
            [(-1.0 + 0.115 * k, 0.0), (-0.955 + 0.115 * k, 0.0), (-0.965 + 0.115 * k, 0.86), (-1.01 + 0.115 * k, 0.86)],
            "64174f",
        )
    beams = p.copy()
    for x, dx, code in ((-0.7, 0.4, "ffe9a8"), (-0.2, 0.1, "ffc2e0"), (0.25, -0.15, "c2e4ff"), (0.75, -0.45, "ffe9a8")):
        _polygon(beams, [(x - 0.01, -0.05), (x + 0.01, -0.05), (x + dx + 0.16, 1.0), (x + dx - 0.16, 1.0)], code)
    p = np.asarray(cv2.addWeighted(beams, 0.22, p, 0.78, 0), np.uint8)
    for _ in range(70):
        _disc(
            p,
            rng.uniform(-0.95, 0.95),
            rng.uniform(0.0, 0.85),
            rng.uniform(0.002, 0.007),
            str(rng.choice(["ffe9a8", "ffffff", "ffb3d9"])),
        )
    _box(p, -1.2, 0.86, 1.2, 1.1, "431038")
    for k in range(20):
        _disc(p, -0.95 + 0.1 * k, 0.875, 0.012, "fff0b8")
    return p


def _sky(w: int, h: int, rng: np.random.Generator) -> Picture:
    p = _gradient(w, h, "7fbdf5", "bfe3ff", "fff3e0")
    _glow(p, 0.6, 0.15, 0.5, "fff2c0", 0.5)
    for _ in range(7):
        x, y, s = rng.uniform(-0.9, 0.9), rng.uniform(0.08, 0.55), rng.uniform(0.04, 0.09)
        for dx, dy, r in ((0, 0, 1.0), (1.0, 0.15, 0.8), (-1.0, 0.2, 0.75), (1.8, 0.4, 0.5), (-1.8, 0.4, 0.5)):
            _disc(p, x + dx * s, y + dy * s, r * s, "ffffff")
    _polygon(p, [(-1.0, 0.8), (-0.5, 0.66), (0.0, 0.78), (0.45, 0.68), (1.0, 0.8), (1.0, 1.0), (-1.0, 1.0)], "9fd8a4")
    _polygon(p, [(-1.0, 0.9), (-0.3, 0.8), (0.4, 0.88), (1.0, 0.8), (1.0, 1.0), (-1.0, 1.0)], "7cc48a")
    for _ in range(60):
        _disc(
            p, rng.uniform(-0.95, 0.95), rng.uniform(0.86, 1.0), 0.006, str(rng.choice(["ffffff", "ffd1e0", "fff0a0"]))
        )
    return p


def _paper(w: int, h: int, rng: np.random.Generator) -> Picture:
    """A plain studio paper with large soft discs, for portraits."""
    tones = [
        ("dfeaf5", "b9cde3"),
        ("f6e3df", "e4bdb4"),
        ("e6f0de", "bcd6ac"),
        ("ebe4f5", "c9b8e3"),
        ("f5efd9", "e3cf9a"),
    ]
    top, low = tones[int(rng.integers(len(tones)))]
    p = _gradient(w, h, top, low)
    over = p.copy()
    for _ in range(6):
        _disc(over, rng.uniform(-0.8, 0.8), rng.uniform(0, 1), rng.uniform(0.08, 0.25), "ffffff")
    return np.asarray(cv2.addWeighted(over, 0.3, p, 0.7, 0), np.uint8)


BACKDROPS: dict[str, Callable[[int, int, np.random.Generator], Picture]] = {
    "bedroom": _bedroom,
    "studio": _studio,
    "shop": _shop,
    "stage": _stage,
    "sky": _sky,
    "paper": _paper,
}
