"""Eyes: the looks at who is on screen, as they were measured on the scene, at the times at which live looks come.

A look that agrees with those before changes nothing. Where a scene has no other, they are taken sparingly.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.simulation.measured import Glance, Scene
from monitor.simulation.script import Script
from protocols.challenge import Dice
from protocols.observation import Look
from protocols.policy import WatchPolicy

__all__ = ["Eyes"]

_CERTAIN = 6  # looks in a row after which more of the same change nothing
_SPARING = 60.0  # seconds between two looks that are certain


class Eyes:
    """Looks for one session: the claimed avatar lies along the first axis, the one most like it along the second."""

    def __init__(self, script: Script, policy: WatchPolicy, dice: Dice) -> None:
        self._script, self._policy, self._dice = script, policy, dice
        self._looked_at = -math.inf
        self._agreed = 0
        self._scene: Scene | None = None
        self._steady = False
        self.claimed: NDArray[np.float32] = np.array([[1, 0, 0]], dtype=np.float32)
        known = dice() < 0.5  # whether the avatar that it may be taken for is registered too
        other = np.array([[0, 1, 0]], dtype=np.float32)
        self.gallery: Mapping[str, NDArray[np.float32]] = {"other": other} if known else {}

    def next_at(self, *, full: bool) -> float:
        """When the next look is due."""
        every = self._policy.look_every_full_s if full else self._policy.look_every_s
        return self._looked_at + (max(every, _SPARING) if self._agreed >= _CERTAIN else every)

    def looks(self, now: float, *, full: bool) -> list[Look]:
        """The look that is due at ``now``, or none."""
        act = self._script.act(now)
        if act.scene is not self._scene:
            self._scene, self._steady = act.scene, act.scene.steady
        if act.foreign or act.away or not self._steady:
            self._agreed = 0
        if now < self.next_at(full=full):
            return []
        fresh = self._looked_at == -math.inf
        self._looked_at = now
        self._agreed += 1
        glance = act.scene.glances[int(self._dice() * len(act.scene.glances))]
        return [_look(now, glance, foreign=act.foreign, fresh=fresh)]


def _look(at: float, glance: Glance, *, foreign: bool, fresh: bool) -> Look:
    if glance.confidence == 0.0:
        return Look(at=at, vector=None, confidence=0.0, fresh=fresh)
    claimed, other = (glance.other, glance.claimed) if foreign else (glance.claimed, glance.other)
    rest = math.sqrt(max(0.0, 1.0 - claimed**2 - other**2))
    vector = np.array([claimed, other, rest], dtype=np.float32)
    return Look(at=at, vector=vector, confidence=glance.confidence, fresh=fresh)
