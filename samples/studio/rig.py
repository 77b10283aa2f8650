"""The rig: from a pose to bones and channels, with springs for what trails behind (hair, torso)."""

from dataclasses import dataclass

import numpy as np

from samples.studio.figure import Bone
from samples.studio.geometry import Points, rotation
from samples.studio.pose import Pose

__all__ = ["NECK", "Arm", "Rig"]

NECK = np.array([0.0, 1.0, -0.15])  # where the head turns
HIP = np.array([0.0, 4.2, 0.0])  # where the torso leans
SHOULDER_X, SHOULDER_Y = 0.98, 1.98
UPPER, FORE = 1.12, 1.08  # lengths of the arm


@dataclass(frozen=True, slots=True)
class Arm:
    """Directions of an arm on the screen in radians (0 hangs down, positive lifts outwards) and its elbow."""

    upper: float
    fore: float


def arm(height: float) -> Arm:
    """The arm of a hand at ``height`` -1 (hanging) .. 1 (beside the head)."""
    levels = (-1.0, -0.5, 0.0, 0.5, 1.0)
    upper = np.interp(height, levels, (0.10, 0.30, 0.60, 0.92, 1.22))
    fore = np.interp(height, levels, (0.04, 1.10, 2.10, 2.75, 3.05))
    return Arm(float(upper), float(fore))


class _Spring:
    """A damped spring that follows a moving target: what hair and cloth do."""

    def __init__(self, stiffness: float, damping: float) -> None:
        self._k, self._c = stiffness, damping
        self._x: float | None = None
        self._v = 0.0

    def follow(self, target: float, dt: float) -> float:
        """The position after ``dt`` seconds; the first call, and any leap in time, starts at rest."""
        if self._x is None or not 0 <= dt <= 0.5:
            self._x, self._v = target, 0.0
        steps = max(1, int(np.ceil(dt / 0.01))) if 0 < dt <= 0.5 else 0
        for _ in range(steps):
            h = dt / steps
            self._v += h * (self._k * (target - self._x) - self._c * self._v)
            self._x += h * self._v
        return self._x


class Rig:
    """Holds what trails: give it poses in the order of time."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._hair = [_Spring(160.0, 9.0), _Spring(160.0, 9.0), _Spring(120.0, 8.0)]
        self._torso = [_Spring(60.0, 15.0), _Spring(60.0, 15.0)]

    def set(self, pose: Pose, at: float) -> tuple[dict[str, Bone], dict[str, float]]:
        """Bones and morph channels for ``pose`` at ``at`` seconds."""
        dt = 0.0 if self._at is None else at - self._at
        self._at = at
        trail = [s.follow(v, dt) for s, v in zip(self._hair, (pose.yaw, pose.pitch, pose.roll), strict=True)]
        torso_yaw = self._torso[0].follow(0.35 * pose.yaw, dt)
        torso_roll = self._torso[1].follow(0.18 * pose.roll, dt)
        bones = self._bones(pose, torso_yaw, torso_roll)
        channels = _channels(pose)
        channels["sway_x"] = float(np.clip((pose.yaw - trail[0]) / 25 + (trail[2] - pose.roll) / 20, -1.6, 1.6))
        channels["sway_y"] = float(np.clip((pose.pitch - trail[1]) / 20, -1.5, 1.5))
        return bones, channels

    def _bones(self, pose: Pose, torso_yaw: float, torso_roll: float) -> dict[str, Bone]:
        torso = rotation(torso_yaw, 0.12 * pose.pitch, torso_roll, stiff=0.8)
        sway = np.array([0.32 * pose.sway, -0.025 * pose.breath, 0.0])
        body = Bone(torso, HIP - torso @ HIP + sway)
        pivot = torso @ NECK + body.move
        bones = {"body": body}
        for name, stiff in (("head", 0.0), ("skull", 0.85)):
            turn = rotation(pose.yaw, pose.pitch, pose.roll, stiff=stiff)
            bones[name] = Bone(turn, pivot - turn @ NECK)
        for side, sign, height in (("l", 1.0, pose.hand_l), ("r", -1.0, pose.hand_r)):
            bones |= _arm_bones(body, side, sign, height)
        return bones


def _arm_bones(body: Bone, side: str, sign: float, height: float) -> dict[str, Bone]:
    """Bones of an arm; their shapes hang straight down from their own joint at the origin."""
    bent = arm(float(np.clip(height, -1.1, 1.1)))
    shoulder = body.turn @ np.array([sign * SHOULDER_X, SHOULDER_Y, 0.0]) + body.move
    forward = 0.25 * (1 + min(1.0, height))
    shoulder[2] += 0.05
    upper = _swing(sign * bent.upper)
    elbow = shoulder + upper @ np.array([0.0, UPPER, 0.0]) + np.array([0, 0, 0.5 * forward])
    fore = _swing(sign * bent.fore)
    wrist = elbow + fore @ np.array([0.0, FORE, 0.0]) + np.array([0, 0, 0.5 * forward])
    hand = _swing(sign * (bent.fore + 0.12))
    return {
        f"arm_{side}": Bone(upper, shoulder),
        f"fore_{side}": Bone(fore, elbow),
        f"hand_{side}": Bone(hand, wrist),
    }


def _swing(angle: float) -> Points:
    """Turns something that hangs down outwards to the viewer's right by ``angle`` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def _channels(pose: Pose) -> dict[str, float]:
    mouth = float(np.clip(pose.mouth_open, 0, 1))
    smile = float(np.clip(pose.smile, 0, 1))
    return {
        "blink": float(np.clip(pose.eye_blink, 0, 1)),
        "mouth": mouth,
        "smile": smile,
        "shut": 1 - mouth,
        "open_eye": 1 - float(np.clip(pose.eye_blink, 0, 1)),
        "gaze_x": float(np.clip(pose.gaze_x, -1, 1)),
        "gaze_y": float(np.clip(pose.gaze_y, -1, 1)),
        "brow": float(np.clip(pose.brow, -1, 1)),
        "hand_l": pose.hand_l,
        "hand_r": pose.hand_r,
    }
