"""iFacialMocap: ARKit's face from an iPhone, as text over UDP 49983.

``name-value|name-value|=head#rx,ry,rz,px,py,pz|rightEye#…|leftEye#…|``; version 2 has ``&`` for ``-``. Values run from
0 to 100, rotations are Unity's Euler angles in degrees. The blocks are found by name, in whatever order. Nobody says
which way the angles turn: they are read as Unity reads them, as the receivers do that feed them to an avatar's head.
Source: the vendor's page for developers, by way of clients that agree.
"""

from protocols.telemetry import TelemetrySample
from protocols.tracking import blendshape
from protocols.tracking.reading import PacketRefused, Reading, checked, finite, share
from protocols.tracking.rotation import Angles, angles, euler, matrix

PORT = 49_983
HELLO = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719|sendDataVersion=v2"
"""Sent to the phone's port, it makes the phone send to ours. It is the same for everybody and proves nothing."""

_PARTS = 256


class IFacialMocapDecoder:
    """Reads packets of either version."""

    def read(self, packet: bytes, at: float) -> tuple[Reading, ...]:
        """What one packet says. Raises PacketRefused."""
        try:
            text = checked(packet).decode()
        except UnicodeDecodeError:
            raise PacketRefused("no text: iFacialMocap sends names and numbers") from None
        parts = text.split("|", _PARTS)
        if len(parts) > _PARTS:
            raise PacketRefused(f"more than {_PARTS} parts")
        head: Angles | None = None
        shapes: dict[str, float] = {}
        for part in parts:
            if part.lstrip("=").startswith("head#"):
                head = _head(part)
            elif "#" not in part:
                shapes |= _shape(part)
        if head is None and not shapes:
            raise PacketRefused("neither a head nor a movement of the face is in it")
        pose = {} if head is None else {"yaw": head.yaw, "pitch": head.pitch, "roll": head.roll}
        return (Reading(sample=TelemetrySample(at=at, **pose, **blendshape.channels(shapes))),)


def _head(part: str) -> Angles:
    numbers = part.partition("#")[2].split(",", 6)
    if len(numbers) < 3:
        raise PacketRefused("a head with fewer than three angles")
    x, y, z = (_number(number, "an angle of the head") for number in numbers[:3])
    return angles(matrix(euler(x, y, z)))


def _shape(part: str) -> dict[str, float]:
    spelled, dash, number = part.partition("&" if "&" in part else "-")
    name = blendshape.name(spelled)
    if not dash or name not in blendshape.USED:
        return {}
    return {name: share(_number(number, spelled) / 100.0, spelled)}


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise PacketRefused(f"{what} is {text[:40]!r}, which is no number") from None
    return finite(number, what)
