"""OpenSeeFace: head pose, eyelids and mouth from a webcam, as packed numbers over UDP.

The tracker sends to 127.0.0.1:11573, one frame of 1785 bytes for each face that it sees and nothing where it sees none,
so silence means nobody. Its rotation is that of its face model in the camera's axes, with the picture's rows before
its columns. The quaternion is the inverse of it, as its `matrix_to_quaternion` writes one.
Source: emilianavt/OpenSeeFace, `facetracker.py`, `tracker.py`, `Unity/OpenSee.cs`.
"""

import struct

from protocols.telemetry import TelemetrySample
from protocols.tracking.reading import PacketRefused, Reading, checked, finite, share
from protocols.tracking.rotation import Matrix, angles, matrix, unit

PORT = 11_573
FRAME = struct.Struct("<di2f2fBf4f3f3f68f136f210f14f")
"""Time, face, picture's size, eyes, whether the pose is good, its error, quaternion, Euler angles, translation, the
landmarks' confidence, their places, their points in space, and 14 features: 1785 bytes."""

_FACE, _EYES, _POSE, _QUATERNION = 1, slice(4, 6), 6, slice(8, 12)
_MOUTH_OPEN = -2


class OpenSeeFaceDecoder:
    """Reads packets of one face or more; of several the one that was there first is the operator."""

    def read(self, packet: bytes, at: float) -> tuple[Reading, ...]:
        """What one packet says. Raises PacketRefused."""
        if not packet or len(checked(packet)) % FRAME.size:
            raise PacketRefused(f"{len(packet)} bytes: OpenSeeFace sends frames of {FRAME.size} bytes")
        values = min(FRAME.iter_unpack(packet), key=lambda frame: int(frame[_FACE]))
        sent = finite(values[0], "the time")
        if not values[_POSE]:
            return (Reading(sample=None, sent=sent),)
        x, y, z, w = (finite(value, "the rotation") for value in values[_QUATERNION])
        pose = angles(_upright(matrix(unit((-x, -y, -z, w)))))
        right, left = (share(value, "an eye") for value in values[_EYES])
        sample = TelemetrySample(
            at=at,
            yaw=pose.yaw,
            pitch=pose.pitch,
            roll=pose.roll,
            mouth_open=share(values[_MOUTH_OPEN], "the mouth"),
            eye_blink=1.0 - (right + left) / 2,
        )
        return (Reading(sample=sample, sent=sent),)


def _upright(rotation: Matrix) -> Matrix:
    """From the camera's axes (down, the person's left, away from the camera) to the person's (right, up, forward)."""
    down, left, away = rotation
    # The model's x is the person's right, its y up, its z forward: so the columns are in order as they stand.
    return (
        (-left[0], -left[1], -left[2]),
        (-down[0], -down[1], -down[2]),
        (-away[0], -away[1], -away[2]),
    )
