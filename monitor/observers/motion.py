"""Motion observer: how the picture moved from one frame to the next, on the grid of an observation.

Dense inverse search (Kroeger, Timofte, Dai, Van Gool: "Fast Optical Flow using Dense Inverse Search", ECCV 2016) on a
picture of 256x144, then the mean of every cell. Nothing is decided here: camera motion, overlays and noise are left
in, since what to make of them is the mathematics' business.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from protocols.observation import DETAIL_COLUMNS, DETAIL_ROWS, GRID_COLUMNS, GRID_ROWS, Motion

_WIDTH, _HEIGHT = 256, 144
_CELLS = (GRID_COLUMNS, GRID_ROWS)
_LONGEST_GAP = 0.5  # seconds; over a longer gap flow says nothing about the motion in between
_SMALLEST_SIDE = 16
_NO_GUESS: NDArray[np.float32] = np.empty(0, dtype=np.float32)


class MotionObserver:
    """Turns a sequence of luma planes into motion; one observer a stream, not shared between threads.

    ``rate``: about how many pictures a second are looked at; frames that come sooner are passed over. People's motion
    ends well below 8 Hz, so every second frame of 25 or 30 tells as much as all of them, at half the cost.
    """

    def __init__(self, rate: float = 16.0) -> None:
        if not rate > 0:
            raise ValueError(f"a rate of {rate!r} pictures a second: give more than 0")
        self._shortest = 0.9 / rate
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: NDArray[np.uint8] | None = None
        self._shape: tuple[int, ...] = ()
        self._at = -math.inf

    def reset(self) -> None:
        """Forget the frame before; the next one gives no motion."""
        self._before = None
        self._at = -math.inf

    def observe(self, luma: NDArray[np.uint8], at: float) -> Motion | None:
        """Motion from the frame before to ``luma`` (h, w) of media time ``at`` seconds.

        None for the first frame, and for the first after a reset, a change of resolution, a step back in time or a
        gap of more than half a second. A repeated time stamp, or one that comes sooner than the rate asks for, is None
        too, and the frame before stays what it was.
        Raises ValueError for what is not a plane of luma or has no finite time.
        """
        if luma.ndim != 2 or luma.dtype != np.uint8 or min(luma.shape) < _SMALLEST_SIDE:
            raise ValueError(f"a luma plane is uint8 (h, w) of at least 16x16, not {luma.dtype} {luma.shape}")
        if not math.isfinite(at):
            raise ValueError(f"a frame's time is {at!r}: give finite seconds")
        interval = at - self._at
        if self._before is not None and luma.shape == self._shape and 0 <= interval < self._shortest:
            return None
        # Halving first is an order of magnitude cheaper than one step by a crooked ratio.
        halved = _shrunk(luma, luma.shape[1] // 2, luma.shape[0] // 2) if luma.shape[0] > 2 * _HEIGHT else luma
        picture = np.asarray(cv2.resize(halved, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)
        before, comparable = self._before, luma.shape == self._shape and 0 < interval <= _LONGEST_GAP
        self._before, self._shape, self._at = picture, luma.shape, at
        if before is None or not comparable:
            return None
        return self._measure(before, picture, at, interval)

    def _measure(self, before: NDArray[np.uint8], picture: NDArray[np.uint8], at: float, interval: float) -> Motion:
        flow = self._flow.calc(before, picture, _NO_GUESS)
        return Motion(
            at=at,
            interval=interval,
            flow=cv2.resize(flow, _CELLS, interpolation=cv2.INTER_AREA) / np.float32(_WIDTH * interval),
            detail=_shrunk(picture, DETAIL_COLUMNS, DETAIL_ROWS),
        )


def _shrunk(luma: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    small: NDArray[np.uint8] = np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return small
