"""Training pictures for the encoder: one avatar's head and bust on a small square, spoilt in every way we know."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.sight import BUST_DROP, BUST_SIDE, CROP, OUTSIDE
from monitor.observers.likeness.training import spoil
from monitor.observers.likeness.training.pictures import Pictures

HUES = (0.0, 80.0, 180.0, 270.0)  # the same model in other colours is another avatar, and a hard negative


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """``pictures`` (N, CROP, CROP, 3) uint8 BGR; ``classes`` (N,) person x hue."""

    pictures: NDArray[np.uint8]
    classes: NDArray[np.int64]


def batches(
    pictures: Pictures, rows: NDArray[np.int64], classes: NDArray[np.int64], *, size: int, seed: int
) -> Iterator[Batch]:
    """Endless training batches from the given ``rows``; ``classes`` numbers each row's person densely from 0."""
    rng = np.random.default_rng(seed)
    while True:
        picks = rng.integers(len(rows), size=size)
        hues = np.where(rng.random(size) < 0.7, 0, rng.integers(1, len(HUES), size))
        tiles = np.stack([crop(rng, pictures, int(rows[p]), HUES[int(h)]) for p, h in zip(picks, hues, strict=True)])
        if rng.random() < 0.5:
            tiles = spoil.h264_tiles(rng, tiles)
        yield Batch(pictures=tiles, classes=classes[picks] * len(HUES) + hues)


def crop(rng: np.random.Generator, pictures: Pictures, row: int, hue: float) -> NDArray[np.uint8]:
    """One picture as the locator would have cut it out of a frame, with the locator's errors."""
    x, y, w, h = pictures.boxes[row]
    side = BUST_SIDE * max(w, h) * np.exp(rng.normal(0, 0.09))
    centre = (
        x + w / 2 + rng.normal(0, 0.05) * side,
        y + h / 2 + BUST_DROP * side + rng.normal(0, 0.05) * side,
    )
    mirrored = rng.random() < 0.5
    matrix = spoil.placing(centre, CROP / side, rng.normal(0, 4), mirrored, (CROP / 2, CROP / 2))
    layer = np.array(cv2.warpAffine(pictures.pixels[row], matrix, (CROP, CROP)), dtype=np.uint8)
    if hue:
        layer[..., :3] = np.minimum(cv2.transform(layer[..., :3], spoil.hue_turn(hue)), layer[..., 3:])
    if rng.random() < 0.15:
        _dress(rng, layer, (y + h - centre[1]) * CROP / side + CROP / 2)
    background = pictures.backgrounds[int(rng.integers(len(pictures.backgrounds)))]
    out = spoil.lay(spoil.patch_of(rng, background, CROP), layer)
    out = spoil.light(rng, out)
    _cover(rng, out, pictures)
    out = spoil.soften(rng, out, least=0.25)
    _frame(rng, out, spoil.edge_of_picture(matrix))
    return spoil.jpeg(rng, out) if rng.random() < 0.25 else out


def _dress(rng: np.random.Generator, layer: NDArray[np.uint8], chin: float) -> None:
    """Other clothes: another hue for everything below the chin."""
    top = int(np.clip(chin + 2, 0, CROP))
    body = layer[top:]
    if body.size:
        turned = cv2.transform(body[..., :3], spoil.hue_turn(rng.uniform(30, 330)))
        body[..., :3] = np.minimum(turned, body[..., 3:])


def _cover(rng: np.random.Generator, out: NDArray[np.uint8], pictures: Pictures) -> None:
    """Overlays, and in one picture of five something solid over 5 to 50 % of it."""
    spoil.overlays(rng, out, often=0.15)
    if rng.random() < 0.2:
        share = rng.uniform(0.05, 0.5)
        w = int(CROP * np.clip(share * rng.uniform(1, 2), 0.1, 1))
        h = int(min(CROP, share * CROP * CROP / w))
        x, y = int(rng.integers(CROP - w + 1)), int(rng.integers(CROP - h + 1))
        if rng.random() < 0.5:
            cover = pictures.backgrounds[int(rng.integers(len(pictures.backgrounds)))]
            out[y : y + h, x : x + w] = spoil.patch_of(rng, cover, CROP)[:h, :w]
        else:
            out[y : y + h, x : x + w] = rng.integers(0, 256, 3)


def _frame(rng: np.random.Generator, out: NDArray[np.uint8], bottom: float) -> None:
    """The frame's own edge: outside of it the runtime fills grey."""
    if bottom < CROP and rng.random() < 0.7:
        out[max(int(bottom), CROP // 2) :] = OUTSIDE
    elif rng.random() < 0.15:
        out[CROP - int(rng.integers(1, CROP // 3)) :] = OUTSIDE
    if rng.random() < 0.1:
        out[: int(rng.integers(1, CROP // 5))] = OUTSIDE
    if rng.random() < 0.1:
        edge = int(rng.integers(1, CROP // 4))
        out[:, slice(None, edge) if rng.random() < 0.5 else slice(CROP - edge, None)] = OUTSIDE
