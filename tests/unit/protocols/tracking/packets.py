"""Packets as tracking programs write them, made by hand from their documentation."""

import json
import math
import struct
from collections.abc import Sequence
from typing import Any

from protocols.tracking.openseeface import FRAME
from protocols.tracking.rotation import Quaternion

_PACKED = {"h": "q"}  # OSC has one word for what struct has another
STILL: Quaternion = (0.0, 0.0, 0.0, 1.0)


def about(axis: str, degrees: float) -> Quaternion:
    """A turn about one axis, in whatever axes."""
    half = math.radians(degrees) / 2
    x, y, z = (math.sin(half) if axis == one else 0.0 for one in "xyz")
    return x, y, z, math.cos(half)


def osc(address: str, tags: str = "", *values: Any) -> bytes:
    packed = _osc_text(address) + _osc_text("," + tags)
    for tag, value in zip(tags, values, strict=True):
        packed += _osc_text(value) if tag == "s" else struct.pack(f">{_PACKED.get(tag, tag)}", value)
    return packed


def _osc_text(text: str) -> bytes:
    data = text.encode() + b"\0"
    return data + b"\0" * (-len(data) % 4)


def bundle(*parts: bytes) -> bytes:
    return b"#bundle\0" + bytes(7) + b"\1" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def bone(name: str, rotation: Quaternion = STILL) -> bytes:
    return osc("/VMC/Ext/Bone/Pos", "sfffffff", name, 0.0, 0.1, 0.0, *rotation)


def blend(name: str, value: float) -> bytes:
    return osc("/VMC/Ext/Blend/Val", "sf", name, value)


def tick(seconds: float) -> bytes:
    return osc("/VMC/Ext/T", "f", seconds)


def vmc_frame(seconds: float, head: Quaternion = STILL, *more: bytes) -> bytes:
    """One frame as a performer's program bundles it."""
    ok = osc("/VMC/Ext/OK", "iiii", 1, 3, 0, 1)
    return bundle(ok, tick(seconds), bone("Hips"), bone("Neck"), bone("Head", head), *more, osc("/VMC/Ext/Blend/Apply"))


def openseeface(
    rotation: Sequence[Sequence[float]] | None = None,
    *,
    face: int = 0,
    time: float = 1_600_000_000.5,
    eyes: tuple[float, float] = (1.0, 1.0),
    good: bool = True,
    mouth: float = 0.0,
) -> bytes:
    """A frame of 1785 bytes; ``rotation``: the face model in the camera's axes, as OpenSeeFace finds it."""
    m = [[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]] if rotation is None else rotation
    features = [0.0] * 12 + [mouth, 0.0]
    zeros = [0.0] * (68 + 136 + 210)
    pose = [0.1, *_their_quaternion(m), 0.0, 0.0, 0.0, 0.0, 0.0, 5.0]
    return FRAME.pack(time, face, 640.0, 480.0, *eyes, int(good), *pose, *zeros, *features)


def _their_quaternion(m: Sequence[Sequence[float]]) -> list[float]:
    """A quaternion in their order of signs: that of the transposed matrix."""
    (a, b, c), (d, e, f), (g, h, i) = m
    candidates = [
        (1 + a + e + i, [f - h, g - c, b - d, 1 + a + e + i]),
        (1 + a - e - i, [1 + a - e - i, b + d, g + c, f - h]),
        (1 - a + e - i, [b + d, 1 - a + e - i, f + h, g - c]),
        (1 - a - e + i, [g + c, f + h, 1 - a - e + i, b - d]),
    ]
    size, quaternion = max(candidates)
    return [part / (2 * math.sqrt(size)) for part in quaternion]


def ifacialmocap(head: Sequence[float] = (0.0,) * 6, *, version: int = 1, **shapes: float) -> bytes:
    mark = "-" if version == 1 else "&"
    told = "".join(f"{name}{mark}{value:g}|" for name, value in shapes.items())
    numbers = ",".join(f"{number:g}" for number in head)
    return f"{told}=head#{numbers}|rightEye#0,0,0|leftEye#0,0,0|".encode()


def phone(
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0), *, face: bool = True, time: int = 1000, **shapes: float
) -> bytes:
    x, y, z = rotation
    said = {
        "Timestamp": time,
        "Hotkey": -1,
        "FaceFound": face,
        "Rotation": {"x": x, "y": y, "z": z},
        "Position": {"x": 0.0, "y": 0.0, "z": 0.3},
        "BlendShapes": [{"k": name, "v": value} for name, value in shapes.items()],
        "EyeLeft": {"x": 0.0, "y": 0.0, "z": 0.0},
        "EyeRight": {"x": 0.0, "y": 0.0, "z": 0.0},
    }
    return json.dumps(said).encode()


def mediapipe(columns: Sequence[Sequence[float]], **shapes: float) -> bytes:
    """A Face Landmarker result as JavaScript writes it; ``columns``: where the face's left, up and out point."""
    data = [number for column in columns for number in (*column, 0.0)] + [1.0, -2.0, -40.0, 1.0]
    categories = [
        {"index": at, "score": score, "categoryName": name, "displayName": ""}
        for at, (name, score) in enumerate({"_neutral": 0.0, **shapes}.items())
    ]
    said = {
        "faceLandmarks": [[]],
        "faceBlendshapes": [{"categories": categories, "headIndex": -1, "headName": ""}],
        "facialTransformationMatrixes": [{"rows": 4, "columns": 4, "data": data}],
    }
    return json.dumps(said).encode()


def vts(kind: str, data: dict[str, Any], time: int | None = 1_625_405_710_728) -> bytes:
    said = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": "1", "messageType": kind, "data": data}
    return json.dumps(said if time is None else {**said, "timestamp": time}).encode()


def vts_parameters(**values: float) -> bytes:
    told = [
        {"name": name, "addedBy": "VTube Studio", "value": value, "min": -30, "max": 30, "defaultValue": 0}
        for name, value in values.items()
    ]
    data = {"modelLoaded": True, "modelName": "m", "modelID": "0" * 32, "customParameters": []}
    return vts("InputParameterListResponse", {**data, "defaultParameters": told})
