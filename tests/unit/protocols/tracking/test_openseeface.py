"""OpenSeeFace: signs as its own way of solving gives them, eyes, several faces, and what is no frame."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from protocols.tracking.openseeface import FRAME, OpenSeeFaceDecoder
from protocols.tracking.reading import PacketRefused
from protocols.tracking.rotation import euler, matrix
from tests.unit.protocols.tracking.packets import openseeface

# A face as OpenSeeFace has one: x to the person's own right, y up, z out of the face, the tip of the nose at zero.
MODEL = np.array(
    [
        [0.45, 0.30, -0.76], [0.45, 0.17, -0.77], [0.16, -0.56, -0.34], [0.0, -0.62, -0.29], [-0.16, -0.56, -0.34],
        [-0.45, 0.17, -0.77], [-0.45, 0.30, -0.76], [0.0, 0.29, -0.14], [0.0, 0.19, -0.07], [0.0, 0.0, 0.0],
        [0.08, -0.04, -0.13], [-0.08, -0.04, -0.13], [0.32, 0.30, -0.29], [-0.32, 0.30, -0.29],
    ]
)  # fmt: skip
CAMERA = np.array([[640.0, 0.0, 240.0], [0.0, 640.0, 320.0], [0.0, 0.0, 1.0]])
"""Its first axis is the picture's rows."""


def seen(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """What OpenSeeFace finds for a head so turned: the picture's points, rows before columns, solved for the pose."""
    turned = MODEL @ np.array(matrix(euler(-pitch, -yaw, -roll))).T
    right, up, forward = turned.T
    # A camera in front: the person's right is on the picture's left, and what is nearer has less depth.
    depth = 5.0 - forward
    columns, rows = 320.0 - 640.0 * right / depth, 240.0 - 640.0 * up / depth
    solved, rotation, _ = cv2.solvePnP(MODEL, np.stack([rows, columns], 1), CAMERA, np.zeros((4, 1)))
    assert solved
    return np.asarray(cv2.Rodrigues(rotation)[0], dtype=np.float64)


@pytest.mark.parametrize(
    "pose",
    [(0, 0, 0), (25, 0, 0), (-25, 0, 0), (0, 15, 0), (0, -15, 0), (0, 0, 12), (0, 0, -12), (20, -10, 8)],
)
def test_a_head_before_the_camera_is_told_as_it_turns(pose: tuple[float, float, float]) -> None:
    [reading] = OpenSeeFaceDecoder().read(openseeface(seen(*pose).tolist()), 7.0)
    assert reading.sample is not None
    told = (reading.sample.yaw, reading.sample.pitch, reading.sample.roll)
    assert told == pytest.approx(pose, abs=0.05)


def test_eyes_mouth_and_time_are_told() -> None:
    [reading] = OpenSeeFaceDecoder().read(openseeface(eyes=(0.0, 0.5), mouth=0.4), 7.0)
    assert reading.sample is not None
    assert reading.sample.at == 7.0
    assert reading.sample.eye_blink == pytest.approx(0.75)
    assert reading.sample.mouth_open == pytest.approx(0.4)
    assert reading.sent == 1_600_000_000.5


def test_of_several_faces_the_first_is_the_operator() -> None:
    both = openseeface(face=3, mouth=1.0) + openseeface(face=1, mouth=0.25)
    [reading] = OpenSeeFaceDecoder().read(both, 1.0)
    assert reading.sample is not None
    assert reading.sample.mouth_open == pytest.approx(0.25)


def test_a_pose_that_was_not_found_is_nobody() -> None:
    [reading] = OpenSeeFaceDecoder().read(openseeface(good=False), 1.0)
    assert reading.sample is None


def test_a_frame_has_1785_bytes() -> None:
    assert FRAME.size == 1785


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "0 bytes"),
        (openseeface()[:-1], "1784 bytes"),
        (openseeface()[:33] + bytes(16) + openseeface()[49:], "direction"),
        (openseeface(time=float("nan")), "time"),
        (openseeface(eyes=(float("inf"), 1.0)), "eye"),
        (openseeface(mouth=float("nan")), "mouth"),
    ],
)
def test_what_is_no_frame_is_refused(packet: bytes, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        OpenSeeFaceDecoder().read(packet, 1.0)
