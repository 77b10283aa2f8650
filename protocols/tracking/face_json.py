"""ARKit's or MediaPipe's face as JSON over UDP, for whoever writes their own tracker: one object a packet.

MediaPipe's Face Landmarker result goes as it stands, in the spelling of JavaScript or of Python: ``faceBlendshapes``
with categories, ``facialTransformationMatrixes``. Or plainly: ``{"t": seconds?, "face": bool?, "blendshapes": {name:
share}, "yaw": …, "pitch": …, "roll": …}`` with the telemetry's own angles, or a ``matrix`` of 16 numbers in place of
them. A matrix is a face's pose before the camera: x to the face's own left, y up, z out of the face, as ARKit and
MediaPipe have it. Rows of rows are what they look like; of 16 numbers in a row, which MediaPipe writes column after
column, the zeros of the last row tell how they lie.
Movements are found by name, since MediaPipe has ``_neutral`` where ARKit has ``tongueOut``.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from protocols.telemetry import TelemetrySample
from protocols.tracking import blendshape
from protocols.tracking.reading import PacketRefused, Reading, finite, parsed, share
from protocols.tracking.rotation import Angles, Matrix, angles

PORT = 49_990

_DECODER = msgspec.json.Decoder(dict[str, Any])
_SHAPES = 256
_CATEGORIES = ("faceBlendshapes", "face_blendshapes")
_MATRICES = ("facialTransformationMatrixes", "facial_transformation_matrixes")
_NO_SIZE = 1e-3


class FaceJsonDecoder:
    """Reads both forms."""

    def read(self, packet: bytes, at: float) -> tuple[Reading, ...]:
        """What one packet says. Raises PacketRefused."""
        said = parsed(_DECODER, packet)
        sent = finite(said["t"], "t") if "t" in said else None
        if said.get("face") is False or any(said.get(name) == [] for name in _CATEGORIES):
            return (Reading(sample=None, sent=sent),)
        shapes, pose = _movements(said), _pose(said)
        if not shapes and pose is None:
            raise PacketRefused("neither movements of the face nor its pose are in it")
        turned = {} if pose is None else {"yaw": pose.yaw, "pitch": pose.pitch, "roll": pose.roll}
        return (Reading(sample=TelemetrySample(at=at, **turned, **blendshape.channels(shapes)), sent=sent),)


def _movements(said: dict[str, Any]) -> dict[str, float]:
    shapes: dict[str, float] = {}
    for spelled, value in _named(said):
        name = blendshape.name(spelled)
        if name in blendshape.USED:
            shapes[name] = share(value, name)
    return shapes


def _named(said: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    plain = said.get("blendshapes", {})
    if not isinstance(plain, dict) or len(plain) > _SHAPES:
        raise PacketRefused("'blendshapes' is no object of names and shares")
    yield from plain.items()
    for key in _CATEGORIES:
        if key in said:
            yield from _categories(said[key])


def _categories(faces: Any) -> Iterator[tuple[str, Any]]:
    face = _first(faces, "the face's movements")
    categories = face.get("categories") if isinstance(face, dict) else face
    if not isinstance(categories, list) or len(categories) > _SHAPES:
        raise PacketRefused("the movements of a face are no list of categories")
    for category in categories:
        if not isinstance(category, dict):
            raise PacketRefused("a movement of the face is no object")
        name = category.get("categoryName", category.get("category_name"))
        if not isinstance(name, str):
            raise PacketRefused("a movement of the face without its name")
        yield name, category.get("score")


def _pose(said: dict[str, Any]) -> Angles | None:
    for key in _MATRICES:
        if said.get(key):
            told = _first(said[key], "the face's pose")
            return _turned(told.get("data") if isinstance(told, dict) else told)
    if "matrix" in said:
        return _turned(said["matrix"])
    if not any(name in said for name in ("yaw", "pitch", "roll")):
        return None
    yaw, pitch, roll = (finite(said.get(name, 0.0), name) for name in ("yaw", "pitch", "roll"))
    if max(abs(yaw), abs(pitch), abs(roll)) > 180.0:
        raise PacketRefused("an angle beyond 180 degrees")
    return Angles(yaw=yaw, pitch=pitch, roll=roll)


def _turned(told: Any) -> Angles:
    rows = isinstance(told, list) and bool(told) and isinstance(told[0], list)
    numbers = [finite(number, "a number of the matrix") for number in _flat(told)]
    if len(numbers) != 16:
        raise PacketRefused("a pose is a matrix of 16 numbers")
    by_columns = not rows and all(abs(numbers[at]) < _NO_SIZE for at in (3, 7, 11))
    columns = [numbers[at : at + 3] if by_columns else numbers[at // 4 : 12 : 4] for at in (0, 4, 8)]
    lengths = [sum(part * part for part in column) ** 0.5 for column in columns]
    if min(lengths) < _NO_SIZE:
        raise PacketRefused("a pose without a size")
    left, up, out = ([part / length for part in column] for column, length in zip(columns, lengths, strict=True))
    # From the face's axes (its left, up, out) to its right, up and forward: x changes its sign on both sides.
    pose: Matrix = (
        (left[0], -up[0], -out[0]),
        (-left[1], up[1], out[1]),
        (-left[2], up[2], out[2]),
    )
    return angles(pose)


def _first(faces: Any, what: str) -> Any:
    if not isinstance(faces, list) or not faces:
        raise PacketRefused(f"{what} is no list of faces")
    return faces[0]


def _flat(told: Any) -> Iterable[Any]:
    if not isinstance(told, list):
        raise PacketRefused("a pose is a matrix of 16 numbers")
    return [number for row in told for number in (row if isinstance(row, list) else [row])]
