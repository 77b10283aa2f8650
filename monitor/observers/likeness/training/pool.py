"""The pictures made last, and batches out of them in which look-alikes stand side by side.

Making a picture costs almost as much as learning from it; so each is used a few times, in another company and
perhaps mirrored.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.training.crop import HUES

Made = tuple[NDArray[np.uint8], NDArray[np.int64]]


class Pool:
    """A ring of the ``room`` batches made last. ``take`` makes or fetches one: pictures (N, S, S, 3), classes (N,)."""

    def __init__(self, take: Callable[[], Made], *, room: int, begin: int, uses: float, seed: int) -> None:
        """``begin``: batches to begin with; ``uses``: how often a picture is used, on average (1 or more)."""
        self._take, self._uses = take, uses
        self._rng = np.random.default_rng(seed)
        pictures, classes = take()
        self._size, self._at, self._filled, self._due = len(classes), 0, 0, 0.0
        self._pictures = np.empty((room * self._size, *pictures.shape[1:]), np.uint8)
        self._classes = np.full(room * self._size, -1, np.int64)
        self._put(pictures, classes)
        for _ in range(1, min(begin, room)):
            self._put(*take())

    def batch(self, centres: NDArray[np.float32], *, groups: int) -> Made:
        """A batch as large as those made: ``groups`` classes, and of each a look-alike, as many pictures of one as fit.

        ``centres`` (classes, d) of length one: what the network thinks of each class now.
        """
        self._due += 1 / self._uses
        while self._due >= 1:
            self._put(*self._take())
            self._due -= 1
        there = self._classes[: self._filled]
        seeds = self._rng.choice(there, groups)
        chosen = [c for seed in seeds for c in (int(seed), self._alike(int(seed), centres))]
        each = self._size // len(chosen)
        rows = np.concatenate([self._rng.choice(np.flatnonzero(there == c), each) for c in chosen])
        pictures = self._pictures[rows]
        turned = self._rng.random(len(rows)) < 0.5
        pictures[turned] = pictures[turned, :, ::-1]
        return pictures, there[rows]

    def _alike(self, of: int, centres: NDArray[np.float32], among: int = 8) -> int:
        """One of the classes in the pool nearest to ``of``; the same person in another hue is but one of them."""
        there = np.unique(self._classes[: self._filled])
        nearness = centres[there] @ centres[of]
        nearness[there // len(HUES) == of // len(HUES)] -= 0.5
        nearness[there == of] = -2.0
        near = there[np.argsort(-nearness)[:among]]
        return int(self._rng.choice(near))

    def _put(self, pictures: NDArray[np.uint8], classes: NDArray[np.int64]) -> None:
        rows = slice(self._at, self._at + self._size)
        self._pictures[rows], self._classes[rows] = pictures, classes
        self._filled = max(self._filled, rows.stop)
        self._at = rows.stop % len(self._classes)
