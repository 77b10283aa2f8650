"""VTube Studio on a phone: its packets, its request, and what is refused."""

import json
from typing import Any

import pytest

from protocols.tracking.reading import PacketRefused
from protocols.tracking.vtube_phone import VTubePhoneDecoder, request
from tests.unit.protocols.tracking.packets import phone


@pytest.mark.parametrize(
    ("rotation", "pose"),
    [
        # As the vendor's example turns its cube: about x by minus y, about y by minus x, about z by z.
        ((20.0, 0.0, 0.0), (20.0, 0.0, 0.0)),
        ((0.0, 10.0, 0.0), (0.0, 10.0, 0.0)),
        ((0.0, 0.0, 5.0), (0.0, 0.0, -5.0)),
    ],
)
def test_the_head_turns_as_the_example_turns_its_cube(
    rotation: tuple[float, float, float], pose: tuple[float, float, float]
) -> None:
    [reading] = VTubePhoneDecoder().read(phone(rotation, time=2500), 3.0)
    sample = reading.sample
    assert sample is not None
    assert (sample.yaw, sample.pitch, sample.roll) == pytest.approx(pose, abs=1e-9)
    assert (sample.at, reading.sent) == (3.0, 2.5)


def test_movements_are_found_by_name() -> None:
    packet = phone(JawOpen=0.5, EyeBlinkLeft=1.0, EyeBlinkRight=0.5, MouthSmileLeft=0.1, MouthSmileRight=0.3, New=7.0)
    [reading] = VTubePhoneDecoder().read(packet, 3.0)
    assert reading.sample is not None
    face = (reading.sample.mouth_open, reading.sample.eye_blink, reading.sample.smile)
    assert face == pytest.approx((0.5, 0.75, 0.2))


def test_no_face_is_nobody_and_time_may_be_missing() -> None:
    [reading] = VTubePhoneDecoder().read(b'{"FaceFound": false}', 3.0)
    assert (reading.sample, reading.sent) == (None, None)


def test_the_request_names_our_port() -> None:
    assert json.loads(request(21_413)) == {
        "messageType": "iOSTrackingDataRequest",
        "time": 5.0,
        "sentBy": "nakanohito",
        "ports": [21_413],
    }


def changed(**values: Any) -> bytes:
    return json.dumps({**json.loads(phone()), **values}).encode()


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "not the JSON"),
        (b"[1]", "not the JSON"),
        (b"[" * 60_000, "not the JSON"),
        (b"\xff", "not the JSON"),
        (b"{}", "FaceFound"),
        (changed(FaceFound="yes"), "FaceFound"),
        (changed(Rotation=None), "Rotation is no vector"),
        (changed(Rotation={"x": 1, "y": 2}), r"Rotation\.z"),
        (changed(Rotation={"x": 1, "y": 2, "z": True}), r"Rotation\.z"),
        (changed(Timestamp="now"), "Timestamp"),
        (changed(BlendShapes={}), "no list"),
        (changed(BlendShapes=[{"k": "x"}] * 300), "no list"),
        (changed(BlendShapes=[{"v": 1}]), "without its name"),
        (changed(BlendShapes=[7]), "without its name"),
        (changed(BlendShapes=[{"k": "JawOpen"}]), "jawopen is None"),
        (changed(BlendShapes=[{"k": "JawOpen", "v": 1e99}]), "no measurement"),
    ],
)
def test_what_makes_no_sense_is_refused(packet: bytes, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        VTubePhoneDecoder().read(packet, 1.0)
