"""ARKit's and MediaPipe's face as JSON: both spellings, both ways that a matrix lies, and what is refused."""

import json
from typing import Any

import numpy as np
import pytest

from protocols.tracking.face_json import FaceJsonDecoder
from protocols.tracking.reading import PacketRefused, Reading
from protocols.tracking.rotation import euler, matrix
from tests.unit.protocols.tracking.packets import mediapipe


def read(said: Any) -> Reading:
    [reading] = FaceJsonDecoder().read(json.dumps(said).encode(), 4.0)
    return reading


def columns(yaw: float, pitch: float, roll: float) -> list[list[float]]:
    """Where the face's left, up and out point, told along those of one who looks straight ahead."""
    pose = np.array(matrix(euler(-pitch, -yaw, -roll)))  # in right, up, forward
    flip = np.diag([-1.0, 1.0, 1.0])
    return (flip @ pose @ flip).T.tolist()


@pytest.mark.parametrize("pose", [(20.0, 0.0, 0.0), (0.0, 15.0, 0.0), (0.0, 0.0, 10.0), (-30.0, -10.0, 5.0)])
def test_a_pose_is_read_however_it_lies(pose: tuple[float, float, float]) -> None:
    [result] = FaceJsonDecoder().read(mediapipe(columns(*pose)), 4.0)
    rows = np.eye(4)
    rows[:3, :3] = np.array(columns(*pose)).T * 1.5
    rows[:3, 3] = (1.0, -2.0, -40.0)
    nested = read({"facial_transformation_matrixes": [rows.tolist()]})
    rotation_alone = rows * [1, 1, 1, 0] + np.diag([0, 0, 0, 1])
    for reading in (result, nested, read({"matrix": rows.ravel().tolist()}), read({"matrix": rotation_alone.tolist()})):
        assert reading.sample is not None
        assert (reading.sample.yaw, reading.sample.pitch, reading.sample.roll) == pytest.approx(pose, abs=1e-4)


def test_left_is_the_faces_own_left() -> None:
    # Out of the face and towards its own left, which is x: the head has turned to its left.
    turned = [[0.8, 0.0, -0.6], [0.0, 1.0, 0.0], [0.6, 0.0, 0.8]]
    [reading] = FaceJsonDecoder().read(mediapipe(turned), 4.0)
    assert reading.sample is not None
    assert reading.sample.yaw == pytest.approx(36.87, abs=0.01)


def test_movements_are_found_by_name_in_every_spelling() -> None:
    [result] = FaceJsonDecoder().read(
        mediapipe(np.eye(3).tolist(), jawOpen=0.5, eyeBlinkLeft=1.0, eyeBlinkRight=0.5, mouthSmileLeft=0.2), 4.0
    )
    pythons = [{"category_name": "jawOpen", "score": 0.5}, {"category_name": "eyeBlinkLeft", "score": 0.75}]
    python = read({"face_blendshapes": [pythons], "facial_transformation_matrixes": []})
    plain = read({"t": 12.5, "blendshapes": {"JawOpen": 0.5, "eyeBlink_L": 0.75}, "yaw": 8.0, "roll": -2})
    for reading in (result, python, plain):
        assert reading.sample is not None
        assert (reading.sample.mouth_open, reading.sample.eye_blink) == (0.5, 0.75)
    assert plain.sample is not None
    assert (plain.sample.yaw, plain.sample.pitch, plain.sample.roll, plain.sent) == (8.0, 0.0, -2.0, 12.5)


@pytest.mark.parametrize("said", [{"face": False}, {"faceBlendshapes": []}, {"face_blendshapes": [], "t": 1}])
def test_no_face_is_nobody(said: Any) -> None:
    assert read(said).sample is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "not the JSON"),
        ({}, "neither"),
        ({"blendshapes": {"tongueOut": 1}}, "neither"),
        ({"blendshapes": []}, "no object"),
        ({"blendshapes": {str(n): 0 for n in range(300)}}, "no object"),
        ({"blendshapes": {"jawOpen": "wide"}}, "no measurement"),
        ({"faceBlendshapes": "none"}, "no list of faces"),
        ({"faceBlendshapes": [{}]}, "no list of categories"),
        ({"faceBlendshapes": [{"categories": [1]}]}, "no object"),
        ({"faceBlendshapes": [{"categories": [{"score": 1}]}]}, "without its name"),
        ({"facialTransformationMatrixes": {"data": []}}, "no list of faces"),
        ({"facialTransformationMatrixes": [{"data": None}]}, "16 numbers"),
        ({"matrix": [1.0] * 15}, "16 numbers"),
        ({"matrix": [0.0] * 16}, "without a size"),
        ({"matrix": [[1, 2], "x"]}, "no measurement"),
        ({"yaw": 181}, "beyond 180"),
        ({"yaw": None}, "no measurement"),
        ({"t": "now", "yaw": 1}, "t is 'now'"),
    ],
)
def test_what_makes_no_sense_is_refused(said: Any, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        read(said)
