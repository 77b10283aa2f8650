"""Whole frames with avatars in them, for the locator and for the harder test."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.training import spoil
from monitor.observers.likeness.training.backdrop import backdrop
from monitor.observers.likeness.training.pictures import SIDE, Pictures

SIZES = ((288, 160), (288, 160), (288, 160), (160, 288), (288, 224), (288, 288))  # as sight.Locator scales frames
STRIDE = 8  # pixels to a cell of the locator's map
UNIT = 32.0  # box distances are learnt in units of so many pixels
HIDDEN = 0.3  # share of training frames with a card over part of the front head


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A frame (H, W, 3) uint8 BGR and the head boxes (n, 4) x, y, w, h of the avatars in it."""

    frame: NDArray[np.uint8]
    boxes: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """``pictures`` (N, H, W, 3) uint8; ``heat`` (N, H/8, W/8); ``edges`` (N, 4, H/8, W/8); ``weight`` like heat."""

    pictures: NDArray[np.uint8]
    heat: NDArray[np.float32]
    edges: NDArray[np.float32]
    weight: NDArray[np.float32]


def batches(pictures: Pictures, rows: NDArray[np.int64], *, size: int, seed: int) -> Iterator[Batch]:
    """Endless training batches; all frames of one batch have one size."""
    rng = np.random.default_rng(seed)
    while True:
        width, height = SIZES[int(rng.integers(len(SIZES)))]
        scenes = []
        for _ in range(size):
            count = int(rng.choice([0, 1, 2, 3], p=[0.06, 0.56, 0.28, 0.1]))
            cast = [int(r) for r in rng.choice(rows, count)]
            scenes.append(_spoilt(rng, stage(rng, pictures, cast, (width, height))))
        targets = [target(s) for s in scenes]
        yield Batch(
            pictures=np.stack([s.frame for s in scenes]),
            heat=np.stack([t[0] for t in targets]),
            edges=np.stack([t[1] for t in targets]),
            weight=np.stack([t[2] for t in targets]),
        )


def stage(
    rng: np.random.Generator,
    pictures: Pictures,
    cast: Sequence[int],
    size: tuple[int, int],
    *,
    heads: tuple[float, float] = (0.11, 0.95),
    spread: float = 0.22,
) -> Scene:
    """Put the pictures of rows ``cast`` before a background, the first one last, that is, in front.

    The longer side of the front head is ``heads`` (least, most) of the frame's shorter side; the
    others' are at most 0.7 of it. ``spread`` is the standard deviation of its place, in frame sizes.
    """
    width, height = size
    frame = backdrop(rng, pictures, size)
    boxes: list[tuple[float, float, float, float]] = []
    front = min(size) * (rng.uniform(*heads) if rng.random() < 0.5 else np.exp(rng.uniform(*np.log(heads))))
    for number, row in reversed(list(enumerate(cast))):
        head = front if number == 0 else front * rng.uniform(0.25, 0.7)
        head = max(head, 0.07 * min(size))
        onto = (
            float(np.clip(rng.normal(0.5, spread if number == 0 else 0.35), 0.06, 0.94)) * width,
            float(np.clip(rng.normal(0.45, spread), 0.08, 0.92)) * height,
        )
        frame, box = _enter(rng, pictures, row, frame, head, onto)
        boxes.append(box)
    return Scene(frame=frame, boxes=np.array(boxes[::-1], dtype=np.float32).reshape(-1, 4))


