"""Rotations: from a tracker's axes to yaw, pitch and roll as the telemetry means them.

A pose is a matrix whose columns are where the body's own right, up and forward point, told in the axes right, up and
forward of somebody who looks straight ahead. That is what a unit quaternion in Unity's axes (x right, y up, z forward
for an avatar that faces along z) gives as it stands; other axes are exchanged first.
"""

import math
from dataclasses import dataclass

from protocols.tracking.reading import PacketRefused

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]
Quaternion = tuple[float, float, float, float]
"""x, y, z, w."""

STRAIGHT: Quaternion = (0.0, 0.0, 0.0, 1.0)
_LEAST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Angles:
    """Degrees: yaw > 0 to the own left, pitch > 0 up, roll > 0 tilted to the own right."""

    yaw: float
    pitch: float
    roll: float


def unit(quaternion: Quaternion) -> Quaternion:
    """The quaternion at length 1. Raises PacketRefused for one that is no rotation."""
    length = math.sqrt(sum(part * part for part in quaternion))
    if not _LEAST < length < 1.0 / _LEAST:
        raise PacketRefused("a rotation without a direction: the quaternion's length is not near 1")
    x, y, z, w = (part / length for part in quaternion)
    return x, y, z, w


def times(first: Quaternion, then: Quaternion) -> Quaternion:
    """The rotation of a child (``then``) in the axes of its parent (``first``)."""
    ax, ay, az, aw = first
    bx, by, bz, bw = then
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def matrix(quaternion: Quaternion) -> Matrix:
    """The matrix of a unit quaternion; its columns are where the axes x, y and z go."""
    x, y, z, w = quaternion
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )


def euler(x: float, y: float, z: float) -> Quaternion:
    """Unity's ``Quaternion.Euler``: degrees about z first, then x, then y."""
    (sx, cx), (sy, cy), (sz, cz) = ((math.sin(math.radians(a) / 2), math.cos(math.radians(a) / 2)) for a in (x, y, z))
    return times(times((0.0, sy, 0.0, cy), (sx, 0.0, 0.0, cx)), (0.0, 0.0, sz, cz))


def angles(pose: Matrix) -> Angles:
    """Yaw, pitch and roll of a pose in the axes right, up, forward."""
    (_, _, to_right), (right_up, up_up, upward), (_, _, ahead) = pose
    return Angles(
        yaw=math.degrees(math.atan2(-to_right, ahead)),
        pitch=math.degrees(math.asin(min(1.0, max(-1.0, upward)))),
        roll=math.degrees(math.atan2(-right_up, up_up)),
    )


def raised(direction: Row) -> float:
    """How high an arm points: -1 hanging, 0 level, 1 straight up; ``direction`` in the axes right, up, forward."""
    x, y, z = direction
    return math.atan2(y, math.hypot(x, z)) / (math.pi / 2)


def turned(pose: Matrix, direction: Row) -> Row:
    """Where ``direction`` points after the rotation."""
    x, y, z = direction
    a, b, c = (row[0] * x + row[1] * y + row[2] * z for row in pose)
    return a, b, c
