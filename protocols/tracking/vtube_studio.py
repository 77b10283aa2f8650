"""VTube Studio's plugin API: JSON over a WebSocket at localhost:8001, found by a broadcast on UDP 47779.

A plugin asks once for a token, which the user allows in VTube Studio, and shows it on each connection. What its
tracking measures is then asked for by `InputParameterListRequest`, some thirty times a second; its window redraws at
sixty. Angles are in degrees as Live2D has them: FaceAngleX > 0 to the screen's right, Y > 0 up, Z > 0 tilted to the
screen's right. Shown as in a mirror, as VTube Studio begins, that is the operator's own right; unverified.
Source: DenchiSoft/VTubeStudio, README.md; docs.live2d.com, standard parameters.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from protocols.telemetry import TelemetrySample
from protocols.tracking.reading import PacketRefused, Reading, finite, parsed, share

PORT = 8001
BROADCAST_PORT = 47_779
PLUGIN, DEVELOPER = "Nakanohito operator", "Nakanohito"
DENIED = 50
"""The error with which VTube Studio says that its user allows us nothing, or no longer."""

_API, _VERSION = "VTubeStudioPublicAPI", "1.0"
_TOKEN = 64
ANSWER_BYTES = 1 << 20
"""The longest answer that is read: other plugins may have added hundreds of parameters to the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The user has allowed us in; the token to show from now on."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """Whether a token was taken, and why."""

    taken: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFound:
    """Whether VTube Studio's tracking sees a face."""

    found: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An error that VTube Studio answers with."""

    number: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A VTube Studio that tells the network of itself; ``active`` where its plugin API is switched on."""

    active: bool
    port: int
    window: str


Answer = Token | Authenticated | FaceFound | Failed | Reading
_DECODER = msgspec.json.Decoder(dict[str, Any])


def ask_token(request: str) -> str:
    """Ask VTube Studio to ask its user."""
    return _request(request, "AuthenticationTokenRequest", {"pluginName": PLUGIN, "pluginDeveloper": DEVELOPER})


def authenticate(request: str, token: str) -> str:
    """Show the token."""
    data = {"pluginName": PLUGIN, "pluginDeveloper": DEVELOPER, "authenticationToken": token}
    return _request(request, "AuthenticationRequest", data)


def ask_face(request: str) -> str:
    """Ask whether a face is found."""
    return _request(request, "FaceFoundRequest", {})


def ask_parameters(request: str) -> str:
    """Ask what the tracking measures now."""
    return _request(request, "InputParameterListRequest", {})


def answer(text: bytes, at: float) -> Answer | None:
    """What VTube Studio answers; None where it is about other things. Raises PacketRefused."""
    said = parsed(_DECODER, text, ANSWER_BYTES)
    data = said.get("data")
    if said.get("apiName") != _API or not isinstance(data, dict):
        raise PacketRefused("not a message of VTube Studio's API")
    match said.get("messageType"):
        case "InputParameterListResponse":
            stamp = said.get("timestamp")
            return Reading(sample=_sample(data, at), sent=None if stamp is None else finite(stamp, "timestamp") / 1000)
        case "FaceFoundResponse":
            return FaceFound(found=data.get("found") is True)
        case "AuthenticationTokenResponse":
            return Token(token=_token(data.get("authenticationToken")))
        case "AuthenticationResponse":
            return Authenticated(taken=data.get("authenticated") is True, reason=_words(data.get("reason")))
        case "APIError":
            return Failed(number=int(finite(data.get("errorID"), "errorID")), message=_words(data.get("message")))
        case _:
            return None


def broadcast(packet: bytes) -> Instance:
    """What a packet to the broadcast port says. Raises PacketRefused."""
    said = parsed(_DECODER, packet)
    data = said.get("data")
    if said.get("messageType") != "VTubeStudioAPIStateBroadcast" or not isinstance(data, dict):
        raise PacketRefused("not a broadcast of VTube Studio's")
    port = finite(data.get("port"), "port")
    if port != int(port) or not 0 < port < 65_536:
        raise PacketRefused(f"a port of {port:g}")
    return Instance(active=data.get("active") is True, port=int(port), window=_words(data.get("windowTitle")))


def _request(request: str, kind: str, data: dict[str, str]) -> str:
    envelope = {"apiName": _API, "apiVersion": _VERSION, "requestID": request, "messageType": kind, "data": data}
    return msgspec.json.encode(envelope).decode()


def _sample(data: dict[str, Any], at: float) -> TelemetrySample:
    told = data.get("defaultParameters")
    if not isinstance(told, list):
        raise PacketRefused("an answer without the tracking's parameters")
    values = {str(one.get("name")): one.get("value") for one in told if isinstance(one, dict)}
    yaw, pitch, roll = (_angle(values, f"FaceAngle{axis}") for axis in "XYZ")
    if yaw is None and pitch is None and roll is None:
        raise PacketRefused("the tracking's parameters have no angle of the face")
    eyes = [share(values[eye], eye) for eye in ("EyeOpenLeft", "EyeOpenRight") if eye in values]
    return TelemetrySample(
        at=at,
        yaw=None if yaw is None else -yaw,
        pitch=pitch,
        roll=roll,
        mouth_open=share(values["MouthOpen"], "MouthOpen") if "MouthOpen" in values else None,
        eye_blink=1.0 - sum(eyes) / len(eyes) if eyes else None,
        smile=share(values["MouthSmile"], "MouthSmile") if "MouthSmile" in values else None,
    )


def _angle(values: dict[str, Any], name: str) -> float | None:
    return min(180.0, max(-180.0, finite(values[name], name))) if name in values else None


def _token(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _TOKEN or not value.isascii() or not value.isprintable():
        raise PacketRefused("a token that is none: it has 1 to 64 characters")
    return value


def _words(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
