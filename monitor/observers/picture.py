"""Planes of a decoded frame as arrays, as cheaply as they can be had."""

import av
import cv2
import numpy as np
from numpy.typing import NDArray

_PLANAR_LUMA = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray"})
_THUMBNAIL = (32, 18)
_COLUMNS, _LINES = 160, 90  # pixels that are enough for it


def luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """The luma plane, uint8 (h, w): a view of the frame's own memory where its format allows."""
    if frame.format.name not in _PLANAR_LUMA:
        return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    plane = frame.planes[0]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    return rows[: frame.height, : frame.width]


def colour(frame: av.VideoFrame, *, widest: int = 640) -> NDArray[np.uint8]:
    """The picture as uint8 BGR (h, w, 3), scaled down to ``widest`` pixels in width where it is wider."""
    if frame.width <= widest:
        return np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
    height = max(2, round(frame.height * widest / frame.width))
    return np.asarray(frame.to_ndarray(format="bgr24", width=widest, height=height), dtype=np.uint8)


class SceneCut:
    """Notices that the picture became another one: a cut between two keyframes that asks for a fresh look."""

    def __init__(self, *, threshold: float = 28.0) -> None:
        self._threshold = threshold
        self._before: NDArray[np.uint8] | None = None

    def observe(self, plane: NDArray[np.uint8]) -> bool:
        """Whether ``plane`` (h, w) differs from the one before by more than ``threshold`` grey levels on average."""
        few = plane[:: max(1, plane.shape[0] // _LINES), :: max(1, plane.shape[1] // _COLUMNS)]  # all would cost a look
        small = np.asarray(cv2.resize(few, _THUMBNAIL, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        before, self._before = self._before, small
        return before is not None and float(cv2.absdiff(before, small).mean()) > self._threshold
