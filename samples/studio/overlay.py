"""What a live room lays over the picture: a badge, the chat, a sale banner, gifts and hearts, all of them moving."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np

from samples.studio.canvas import Picture
from samples.studio.geometry import ellipse, smooth, smoothstep
from samples.studio.shape import colour

__all__ = ["Overlay", "Overlays"]


class Overlay(StrEnum):
    """The kinds of overlay."""

    BADGE = "badge"
    CHAT = "chat"
    BANNER = "banner"
    GIFT = "gift"
    HEARTS = "hearts"


NAMES = ("Momo", "小鱼", "Kaito", "Anna", "星星", "leo_92", "ゆず", "橘子汽水", "Pixel", "Mina")
LINES = (
    "你好呀！", "so cute!!", "今日もかわいい", "first time here", "哈哈哈哈", "下单了", "song please?",
    "晚上好", "which size is it?", "好听！", "from Brazil ♥", "おつかれさま", "啊啊啊太可爱了",
    "wave to us!", "多少钱？",
)  # fmt: skip
INKS = ("ffd166", "7ae8ff", "ff9ac1", "b6f09c", "c9b3ff")


@lru_cache(maxsize=1)
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")


def _write(picture: Picture, text: str, x: int, y: int, code: str, size: int, weight: int = 500) -> None:
    """Write ``text`` with its base line at ``y``."""
    cv2.putText(picture, text, (x, y), colour(code), _font(), size, weight)


def _panel(width: int, height: int, code: str, alpha: float, radius: int) -> tuple[Picture, Picture]:
    """A rounded panel: its colours and its opacity 0..255, (height, width, 3) each."""
    panel = np.empty((height, width, 3), np.uint8)
    panel[:] = colour(code)
    mask = np.zeros((2 * height, 2 * width, 3), np.uint8)
    r, full = 2 * radius, (round(255 * alpha),) * 3
    cv2.rectangle(mask, (r, 0), (2 * width - 1 - r, 2 * height - 1), full, -1)
    cv2.rectangle(mask, (0, r), (2 * width - 1, 2 * height - 1 - r), full, -1)
    for x in (r, 2 * width - 1 - r):
        for y in (r, 2 * height - 1 - r):
            cv2.circle(mask, (x, y), r, full, -1)
    return panel, np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _lay(picture: Picture, sprite: Picture, mask: Picture, x: int, y: int) -> None:
    """Blend ``sprite`` into ``picture`` with its corner at ``x``, ``y``; what hangs over is left out."""
    h, w = picture.shape[:2]
    x0, y0, x1, y1 = max(0, x), max(0, y), min(w, x + sprite.shape[1]), min(h, y + sprite.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    inside = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
    part, share = picture[y0:y1, x0:x1], mask[inside]
    kept = cv2.multiply(part, cv2.bitwise_not(share), scale=1 / 255)
    picture[y0:y1, x0:x1] = cv2.add(kept, cv2.multiply(sprite[inside], share, scale=1 / 255))


def _text_over(
    sprite: Picture, mask: Picture, text: str, x: int, y: int, code: str, size: int, weight: int = 500
) -> None:
    """Text that is opaque whatever the panel is."""
    _write(sprite, text, x, y, code, size, weight)
    cover = np.zeros_like(mask)
    cv2.putText(cover, text, (x, y), (255, 255, 255), _font(), size, weight)
    np.maximum(mask, cover, out=mask)


class Overlays:
    """The overlays of one room, a function of its seed and the time."""

    def __init__(self, kinds: Sequence[Overlay | str], width: int, height: int, seed: int = 0) -> None:
        self._kinds = tuple(Overlay(k) for k in kinds)
        self._size, self._unit = (width, height), height / 360
        rng = np.random.default_rng([seed, 41])
        self._sent = np.cumsum(np.clip(rng.exponential(1.4, 2000), 0.25, 5.0)) - 4.0
        self._said = [(int(rng.integers(len(NAMES))), int(rng.integers(len(LINES)))) for _ in range(2000)]
        self._gifts = np.cumsum(rng.uniform(5.0, 11.0, 500))
        self._hearts = [
            (float(t), rng.uniform(-1, 1), rng.uniform(0.7, 1.3), int(rng.integers(4)))
            for t in np.cumsum(rng.exponential(0.55, 4000))
        ]
        self._heart_times = np.array([h[0] for h in self._hearts])
        self._viewers = int(rng.integers(2000, 90000))
        self._cache: dict[tuple[str, int], tuple[Picture, Picture]] = {}

    def lay(self, picture: Picture, at: float) -> None:
        """Lay everything over ``picture`` (height, width, 3) as it is at ``at`` seconds."""
        for kind in self._kinds:
            match kind:
                case Overlay.BADGE:
                    self._badge(picture, at)
                case Overlay.CHAT:
                    self._chat(picture, at)
                case Overlay.BANNER:
                    self._banner(picture, at)
                case Overlay.GIFT:
                    self._gift(picture, at)
                case Overlay.HEARTS:
                    self._float(picture, at)

    def _badge(self, picture: Picture, at: float) -> None:
        u, step = self._unit, int(at // 3)
        key = ("badge", step)
        if key not in self._cache:
            self._forget("badge")
            sprite, mask = _panel(round(118 * u), round(24 * u), "1a1428", 0.5, round(11 * u))
            cv2.circle(sprite, (round(13 * u), round(12 * u)), round(4 * u), colour("ff3b5c"), -1, cv2.LINE_AA)
            cv2.circle(mask, (round(13 * u), round(12 * u)), round(4 * u), (255,) * 3, -1, cv2.LINE_AA)
            viewers = self._viewers + int(137 * np.sin(step * 1.7)) + 9 * step
            _text_over(sprite, mask, f"LIVE  {viewers:,}", round(23 * u), round(17 * u), "ffffff", round(13 * u), 600)
            self._cache[key] = sprite, mask
        _lay(picture, *self._cache[key], round(12 * u), round(12 * u))

    def _chat(self, picture: Picture, at: float) -> None:
        u = self._unit
        last = int(np.searchsorted(self._sent, at % (self._sent[-1] - 1), side="right")) - 1
        if last < 0:
            return
        age = at % (self._sent[-1] - 1) - self._sent[last]
        slide = 1 - float(smoothstep(age / 0.25))
        for row in range(6):
            k = last - row
            if k < 0:
                break
            sprite, mask = self._message(k)
            y = self._size[1] - round((18 + 25 * (row + 1) - 25 * slide) * u)
            fade = max(0.0, 1 - max(0.0, row - 3 + (1 - slide)) / 2.2) * (1.0 if row else 1 - slide)
            faded = mask if fade >= 1 else np.asarray(cv2.convertScaleAbs(mask, alpha=fade), np.uint8)
            _lay(picture, sprite, faded, round(12 * u), y)

    def _message(self, k: int) -> tuple[Picture, Picture]:
        key = ("chat", k)
        if key not in self._cache:
            self._forget("chat", keep=12)
            u = self._unit
            who, what = self._said[k]
            scratch = np.zeros((round(24 * u), round(300 * u), 3), np.uint8)
            middle = _width(f"{NAMES[who]} ", round(12 * u)) + round(9 * u)
            total = middle + _width(LINES[what], round(12 * u)) + round(9 * u)
            sprite, mask = _panel(min(total, scratch.shape[1]), round(22 * u), "1a1428", 0.5, round(10 * u))
            _text_over(sprite, mask, NAMES[who], round(9 * u), round(16 * u), INKS[who % len(INKS)], round(12 * u), 600)
            _text_over(sprite, mask, LINES[what], middle, round(16 * u), "ffffff", round(12 * u), 400)
            self._cache[key] = sprite, mask
        return self._cache[key]

    def _banner(self, picture: Picture, at: float) -> None:
        u = self._unit
        left = max(0, 299 - int(at) % 300)
        key = ("banner", left)
        if key not in self._cache:
            self._forget("banner")
            sprite, mask = _panel(round(158 * u), round(58 * u), "ff4d6d", 0.94, round(10 * u))
            cv2.circle(sprite, (round(27 * u), round(29 * u)), round(20 * u), colour("ffe08a"), -1, cv2.LINE_AA)
            _text_over(sprite, mask, "-30%", round(11 * u), round(34 * u), "c2183c", round(13 * u), 800)
            _text_over(sprite, mask, "限时特卖 SALE", round(53 * u), round(23 * u), "ffffff", round(12 * u), 700)
            _text_over(
                sprite,
                mask,
                f"¥199 → ¥139  {left // 60}:{left % 60:02d}",
                round(53 * u),
                round(43 * u),
                "fff3c4",
                round(9 * u),
                600,
            )
            self._cache[key] = sprite, mask
        bob = round(2.0 * u * np.sin(2 * np.pi * at / 1.6))
        _lay(picture, *self._cache[key], self._size[0] - round(170 * u), round(14 * u) + bob)

    def _gift(self, picture: Picture, at: float) -> None:
        u, t = self._unit, at % (self._gifts[-1] - 1)
        k = int(np.searchsorted(self._gifts, t, side="right")) - 1
        age = t - self._gifts[k] if k >= 0 else 9.0
        if age > 3.2:
            return
        key = ("gift", k)
        if key not in self._cache:
            self._forget("gift")
            sprite, mask = _panel(round(168 * u), round(38 * u), "7a3cff", 0.82, round(18 * u))
            _rocket(sprite, mask, u)
            _text_over(
                sprite, mask, f"{NAMES[k % len(NAMES)]}", round(42 * u), round(17 * u), "ffe08a", round(12 * u), 700
            )
            _text_over(
                sprite, mask, f"sent a rocket ×{1 + k % 9}", round(42 * u), round(31 * u), "ffffff", round(11 * u), 500
            )
            self._cache[key] = sprite, mask
        enter = float(smoothstep(age / 0.35)) - float(smoothstep((age - 2.8) / 0.4))
        _lay(picture, *self._cache[key], round((-190 + 202 * enter) * u), round(0.36 * self._size[1]))

    def _float(self, picture: Picture, at: float) -> None:
        """Hearts that rise at the lower right and fade."""
        u = self._unit
        t = at % (self._heart_times[-1] - 4)
        first, last = np.searchsorted(self._heart_times, (t - 2.6, t))
        for k in range(int(first), int(last)):
            born, side, pace, tone = self._hearts[k]
            age = (t - born) / 2.6
            x = self._size[0] - (34 - 16 * side * np.sin(3.0 * age * pace + side * 3)) * u
            y = self._size[1] - (22 + 190 * age * pace) * u
            size = round((8 + 4 * pace) * u * min(1.0, 6 * age))
            if size < 3:
                continue
            sprite, mask = self._heart(size, tone)
            faded = np.asarray(cv2.convertScaleAbs(mask, alpha=float(np.clip(1.6 - 1.6 * age, 0, 1))), np.uint8)
            _lay(picture, sprite, faded, round(x - size), round(y - size))

    def _heart(self, size: int, tone: int) -> tuple[Picture, Picture]:
        key = (f"heart{tone}", size)
        if key not in self._cache:
            raw = [
                (0, 0.9),
                (-0.85, 0.1),
                (-0.8, -0.55),
                (-0.35, -0.75),
                (0, -0.4),
                (0.35, -0.75),
                (0.8, -0.55),
                (0.85, 0.1),
            ]
            p = smooth(raw, density=6) * 4 * size + 4 * size
            mask = np.zeros((8 * size, 8 * size, 3), np.uint8)
            cv2.fillPoly(mask, [np.rint(p).astype(np.int32)], (255, 255, 255))
            sprite = np.empty((2 * size, 2 * size, 3), np.uint8)
            sprite[:] = colour(("ff5d8f", "ff9ac1", "ffd166", "b48cff")[tone])
            shine = ellipse(0.65 * size, 0.7 * size, 0.22 * size, 0.16 * size, tilt=-30, n=12)
            cv2.fillPoly(sprite, [np.rint(shine * 16).astype(np.int32)], (255, 255, 255), cv2.LINE_AA, 4)
            self._cache[key] = (
                sprite,
                np.asarray(cv2.resize(mask, (2 * size, 2 * size), interpolation=cv2.INTER_AREA), np.uint8),
            )
        return self._cache[key]

    def _forget(self, kind: str, keep: int = 0) -> None:
        """Drop what was drawn for ``kind`` earlier, but for the latest ``keep``."""
        old = sorted(k for k in self._cache if k[0] == kind)
        for key in old[: len(old) - keep] if keep else old:
            del self._cache[key]


@lru_cache(maxsize=256)
def _width(text: str, size: int) -> int:
    """How wide ``text`` is written, in pixels."""
    scratch = np.zeros((2 * size + 8, 40 * size, 3), np.uint8)
    cv2.putText(
        scratch, text.rstrip() + ("." if text.endswith(" ") else ""), (2, size + 4), (255, 255, 255), _font(), size, 600
    )
    lit = np.flatnonzero(scratch.any(axis=(0, 2)))
    return int(lit[-1]) + 2 if len(lit) else 0


def _rocket(sprite: Picture, mask: Picture, u: float) -> None:
    body = smooth([(0, -13), (5, -6), (5, 5), (3, 9), (-3, 9), (-5, 5), (-5, -6)], density=4)
    fins = np.array([(-4, 3), (-9, 11), (-4, 9), (4, 9), (9, 11), (4, 3)], np.float64)
    flame = smooth([(-3, 10), (3, 10), (0, 18)], density=4)
    c, s = np.cos(0.6), np.sin(0.6)
    turn = np.array([[c, s], [-s, c]])
    for p, code in ((flame, "ffb02e"), (fins, "ff5d6c"), (body, "ffffff"), (ellipse(0, -3, 2.4, 2.4, n=12), "4db8ff")):
        q = np.rint(((p @ turn) * u + (20 * u, 19 * u)) * 16).astype(np.int32)
        cv2.fillPoly(sprite, [q], colour(code), cv2.LINE_AA, 4)
        cv2.fillPoly(mask, [q], (255, 255, 255), cv2.LINE_AA, 4)
