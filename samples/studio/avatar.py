"""An avatar on the screen: a member of the cast, its rig and its canvas."""

from collections.abc import Sequence
from importlib import import_module

import cv2
import numpy as np

from samples.studio.canvas import OVERSAMPLING, Box, Canvas, Picture
from samples.studio.figure import Figure, Outline
from samples.studio.pose import Pose
from samples.studio.rig import Rig
from samples.studio.shape import Shape

__all__ = ["AVATARS", "Avatar"]

AVATARS = ("sakura", "raiden", "nia", "aldric", "kon", "bolt", "yuki")

BLUR = 8  # pixels by which soft edges reach beyond their outlines

# Who wears a hat or tall ears sits lower and smaller: (size, drop in head radii).
FRAMING = {"aldric": (0.82, 0.75), "kon": (0.9, 0.45), "bolt": (0.95, 0.3), "nia": (0.95, 0.2)}


class Avatar:
    """Draws one member of the cast, moment after moment.

    ``head`` is the radius of the head in pixels and ``centre`` where it rests; by default the framing of a
    live stream: head and chest. Give it poses in the order of time, for hair and torso trail behind.
    """

    def __init__(
        self,
        name: str,
        width: int = 640,
        height: int = 360,
        *,
        head: float | None = None,
        centre: tuple[float, float] | None = None,
    ) -> None:
        if name not in AVATARS:
            raise ValueError(f"no avatar {name!r}; there are {', '.join(AVATARS)}")
        shapes: list[Shape] = import_module(f"samples.studio.cast.{name}").draw()
        self.name, self.width, self.height = name, width, height
        size, drop = FRAMING.get(name, (1.0, 0.0))
        self._head = size * (0.21 * height if head is None else head) * OVERSAMPLING
        middle = (0.5 * width, 0.38 * height) if centre is None else centre
        middle = (middle[0], middle[1] + drop * self._head / OVERSAMPLING)
        self._centre = (middle[0] * OVERSAMPLING, middle[1] * OVERSAMPLING)
        self._figure = Figure(shapes)
        self._canvas = Canvas(self._figure, width * OVERSAMPLING, height * OVERSAMPLING, self._head)
        self._rig = Rig()
        self._backdrop = self._large = self._small = np.zeros((0, 0, 3), np.uint8)

    def draw(self, pose: Pose, at: float, backdrop: Picture) -> Picture:
        """The avatar in ``pose`` at ``at`` seconds before ``backdrop``: (height, width, 3), blue-green-red.

        ``backdrop`` is (OVERSAMPLING * height, OVERSAMPLING * width, 3); it is left as it is, and is not to be
        changed between calls, for only the part of it behind the avatar is looked at again.
        """
        if backdrop is not self._backdrop:
            self._backdrop, self._large = backdrop, backdrop.copy()
            self._small = self._shrink(backdrop)
        bones, channels = self._rig.set(pose, at)
        outlines = self._figure.project(bones, channels, self._centre, self._head)
        box, half = self._cover(outlines)
        self._large[box] = backdrop[box]
        self._canvas.paint(self._large, outlines, channels)
        picture = self._small.copy()
        picture[half] = self._shrink(self._large[box])
        return picture

    def _cover(self, outlines: Sequence[Outline]) -> tuple[Box, Box]:
        """The part of the large picture that ``outlines`` may touch, and the same of the small one."""
        n = OVERSAMPLING
        low = np.min([o.low for o in outlines], axis=0) // n - BLUR
        high = np.max([o.high for o in outlines], axis=0) // n + BLUR
        x0, y0 = (int(v) for v in np.clip(low, 0, (self.width - 1, self.height - 1)))
        x1, y1 = (int(v) for v in np.clip(high, (x0 + 1, y0 + 1), (self.width, self.height)))
        return (slice(n * y0, n * y1), slice(n * x0, n * x1)), (slice(y0, y1), slice(x0, x1))

    @staticmethod
    def _shrink(large: Picture) -> Picture:
        size = (large.shape[1] // OVERSAMPLING, large.shape[0] // OVERSAMPLING)
        return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)
