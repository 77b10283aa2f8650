"""The locator: where on a picture the heads of avatars are, whatever style they are drawn in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from monitor.observers.likeness import model
from monitor.observers.likeness.scaling import shrunk

DEFAULT = Path(__file__).with_name("locator.onnx")
LONGER_SIDE = 288  # pixels of the scaled picture that the network sees
STRIDE = 8  # pixels to a cell of its map
UNIT = 32.0  # distances come in units of so many pixels
_MULTIPLE = 32  # both sides of the scaled picture are multiples of this


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An upright box in pixels: left, top, width and height; parts of it may lie outside of the picture."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> tuple[float, float]:
        """x, y of the middle."""
        return self.x + self.w / 2, self.y + self.h / 2

    def within(self, picture: NDArray[np.uint8]) -> tuple[float, float, float, float]:
        """Left, top, width and height in widths and heights of ``picture`` (H, W, …), whatever its resolution."""
        height, width = picture.shape[:2]
        return self.x / width, self.y / height, self.w / width, self.h / height

    def overlap(self, other: "Box") -> float:
        """Area of the intersection over area of the union, 0..1."""
        w = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        h = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        shared = max(0.0, w) * max(0.0, h)
        whole = self.w * self.h + other.w * other.h - shared
        return shared / whole if whole > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head that was found: its box and how sure the locator is, 0..1."""

    box: Box
    confidence: float


class Locator:
    """Finds heads on pictures of any size and aspect, on one CPU core."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    @classmethod
    def load(cls) -> Self:
        """The weights that come with the package."""
        return cls(model.session(model.contents(DEFAULT), DEFAULT.name))

    def heads(self, picture: NDArray[np.uint8], *, least: float, most: int = 4) -> list[Head]:
        """Up to ``most`` heads on ``picture`` (H, W, 3) BGR with a confidence of at least ``least``, surest first."""
        height, width = picture.shape[:2]
        seen = shrunk(picture, scaled(width, height))
        answer = self._session.run(None, {self._input: seen[None]})[0][0]
        across, down = width / seen.shape[1], height / seen.shape[0]
        found: list[Head] = []
        for row, column, confidence in _peaks(answer[0], least):
            box = _box(answer[1:, row, column], row, column, across, down)
            if all(box.overlap(other.box) < 0.4 for other in found):
                found.append(Head(box=box, confidence=confidence))
            if len(found) == most:
                break
        return found


def scaled(width: int, height: int) -> tuple[int, int]:
    """Width and height that the network sees a picture of ``width`` x ``height`` at."""
    share = LONGER_SIDE / max(width, height)
    sides = [max(_MULTIPLE, round(n * share / _MULTIPLE) * _MULTIPLE) for n in (width, height)]
    return sides[0], sides[1]


def _peaks(logits: NDArray[np.float32], least: float) -> list[tuple[int, int, float]]:
    """Cells that no neighbour exceeds and whose confidence is at least ``least``, highest first."""
    highest = cv2.dilate(logits, np.ones((3, 3), np.uint8))
    edge = np.log(least / (1 - least))
    rows, columns = np.nonzero((logits >= highest) & (logits >= edge))
    order = np.argsort(-logits[rows, columns], kind="stable")
    return [(int(rows[n]), int(columns[n]), float(1 / (1 + np.exp(-logits[rows[n], columns[n]])))) for n in order[:16]]


def _box(edges: NDArray[np.float32], row: int, column: int, across: float, down: float) -> Box:
    left, top, right, bottom = (float(v) for v in np.exp(edges) * UNIT)
    x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
    return Box(x=(x - left) * across, y=(y - top) * down, w=(left + right) * across, h=(top + bottom) * down)
