"""A scene: an avatar before a backdrop with what the live room lays over it."""

from collections.abc import Sequence

import numpy as np

from samples.studio.avatar import Avatar
from samples.studio.backdrop import paint_backdrop
from samples.studio.canvas import Picture
from samples.studio.overlay import Overlays
from samples.studio.pose import Pose

__all__ = ["Scene"]


class Scene:
    """One live room. ``frame`` paints it for a pose and a time; times go forward."""

    def __init__(
        self,
        avatar: str,
        *,
        backdrop: str = "bedroom",
        overlays: Sequence[str] = ("badge", "chat"),
        width: int = 640,
        height: int = 360,
        seed: int = 0,
    ) -> None:
        self.width, self.height = width, height
        self._avatar = Avatar(avatar, width, height)
        self._backdrop = paint_backdrop(backdrop, width, height, seed)
        self._overlays = Overlays(overlays, width, height, seed)

    def swap(self, avatar: str) -> None:
        """Put another avatar in the place of this one."""
        self._avatar = Avatar(avatar, self.width, self.height)

    def frame(self, pose: Pose, at: float) -> Picture:
        """The picture at ``at`` seconds: (height, width, 3), blue-green-red, 8 bits."""
        picture = self._avatar.draw(pose, at, self._backdrop)
        self._overlays.lay(picture, at)
        return np.ascontiguousarray(picture)
