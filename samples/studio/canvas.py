"""Paints the outlines of a figure onto a picture, at twice its size, then shrinks it: smooth edges for little time."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.studio.figure import FIXED, Figure, Outline
from samples.studio.shape import Colour, Ramp, Shape, colour

__all__ = ["OVERSAMPLING", "Box", "Canvas", "Picture"]

OVERSAMPLING = 2
SHIFT = FIXED.bit_length() - 1

Picture = NDArray[np.uint8]
Box = tuple[slice, slice]


class Canvas:
    """Paints one figure at one scale; keeps the textures and scratch masks that this takes."""

    def __init__(self, figure: Figure, width: int, height: int, scale: float) -> None:
        self._figure, self._scale = figure, scale
        self._size = (height, width)
        self._mask = np.zeros((height, width), np.uint8)
        self._index = {s.name: i for i, s in enumerate(figure.shapes) if s.name}
        self._colours = [colour(s.paint) if isinstance(s.paint, str) else (0, 0, 0) for s in figure.shapes]
        self._inks = [None if s.line is None else colour(s.line) for s in figure.shapes]
        self._textures: dict[int, Picture] = {}
        paints = [s.paint for s in figure.shapes]
        self._anchors = [paints.index(p) for p in paints]
        self._runs = _runs(figure.shapes)

    def paint(
        self,
        picture: Picture,
        outlines: Sequence[Outline],
        channels: Mapping[str, float],
    ) -> None:
        """Paint ``outlines`` into ``picture`` (height, width, 3)."""
        for clip, members in self._runs:
            shown = [i for i in members if self._shown(i, channels)]
            if not shown:
                continue
            if not clip:
                for i in shown:
                    self._one(picture, i, outlines)
                continue
            stencil = outlines[self._index[clip]]
            box = self._box([stencil, *(outlines[i] for i in shown)])
            if box is None:
                continue
            kept = picture[box].copy()
            for i in shown:
                self._one(picture, i, outlines)
            self._mask[box] = 255
            cv2.fillPoly(self._mask, [stencil.inner], 0, cv2.LINE_8, SHIFT)
            cv2.copyTo(kept, self._mask[box], picture[box])

    def _shown(self, i: int, channels: Mapping[str, float]) -> bool:
        shape = self._figure.shapes[i]
        if not shape.drawn:
            return False
        return shape.when is None or channels.get(shape.when[0], 0.0) > shape.when[1]

    def _one(self, picture: Picture, i: int, outlines: Sequence[Outline]) -> None:
        outline, shape, ink = outlines[i], self._figure.shapes[i], self._inks[i]
        if shape.alpha < 1 or shape.blur:
            self._veil(picture, shape, self._colours[i], outline)
            return
        if ink is not None:
            cv2.fillPoly(picture, [outline.outer], ink, cv2.LINE_AA, SHIFT)
        if isinstance(shape.paint, str):
            cv2.fillPoly(picture, [outline.inner], self._colours[i], cv2.LINE_AA, SHIFT)
            return
        box = self._box([outline])
        if box is None:
            return
        mask = self._mask[box]
        mask[:] = 0
        cv2.fillPoly(self._mask, [outline.inner], 255, cv2.LINE_8, SHIFT)
        texture = self._texture(i, shape.paint, outlines, box)
        cv2.copyTo(texture, mask, picture[box])

    def _veil(self, picture: Picture, shape: Shape, paint: Colour, outline: Outline) -> None:
        """A see-through or soft-edged shape."""
        soft = int(shape.blur * self._scale)
        box = self._box([outline], margin=2 * soft)
        if box is None:
            return
        mask = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.uint8)
        corner = np.array([box[1].start, box[0].start], np.int32) * FIXED
        cv2.fillPoly(mask, [outline.inner - corner], round(255 * shape.alpha), cv2.LINE_AA, SHIFT)
        if soft:
            mask = np.asarray(cv2.blur(cv2.blur(mask, (2 * soft + 1, 2 * soft + 1)), (soft + 1, soft + 1)), np.uint8)
        part = picture[box]
        share = cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR)
        keep = cv2.multiply(part, cv2.bitwise_not(share), scale=1 / 255)
        tone = cv2.multiply(share, np.array([*paint, 0], np.float64), scale=1 / 255)
        cv2.add(keep, tone, part)

    def _box(self, outlines: Sequence[Outline], *, margin: int = 0) -> Box | None:
        """The rows and columns that ``outlines`` cover, or None where that is nothing of the picture."""
        x0 = max(0, min(o.low[0] for o in outlines) - margin)
        y0 = max(0, min(o.low[1] for o in outlines) - margin)
        x1 = min(self._size[1], max(o.high[0] for o in outlines) + margin)
        y1 = min(self._size[0], max(o.high[1] for o in outlines) + margin)
        return None if x1 <= x0 or y1 <= y0 else (slice(y0, y1), slice(x0, x1))

    def _texture(self, i: int, ramp: Ramp, outlines: Sequence[Outline], box: Box) -> Picture:
        """The part of shape ``i``'s gradient under ``box``.

        It hangs at the middle of the first shape with the same gradient: locks run into the hair they grow from.
        """
        height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
        i = self._anchors[i]
        middle = outlines[i].inner.mean(axis=0) / FIXED
        top, left = box[0].start - round(middle[1]), box[1].start - round(middle[0])
        texture = self._textures.get(i)
        reach = (max(-top, top + height) + 1, max(-left, left + width) + 1)
        if texture is None or 2 * reach[0] > texture.shape[0] or 2 * reach[1] > texture.shape[1]:
            had = (0, 0) if texture is None else texture.shape
            texture = self._weave(i, ramp, max(had[0], 5 * reach[0] // 2), max(had[1], 5 * reach[1] // 2))
            self._textures[i] = texture
        y, x = top + texture.shape[0] // 2, left + texture.shape[1] // 2
        part: Picture = texture[y : y + height, x : x + width]
        return part

    def _weave(self, i: int, ramp: Ramp, height: int, width: int) -> Picture:
        """The gradient of shape ``i`` with the shape's resting middle at its own."""
        points = self._figure.shapes[i].points
        y = (np.arange(height) - height // 2) / self._scale + points[:, 1].mean()
        stops = np.array([s[0] for s in ramp.stops])
        tones = np.array([colour(s[1]) for s in ramp.stops], dtype=np.float64)
        column = np.stack([np.interp(y, stops, tones[:, c]) for c in range(3)], axis=1)
        texture = np.repeat(column[:, None, :].astype(np.float32), width, axis=1)
        if ramp.strands:
            grain = np.random.default_rng(7).normal(0, 1, (1, 8192)).astype(np.float32)
            fine = cv2.GaussianBlur(grain, (0, 0), max(1.0, self._scale * 0.012))
            wide = cv2.GaussianBlur(grain, (0, 0), max(2.0, self._scale * 0.05))
            weave = (fine / fine.std() + wide / wide.std())[:, (np.arange(width) - width // 2) % grain.shape[1]]
            texture *= 1 + ramp.strands * 0.06 * weave[..., None]
        woven: Picture = np.clip(texture, 0, 255, out=texture).astype(np.uint8)
        return woven


def _runs(shapes: Sequence[Shape]) -> list[tuple[str, list[int]]]:
    """Neighbours with the same stencil, painted together."""
    runs: list[tuple[str, list[int]]] = []
    for i, shape in enumerate(shapes):
        if runs and runs[-1][0] == shape.clip:
            runs[-1][1].append(i)
        else:
            runs.append((shape.clip, [i]))
    return runs
