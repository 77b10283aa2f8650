"""The tracking programs by name: where each is heard, and who reads it."""

from enum import StrEnum
from typing import assert_never

from protocols.tracking import face_json, ifacialmocap, openseeface, vmc, vtube_phone, vtube_studio
from protocols.tracking.reading import Decoder


class Tracker(StrEnum):
    """A format that we read."""

    VMC = "vmc"
    OPENSEEFACE = "openseeface"
    IFACIALMOCAP = "ifacialmocap"
    VTUBE_PHONE = "vtube-phone"
    FACE_JSON = "face-json"
    VTUBE_STUDIO = "vtube-studio"


PORTS: dict[Tracker, int] = {
    Tracker.VMC: vmc.PORT,
    Tracker.OPENSEEFACE: openseeface.PORT,
    Tracker.IFACIALMOCAP: ifacialmocap.PORT,
    Tracker.VTUBE_PHONE: vtube_phone.PORT,
    Tracker.FACE_JSON: face_json.PORT,
    Tracker.VTUBE_STUDIO: vtube_studio.PORT,
}
"""Where each is heard: our UDP port, or VTube Studio's WebSocket."""

TITLES: dict[Tracker, str] = {
    Tracker.VMC: "VMC protocol",
    Tracker.OPENSEEFACE: "OpenSeeFace",
    Tracker.IFACIALMOCAP: "iFacialMocap",
    Tracker.VTUBE_PHONE: "VTube Studio (phone)",
    Tracker.FACE_JSON: "face JSON",
    Tracker.VTUBE_STUDIO: "VTube Studio",
}
"""The names as people know them."""


def decoder(tracker: Tracker) -> Decoder | None:
    """Who reads the datagrams of ``tracker``; None for VTube Studio, which is asked and does not send by itself."""
    match tracker:
        case Tracker.VMC:
            return vmc.VmcDecoder()
        case Tracker.OPENSEEFACE:
            return openseeface.OpenSeeFaceDecoder()
        case Tracker.IFACIALMOCAP:
            return ifacialmocap.IFacialMocapDecoder()
        case Tracker.VTUBE_PHONE:
            return vtube_phone.VTubePhoneDecoder()
        case Tracker.FACE_JSON:
            return face_json.FaceJsonDecoder()
        case Tracker.VTUBE_STUDIO:
            return None
        case _:
            assert_never(tracker)
