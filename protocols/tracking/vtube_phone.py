"""VTube Studio on a phone: ARKit's face as JSON over UDP, asked for again and again.

A request to the phone's port 21412 makes it send for at most ten seconds to the ports named in it. The rotation is read
as the vendor's own example turns its cube: in Unity's axes about x by minus ``y``, about y by minus ``x``, about z by
``z``. Which way a face turns with that is not written anywhere, and unverified.
Source: DenchiSoft/VTubeStudioBlendshapeUDPReceiverTest.
"""

from typing import Any

import msgspec

from protocols.telemetry import TelemetrySample
from protocols.tracking import blendshape
from protocols.tracking.reading import PacketRefused, Reading, finite, parsed, share, vector
from protocols.tracking.rotation import angles, euler, matrix

PHONE_PORT = 21_412
PORT = 21_413
"""Where we ask the phone to send to, if nobody says otherwise."""
REQUEST_FOR = 5.0
"""Seconds that one request asks for; it is sent anew each second."""

_DECODER = msgspec.json.Decoder(dict[str, Any])
_SHAPES = 256


def request(port: int, sent_by: str = "nakanohito") -> bytes:
    """The request that makes the phone send to our ``port``."""
    return msgspec.json.encode(
        {"messageType": "iOSTrackingDataRequest", "time": REQUEST_FOR, "sentBy": sent_by, "ports": [port]}
    )


class VTubePhoneDecoder:
    """Reads the phone's packets."""

    def read(self, packet: bytes, at: float) -> tuple[Reading, ...]:
        """What one packet says. Raises PacketRefused."""
        said = parsed(_DECODER, packet)
        if not isinstance(said.get("FaceFound"), bool):
            raise PacketRefused("FaceFound is missing, so nobody knows whether there is a face")
        sent = finite(said["Timestamp"], "Timestamp") / 1000.0 if "Timestamp" in said else None
        if not said["FaceFound"]:
            return (Reading(sample=None, sent=sent),)
        x, y, z = vector(said.get("Rotation"), "Rotation")
        pose = angles(matrix(euler(-y, -x, z)))
        sample = TelemetrySample(
            at=at,
            yaw=pose.yaw,
            pitch=pose.pitch,
            roll=pose.roll,
            **blendshape.channels(_shapes(said.get("BlendShapes", []))),
        )
        return (Reading(sample=sample, sent=sent),)


def _shapes(told: Any) -> dict[str, float]:
    if not isinstance(told, list) or len(told) > _SHAPES:
        raise PacketRefused("BlendShapes is no list of the face's movements")
    shapes: dict[str, float] = {}
    for one in told:
        if not isinstance(one, dict) or not isinstance(one.get("k"), str):
            raise PacketRefused("a movement of the face without its name")
        name = blendshape.name(one["k"])
        if name in blendshape.USED:
            shapes[name] = share(one.get("v"), name)
    return shapes
