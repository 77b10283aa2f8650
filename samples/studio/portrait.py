"""Portraits: the reference stills that an avatar is registered with."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from samples.studio.avatar import Avatar
from samples.studio.backdrop import paint_backdrop
from samples.studio.canvas import Picture
from samples.studio.pose import Pose

__all__ = ["SITTINGS", "portrait", "portraits"]

SIZE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """How one portrait is taken."""

    pose: Pose
    head: float = 105.0  # radius in pixels
    light: str = ""


SITTINGS = {
    "1_front": Sitting(pose=Pose(smile=0.2)),
    "2_yaw_left": Sitting(pose=Pose(yaw=25, pitch=3, gaze_x=0.2)),
    "3_yaw_right": Sitting(pose=Pose(yaw=-25, pitch=-3, gaze_x=-0.2)),
    "4_mouth_smile": Sitting(pose=Pose(mouth_open=0.7, smile=0.9, roll=6), head=120),
    "5_warm_light": Sitting(pose=Pose(yaw=10, smile=0.4), light="warm"),
    "6_warm_light_down": Sitting(pose=Pose(yaw=-8, pitch=-12, mouth_open=0.25), light="warm"),
    "7_tilt_wave": Sitting(pose=Pose(roll=13, yaw=-6, smile=0.8, hand_l=0.95), head=88),
    "8_cool_light_up": Sitting(pose=Pose(pitch=12, yaw=14, gaze_y=0.3), light="cool", head=112),
    "9_blink_dim": Sitting(pose=Pose(eye_blink=1.0, smile=0.5, roll=-5), light="dim", head=98),
}


def portrait(avatar: str, name: str, seed: int = 0) -> Picture:
    """The portrait ``name`` (of SITTINGS) of ``avatar``: (512, 512, 3), blue-green-red."""
    sitting = SITTINGS[name]
    sitter = Avatar(avatar, SIZE, SIZE, head=sitting.head, centre=(0.5 * SIZE, 0.40 * SIZE))
    number = int(name[0])
    backdrop = paint_backdrop("paper", SIZE, SIZE, seed * 16 + number)
    return _lit(sitter.draw(sitting.pose, 0.0, backdrop), sitting.light)


def portraits(avatar: str, folder: Path, seed: int = 0) -> list[Path]:
    """Write all portraits of ``avatar`` into ``folder`` as JPEG; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.jpg" for name in SITTINGS]
    for path in paths:
        cv2.imwrite(str(path), portrait(avatar, path.stem, seed), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return paths


def _lit(picture: Picture, light: str) -> Picture:
    """The picture under a lamp from the side, in blue-green-red gains from the viewer's left to the right."""
    lamps = {
        "warm": ((0.55, 0.85, 1.18), (0.45, 0.58, 0.80)),
        "cool": ((0.80, 0.66, 0.58), (1.12, 1.02, 0.92)),
        "dim": ((0.62, 0.56, 0.58), (0.70, 0.60, 0.60)),
    }
    if not light:
        return picture
    left, right = (np.array(c) for c in lamps[light])
    across = np.linspace(0, 1, picture.shape[1])[None, :, None]
    lit: Picture = np.clip(picture * (left + (right - left) * across), 0, 255).astype(np.uint8)
    return lit
