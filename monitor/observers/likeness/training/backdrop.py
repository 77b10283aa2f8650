"""What stands behind an avatar: parts of the set's drawn backgrounds, and patterns drawn anew each time."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.training.pictures import Pictures

Rng = np.random.Generator
Size = tuple[int, int]


def backdrop(rng: Rng, pictures: Pictures, size: Size) -> NDArray[np.uint8]:
    """A background of ``size`` (width, height), half of the time drawn here."""
    if rng.random() < 0.5:
        out = PATTERNS[int(rng.integers(len(PATTERNS)))](rng, size)
    else:
        whole = pictures.backgrounds[int(rng.integers(len(pictures.backgrounds)))]
        h, w = (int(rng.uniform(0.4, 1) * n) for n in whole.shape[:2])
        y, x = int(rng.integers(whole.shape[0] - h + 1)), int(rng.integers(whole.shape[1] - w + 1))
        out = np.asarray(cv2.resize(whole[y : y + h, x : x + w], size), dtype=np.uint8)
    return out if rng.random() < 0.5 else np.ascontiguousarray(out[:, ::-1])


def gradient(rng: Rng, size: Size) -> NDArray[np.uint8]:
    """From one colour to another, in a random direction; one colour in a picture of four."""
    first, second = _colour(rng), _colour(rng)
    if rng.random() < 0.25:
        second = first
    angle = rng.uniform(0, 2 * np.pi)
    steps = np.linspace(-0.5, 0.5, 24)
    share = (0.5 + steps[None, :] * np.cos(angle) + steps[:, None] * np.sin(angle))[..., None].clip(0, 1)
    coarse = np.array(first) * (1 - share) + np.array(second) * share
    return np.asarray(cv2.resize(coarse.astype(np.float32), size), dtype=np.uint8)


def stripes(rng: Rng, size: Size) -> NDArray[np.uint8]:
    """Bands of any width and direction, sharp or soft, over a gradient."""
    width, height = size
    angle = rng.uniform(0, np.pi)
    across = np.arange(width)[None, :] * np.cos(angle) + np.arange(height)[:, None] * np.sin(angle)
    wave = np.sin(across * 2 * np.pi / rng.uniform(0.03, 0.4) / max(size) + rng.uniform(0, 6))
    band = (wave * rng.choice([1.0, 8.0])).clip(-1, 1)[..., None] * rng.uniform(5, 70)
    return np.asarray(np.clip(gradient(rng, size) + band, 0, 255), dtype=np.uint8)


def checks(rng: Rng, size: Size) -> NDArray[np.uint8]:
    """A chequered or ruled surface."""
    out = gradient(rng, size)
    step = int(rng.uniform(0.03, 0.25) * max(size)) + 2
    ink = _colour(rng)
    if rng.random() < 0.5:
        rows, columns = np.indices(out.shape[:2]) // step
        out[(rows + columns) % 2 == 0] = ink
        return out
    thick = int(rng.integers(1, 1 + max(2, step // 5)))
    for x in range(int(rng.integers(step)), size[0], step):
        cv2.line(out, (x, 0), (x, size[1]), ink, thick)
    for y in range(int(rng.integers(step)), size[1], step):
        cv2.line(out, (0, y), (size[0], y), ink, thick)
    return out


def shapes(rng: Rng, size: Size) -> NDArray[np.uint8]:
    """Discs, rings, boxes, ovals and polygons of any size, opaque or not: much that is no head."""
    out = gradient(rng, size)
    for _ in range(int(rng.integers(3, 30))):
        layer = out.copy()
        x, y = (int(rng.integers(n)) for n in size)
        reach = int(np.exp(rng.uniform(np.log(0.02), np.log(0.35))) * max(size)) + 2
        ink, thick = _colour(rng), int(rng.choice([-1, -1, 1, 3]))
        match int(rng.integers(4)):
            case 0:
                cv2.circle(layer, (x, y), reach // 2, ink, thick, cv2.LINE_AA)
            case 1:
                cv2.rectangle(layer, (x, y), (x + reach, y + int(reach * rng.uniform(0.3, 2))), ink, thick)
            case 2:
                cv2.ellipse(
                    layer,
                    (x, y),
                    (reach // 2, int(reach * rng.uniform(0.3, 1))),
                    rng.uniform(0, 180),
                    0,
                    360,
                    ink,
                    thick,
                    cv2.LINE_AA,
                )
            case _:
                corners = np.array([x, y]) + rng.integers(-reach, reach + 1, (int(rng.integers(3, 7)), 2))
                cv2.fillPoly(layer, [corners.astype(np.int32)], ink)
        share = rng.uniform(0.3, 1)
        out = np.asarray(cv2.addWeighted(layer, share, out, 1 - share, 0), dtype=np.uint8)
    return out


def clouds(rng: Rng, size: Size) -> NDArray[np.uint8]:
    """Coloured noise with structure at several scales, as photographs out of focus have."""
    out = np.zeros((size[1], size[0], 3), np.float32)
    for cells in (3, 6, 12, 40):
        grid = rng.normal(0, 1, (cells, cells * 2, 3)).astype(np.float32)
        grid = grid.mean(axis=2, keepdims=True) * 0.7 + grid * 0.3
        out += cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC) * rng.uniform(5, 60) / cells**0.5
    return np.asarray(np.clip(out + gradient(rng, size), 0, 255), dtype=np.uint8)


PATTERNS: tuple[Callable[[Rng, Size], NDArray[np.uint8]], ...] = (gradient, stripes, checks, shapes, clouds)


def _colour(rng: Rng) -> tuple[int, int, int]:
    b, g, r = rng.integers(0, 256, 3) if rng.random() < 0.6 else np.clip(rng.normal(rng.uniform(0, 255), 15, 3), 0, 255)
    return int(b), int(g), int(r)
