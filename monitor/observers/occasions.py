"""Occasions: on which of a stream's pictures it is looked who is on screen."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monitor.observers.picture import SceneCut
from protocols.policy import WatchPolicy

_CALM = 10.0  # seconds between two cuts of the scene that are looked at at once, while every frame is seen


class Occasions:
    """The occasions of one stream, in the order of media time; not to be shared between threads.

    Of keyframes alone every few seconds, and at once where the scene is another. In a full-rate window at moments that
    nobody foresees: whoever shows the registered avatar on keyframes and another between them is seen through there.
    """

    def __init__(self, policy: WatchPolicy, dice: Callable[[], float]) -> None:
        """``dice``: numbers in 0..1, which those who are watched must not know."""
        self._policy = policy
        self._dice = dice
        self._scene = SceneCut()
        self._looked_at = self._cut_at = -math.inf
        self._wait = policy.look_every_full_s

    def take(
        self, plane: NDArray[np.uint8], at: float, *, keyframe: bool, fresh: bool, full: bool
    ) -> tuple[bool, bool]:
        """Whether to look at the picture with this luma ``plane`` (h, w), and whether it may show quite another scene.

        ``fresh``: the source says that it does; ``full``: every frame is seen."""
        due = not 0 <= at - self._looked_at < (self._wait if full else self._policy.look_every_s)
        cut = (keyframe or fresh or (due and not full)) and self._scene.observe(plane)
        if full:
            # Of what is cut to and fro no keyframe is to speak for the rest, nor to count as a new beginning.
            at_once = cut and not 0 <= at - self._cut_at < _CALM
        else:
            at_once, fresh = False, fresh or cut
        if at_once:
            self._cut_at = at
        if not (due or fresh or at_once):
            return False, False
        self._looked_at = at
        self._wait = self._policy.look_every_full_s * (0.5 + self._dice())
        return True, fresh
