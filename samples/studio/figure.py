"""A figure: all shapes of one avatar in one array, bent, turned and projected together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samples.studio.geometry import Points
from samples.studio.shape import BONES, Shape

__all__ = ["Bone", "Figure", "Outline"]

FOCAL = 7.5  # distance of the eye from the head's centre, in head radii
FIXED = 16  # cv2 takes coordinates in sixteenths of a pixel (shift=4)

Polygon = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Bone:
    """Where a bone is: ``turn`` (3, 3) applied first, then ``move`` (3,)."""

    turn: Points
    move: Points


@dataclass(frozen=True, slots=True)
class Outline:
    """One shape on the screen: polygon and its inked outside in sixteenths of a pixel; what it covers, in pixels."""

    inner: Polygon
    outer: Polygon
    low: list[int]  # leftmost column and topmost row
    high: list[int]


class Figure:
    """The shapes of an avatar, compiled for speed; ``project`` places them for one moment."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self.shapes = shapes = tuple(_wound(s) for s in shapes)
        sizes = [len(s.points) for s in shapes]
        ends = np.cumsum(sizes)
        self._slices = [slice(int(e - n), int(e)) for e, n in zip(ends, sizes, strict=True)]
        self._starts = np.array([s.start for s in self._slices])
        self._base = np.vstack([s.points for s in shapes])
        names = sorted({name for s in shapes for name in s.morphs})
        self._morphs = {name: self._gather(name) for name in names}
        rows = [np.arange(s.start, s.stop) for s in self._slices]
        self._previous = np.concatenate([np.roll(r, 1) for r in rows])
        self._next = np.concatenate([np.roll(r, -1) for r in rows])
        self._ink = np.concatenate([np.zeros(n) + s.ink for s, n in zip(shapes, sizes, strict=True)])
        self._bones: dict[str, slice | NDArray[np.intp]] = {
            b: self._where(b) for b in BONES if any(s.bone == b for s in shapes)
        }
        skin = np.concatenate([np.zeros(len(s.points)) if s.skin is None else s.skin for s in shapes])
        self._skinned = np.flatnonzero(skin)
        self._skin = skin[self._skinned][:, None]

    @property
    def channels(self) -> frozenset[str]:
        """Names of the morph channels that this figure answers to."""
        return frozenset(self._morphs)

    def project(
        self, bones: Mapping[str, Bone], channels: Mapping[str, float], centre: tuple[float, float], scale: float
    ) -> list[Outline]:
        """Outlines of all shapes in drawing order; ``centre`` of the resting head and ``scale`` in pixels."""
        rest = self._base.copy()
        for name, (rows, deltas) in self._morphs.items():
            amount = channels.get(name, 0.0)
            if amount:
                rest[rows] += amount * deltas
        placed = np.empty_like(rest)
        for name, bound in self._bones.items():
            bone = bones[name]
            placed[bound] = rest[bound] @ bone.turn.T + bone.move
        if len(self._skinned):
            body = rest[self._skinned] @ bones["body"].turn.T + bones["body"].move
            placed[self._skinned] += self._skin * (body - placed[self._skinned])
        flat = placed[:, :2] * (scale * FOCAL / (FOCAL - placed[:, 2]))[:, None] + centre
        along = flat[self._next] - flat[self._previous]
        along /= np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9
        outside = flat + np.stack([along[:, 1], -along[:, 0]], axis=1) * (self._ink * scale)[:, None]
        inner = np.rint(flat * FIXED).astype(np.int32)
        outer = np.rint(outside * FIXED).astype(np.int32)
        low = np.minimum.reduceat(outer, self._starts) // FIXED - 2
        high = np.maximum.reduceat(outer, self._starts) // FIXED + 3
        boxes = zip(self._slices, low.tolist(), high.tolist(), strict=True)
        return [Outline(inner[s], outer[s], a, b) for s, a, b in boxes]

    def _gather(self, name: str) -> tuple[NDArray[np.intp], Points]:
        rows, deltas = [], []
        for shape, where in zip(self.shapes, self._slices, strict=True):
            if name in shape.morphs:
                rows.append(np.arange(where.start, where.stop))
                deltas.append(shape.morphs[name])
        return np.concatenate(rows), np.vstack(deltas)

    def _where(self, bone: str) -> slice | NDArray[np.intp]:
        rows = np.concatenate(
            [np.arange(w.start, w.stop) for s, w in zip(self.shapes, self._slices, strict=True) if s.bone == bone]
        )
        return slice(int(rows[0]), int(rows[-1]) + 1) if rows[-1] - rows[0] + 1 == len(rows) else rows


def _area(points: Points) -> float:
    x, y = points[:, 0], points[:, 1]
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _wound(shape: Shape) -> Shape:
    """The same shape in the winding whose normals point outwards."""
    if _area(shape.points) >= 0:
        return shape
    ink = shape.ink if isinstance(shape.ink, float) else shape.ink[::-1]
    morphs = {name: moved[::-1] for name, moved in shape.morphs.items()}
    skin = None if shape.skin is None else shape.skin[::-1]
    return replace(shape, points=shape.points[::-1], ink=ink, morphs=morphs, skin=skin)