def _in_sight(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of the heads (front first) those that no single one before them hides by more than half."""
    kept: list[NDArray[np.float32]] = []
    for box in boxes:
        low, high = box[:2], box[:2] + box[2:]
        shared = [np.clip(np.minimum(high, k[:2] + k[2:]) - np.maximum(low, k[:2]), 0, None).prod() for k in kept]
        if max(shared, default=0.0) <= 0.5 * box[2:].prod():
            kept.append(box)
    return np.array(kept, dtype=np.float32).reshape(-1, 4)


def _enter(
    rng: np.random.Generator,
    pictures: Pictures,
    row: int,
    frame: NDArray[np.uint8],
    head: float,
    onto: tuple[float, float],
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    height, width = frame.shape[:2]
    x, y, w, h = (float(v) for v in pictures.boxes[row])
    mirrored = rng.random() < 0.5
    turn = rng.normal(0, 4)
    scale = head / max(w, h)
    matrix = spoil.placing((x + w / 2, y + h / 2), scale, turn, mirrored, onto)
    gap = height - spoil.edge_of_picture(matrix)
    if 0 < gap < 0.4 * height and rng.random() < 0.7:  # a bust that stands on the frame's edge
        onto = (onto[0], min(onto[1] + gap, 0.92 * height))
        matrix = spoil.placing((x + w / 2, y + h / 2), scale, turn, mirrored, onto)
    source = pictures.pixels[row]
    if scale < 0.5:  # warpAffine does not filter when it shrinks
        small = round(SIDE * scale)
        source = cv2.resize(source, (small, small), interpolation=cv2.INTER_AREA)
        matrix = matrix.copy()
        matrix[:, :2] *= SIDE / small
    layer = np.asarray(cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR), dtype=np.uint8)
    return spoil.lay(frame, layer), (onto[0] - w * scale / 2, onto[1] - h * scale / 2, w * scale, h * scale)


def _spoilt(rng: np.random.Generator, scene: Scene) -> Scene:
    frame = scene.frame
    frame = spoil.light(rng, frame) if rng.random() < 0.7 else frame
    frame = np.ascontiguousarray(frame)
    spoil.overlays(rng, frame, often=0.3)
    if len(scene.boxes) and rng.random() < HIDDEN:
        _hide(rng, frame, scene.boxes[0])
    frame = spoil.soften(rng, frame, least=0.5)
    if rng.random() < 0.3:
        frame = spoil.jpeg(rng, frame)
    elif rng.random() < 0.25:
        options = {"preset": "ultrafast", "tune": "zerolatency", "qp": str(int(rng.integers(24, 40)))}
        frame = spoil.h264([frame], options)[0]
    return Scene(frame=frame, boxes=_in_sight(scene.boxes))


def _hide(rng: np.random.Generator, frame: NDArray[np.uint8], box: NDArray[np.float32]) -> None:
    """A card over part of the head ``box``: over 30 to 60 % of it from one of its sides, or anywhere on it."""
    x, y, w, h = (float(v) for v in box)
    share = rng.uniform(0.3, 0.6)
    if rng.random() < 0.6:
        wide, high = ((1.0, share), (share, 1.0))[int(rng.integers(2))]
        left, top = x + rng.choice([0.0, w * (1 - wide)]), y + rng.choice([0.0, h * (1 - high)])
    else:
        wide = high = share
        left, top = x + rng.uniform(-0.2, 1 - share) * w, y + rng.uniform(0, 1 - share) * h
    spoil.panel(rng, frame, (round(left), round(top), round(w * wide), round(h * high)), 1.0)


def target(scene: Scene) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What the locator should answer: heat (1 at a centre), edges and where the edges count."""
    rows, columns = (n // STRIDE for n in scene.frame.shape[:2])
    heat = np.zeros((rows, columns), np.float32)
    weight = np.zeros((rows, columns), np.float32)
    edges = np.zeros((4, rows, columns), np.float32)
    down, right = (np.mgrid[:rows, :columns] + 0.5) * STRIDE
    for x, y, w, h in scene.boxes[::-1]:
        spread_x, spread_y = 0.13 * w + 2.5, 0.13 * h + 2.5
        bump = np.exp(-(((right - x - w / 2) / spread_x) ** 2 + ((down - y - h / 2) / spread_y) ** 2) / 2)
        peak = np.unravel_index(np.argmax(bump), bump.shape)
        bump = bump / bump[peak]
        near = bump > 0.5
        distances = np.stack([right - x, down - y, x + w - right, y + h - down]) / UNIT
        edges[:, near] = np.log(np.maximum(distances, 0.02))[:, near]
        weight[near] = bump[near]
        heat = np.maximum(heat, bump).astype(np.float32)
    return heat, edges, weight
