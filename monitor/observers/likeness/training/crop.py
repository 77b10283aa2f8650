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
HIDDEN = 0.33  # share of pictures with a card over part of the head
COMPANY = 0.22  # share of pictures with another avatar behind


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
    """One picture as the locator would have cut it out of a frame, with the locator's errors.

    In a third of the pictures part of the head is hidden; there the locator errs twice as far.
    """
    x, y, w, h = pictures.boxes[row]
    hidden = rng.random() < HIDDEN
    away = 0.07 if hidden else 0.045
    side = BUST_SIDE * max(w, h) * np.exp(rng.normal(-0.03, 0.18 if hidden else 0.12))
    centre = (
        x + w / 2 + rng.normal(0, away) * side,
        y + h / 2 + BUST_DROP * side + rng.normal(0, away) * side,
    )
    mirrored = rng.random() < 0.5
    matrix = spoil.placing(centre, CROP / side, rng.normal(0, 4), mirrored, (CROP / 2, CROP / 2))
    layer = np.array(cv2.warpAffine(pictures.pixels[row], matrix, (CROP, CROP)), dtype=np.uint8)
    if hue:
        layer[..., :3] = np.minimum(cv2.transform(layer[..., :3], spoil.hue_turn(hue)), layer[..., 3:])
    if rng.random() < 0.15:
        _dress(rng, layer, (y + h - centre[1]) * CROP / side + CROP / 2)
    background = pictures.backgrounds[int(rng.integers(len(pictures.backgrounds)))]
    out = spoil.patch_of(rng, background, CROP)
    if rng.random() < COMPANY:
        out = _company(rng, pictures, out)
    out = spoil.light(rng, spoil.lay(out, layer))
    _cover(rng, out, pictures)
    if hidden:
        middle = matrix @ (x + w / 2, y + h / 2, 1)
        _hide(rng, out, (middle[0], middle[1], w * CROP / side, h * CROP / side), pictures)
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


def _company(rng: np.random.Generator, pictures: Pictures, out: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A smaller avatar that stands somewhere behind."""
    row = int(rng.integers(len(pictures.boxes)))
    x, y, w, h = (float(v) for v in pictures.boxes[row])
    scale = rng.uniform(0.25, 0.7) * CROP / BUST_SIDE / max(w, h)
    onto = (rng.uniform(0, CROP), rng.uniform(0.1, 0.9) * CROP)
    matrix = spoil.placing((x + w / 2, y + h / 2), scale, 0.0, rng.random() < 0.5, onto)
    return spoil.lay(out, np.asarray(cv2.warpAffine(pictures.pixels[row], matrix, (CROP, CROP)), dtype=np.uint8))


def _cover(rng: np.random.Generator, out: NDArray[np.uint8], pictures: Pictures) -> None:
    """Overlays, and in one picture of eight something solid over 5 to 50 % of it."""
    spoil.overlays(rng, out, often=0.2)
    if rng.random() < 0.12:
        share = rng.uniform(0.05, 0.5)
        w = int(CROP * np.clip(share * rng.uniform(1, 2), 0.1, 1))
        h = int(min(CROP, share * CROP * CROP / w))
        _card(rng, out, (int(rng.integers(CROP - w + 1)), int(rng.integers(CROP - h + 1)), w, h), pictures)


def _hide(
    rng: np.random.Generator, out: NDArray[np.uint8], head: tuple[float, float, float, float], pictures: Pictures
) -> None:
    """A card over 30 to 60 % of the head, from one of its sides; ``head``: middle x, y, width and height."""
    x, y, w, h = head
    share = rng.uniform(0.3, 0.6)
    wide, high = ((1.0, share), (share, 1.0))[int(rng.integers(2))]
    left = x - w / 2 + rng.choice([0.0, w * (1 - wide)]) + rng.normal(0, 0.05) * w
    top = y - h / 2 + rng.choice([0.0, h * (1 - high)]) + rng.normal(0, 0.05) * h
    _card(rng, out, (round(left), round(top), round(w * wide), round(h * high)), pictures)


def _card(rng: np.random.Generator, out: NDArray[np.uint8], box: tuple[int, int, int, int], pictures: Pictures) -> None:
    """Something opaque in ``box`` (x, y, w, h): a panel with text, a picture or a colour."""
    x, y, w, h = box
    spot = out[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)]
    kind = rng.random()
    if kind < 0.5:
        spoil.panel(rng, out, box, 1.0)
    elif kind < 0.8:
        cover = pictures.backgrounds[int(rng.integers(len(pictures.backgrounds)))]
        spot[:] = spoil.patch_of(rng, cover, CROP)[: spot.shape[0], : spot.shape[1]]
    else:
        spot[:] = rng.integers(0, 256, 3)


def _frame(rng: np.random.Generator, out: NDArray[np.uint8], bottom: float) -> None:
    """The frame's own edge: outside of it the runtime fills grey."""
    if bottom < CROP and rng.random() < 0.7:
        out[max(int(bottom), CROP // 2) :] = OUTSIDE
    elif rng.random() < 0.15:
        out[CROP - int(rng.integers(1, CROP // 3)) :] = OUTSIDE
    if rng.random() < 0.12:
        out[: int(rng.integers(1, CROP * 2 // 5))] = OUTSIDE
    if rng.random() < 0.15:
        edge = int(rng.integers(1, CROP * 2 // 5))
        out[:, slice(None, edge) if rng.random() < 0.5 else slice(CROP - edge, None)] = OUTSIDE
