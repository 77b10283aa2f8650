"""The page's head motion, in TypeScript, on pictures of a round head whose motion is known."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.servers.page_channel import node, script

SIDE, RADIUS, TALLER = 64, 0.294 * 64, 1.2
Floats = NDArray[np.float64]


def head(yaw: float, pitch: float, roll: float, skin: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A picture of a painted ellipsoid, turned by these degrees (left, up, to the right), before a striped wall."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    angle = np.radians(-roll)
    u, v = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    aside, above = u / RADIUS, v / (RADIUS * TALLER)
    inside = aside**2 + above**2 < 1
    depth = np.sqrt(np.clip(1 - aside**2 - above**2, 0, 1))
    longitude = np.arctan2(aside, depth) - np.radians(yaw)
    latitude = np.arcsin(np.clip(above, -1, 1)) + np.radians(pitch)
    rows = ((latitude / np.pi + 0.5) * skin.shape[0]).astype(int) % skin.shape[0]
    columns = ((longitude / (2 * np.pi) + 0.5) * skin.shape[1]).astype(int) % skin.shape[1]
    wall = 90 + 30 * np.sin(x / 3)
    return np.where(inside, skin[rows, columns], wall).astype(np.uint8)


def skin(seed: int) -> NDArray[np.float64]:
    """A face's map: large soft spots."""
    dice = np.random.default_rng(seed)
    spots = dice.normal(size=(180, 360))
    soft = np.exp(-(np.minimum(np.arange(180), 180 - np.arange(180))[:, None] ** 2) / 60)
    across = np.exp(-(np.minimum(np.arange(360), 360 - np.arange(360))[None, :] ** 2) / 60)
    made = np.fft.ifft2(np.fft.fft2(spots) * np.fft.fft2(soft * across)).real
    return np.clip(130 + 45 * made / made.std(), 0, 255)


def seen(folder: Path, pictures: list[NDArray[np.uint8]]) -> list[dict[str, Any]]:
    file = folder / "pictures.raw"
    file.write_bytes(b"".join(picture.tobytes() for picture in pictures))
    command = [str(node()), "--disable-warning=ExperimentalWarning", str(script("head.ts")), str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def swings(seed: int) -> dict[str, Floats]:
    """Four seconds of turning, nodding and tilting, each at a pace of its own."""
    at = np.arange(100) / 25
    dice = np.random.default_rng(seed)
    paces = {"yaw": 0.7, "pitch": 1.1, "roll": 0.9}
    return {name: 12 * np.sin(2 * np.pi * (pace * at + dice.random())) for name, pace in paces.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_turning_nodding_and_tilting_are_told_apart_and_have_their_signs(tmp_path: Path, seed: int) -> None:
    moved, painted = swings(seed), skin(seed)
    pictures = [head(*(float(moved[name][i]) for name in ("yaw", "pitch", "roll")), painted) for i in range(100)]
    poses = [one["pose"] for one in seen(tmp_path, pictures)[1:]]
    for name, true in moved.items():
        found, speed = np.diff([pose[name] for pose in poses]), np.diff(true[1:])
        assert np.corrcoef(found, speed)[0, 1] > 0.9, name
        assert 0.5 < found.std() / speed.std() < 1.5, name
        others = [np.corrcoef(found, np.diff(moved[other][1:]))[0, 1] for other in moved if other != name]
        assert max(map(abs, others)) < 0.4, name


def test_a_head_that_is_still_stays_where_it_is(tmp_path: Path) -> None:
    poses = [one["pose"] for one in seen(tmp_path, [head(5, 5, 5, skin(3))] * 20)[1:]]
    assert all(abs(pose[name]) < 0.05 for pose in poses for name in ("yaw", "pitch", "roll"))


def test_in_the_dark_nothing_is_claimed(tmp_path: Path) -> None:
    dark = [np.full((SIDE, SIDE), 3, dtype=np.uint8)] * 5
    assert seen(tmp_path, dark) == [{"seen": False, "pose": None}] * 5
