"""An avatar on the screen: a member of the cast, its rig and its canvas."""

from importlib import import_module

import cv2
import numpy as np

from samples.studio.canvas import OVERSAMPLING, Canvas, Picture
from samples.studio.figure import Figure
from samples.studio.pose import Pose
from samples.studio.rig import Rig
from samples.studio.shape import Shape

__all__ = ["AVATARS", "Avatar"]

AVATARS = ("sakura", "raiden", "nia", "aldric", "kon", "bolt", "yuki")

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

    def draw(self, pose: Pose, at: float, backdrop: Picture) -> Picture:
        """The avatar in ``pose`` at ``at`` seconds before ``backdrop``.

        ``backdrop`` is (OVERSAMPLING * height, OVERSAMPLING * width, 3), blue-green-red; it is left as it is.
        """
        large = backdrop.copy()
        bones, channels = self._rig.set(pose, at)
        outlines = self._figure.project(bones, channels, self._centre, self._head)
        self._canvas.paint(large, outlines, channels)
        small = cv2.resize(large, (self.width, self.height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)
