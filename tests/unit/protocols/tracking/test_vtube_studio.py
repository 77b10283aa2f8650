"""VTube Studio's plugin API: what we ask, what it answers, its broadcast, and what is refused."""

import json
from typing import Any

import pytest

from protocols.tracking import vtube_studio
from protocols.tracking.reading import PacketRefused, Reading
from protocols.tracking.vtube_studio import Authenticated, FaceFound, Failed, Instance, Token, answer, broadcast
from tests.unit.protocols.tracking.packets import vts, vts_parameters


def test_requests_carry_the_envelope() -> None:
    asked = json.loads(vtube_studio.ask_token("7"))
    assert asked == {
        "apiName": "VTubeStudioPublicAPI",
        "apiVersion": "1.0",
        "requestID": "7",
        "messageType": "AuthenticationTokenRequest",
        "data": {"pluginName": "Nakanohito operator", "pluginDeveloper": "Nakanohito"},
    }
    assert all(3 <= len(name) <= 32 for name in asked["data"].values())
    assert json.loads(vtube_studio.authenticate("1", "tok"))["data"]["authenticationToken"] == "tok"
    assert json.loads(vtube_studio.ask_face("1"))["messageType"] == "FaceFoundRequest"
    assert json.loads(vtube_studio.ask_parameters("1"))["messageType"] == "InputParameterListRequest"


def test_parameters_are_the_tracking() -> None:
    packet = vts_parameters(
        FaceAngleX=-20.0,
        FaceAngleY=10.0,
        FaceAngleZ=5.0,
        MouthOpen=0.5,
        MouthSmile=1.4,
        EyeOpenLeft=0.0,
        EyeOpenRight=1,
    )
    reading = answer(packet, 6.0)
    assert isinstance(reading, Reading)
    sample = reading.sample
    assert sample is not None
    assert (sample.at, sample.yaw, sample.pitch, sample.roll) == (6.0, 20.0, 10.0, 5.0)
    assert (sample.mouth_open, sample.smile, sample.eye_blink) == (0.5, 1.0, 0.5)
    assert reading.sent == 1_625_405_710.728


def test_what_is_not_tracked_is_left_out() -> None:
    reading = answer(
        vts("InputParameterListResponse", {"defaultParameters": [{"name": "FaceAngleY", "value": 300}, 3]}, None), 1
    )
    assert isinstance(reading, Reading)
    assert reading.sample is not None
    assert (reading.sample.pitch, reading.sample.yaw, reading.sample.eye_blink) == (180.0, None, None)
    assert reading.sent is None


@pytest.mark.parametrize(
    ("kind", "data", "meaning"),
    [
        ("AuthenticationTokenResponse", {"authenticationToken": "adcd-123"}, Token(token="adcd-123")),
        ("AuthenticationResponse", {"authenticated": True, "reason": "ok"}, Authenticated(taken=True, reason="ok")),
        ("AuthenticationResponse", {"authenticated": 1}, Authenticated(taken=False, reason="")),
        ("FaceFoundResponse", {"found": True}, FaceFound(found=True)),
        ("APIError", {"errorID": 50, "message": "x" * 999}, Failed(number=50, message="x" * 200)),
        ("StatisticsResponse", {}, None),
    ],
)
def test_answers_are_understood(kind: str, data: dict[str, Any], meaning: object) -> None:
    assert answer(vts(kind, data), 1.0) == meaning


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"{", "not the JSON"),
        (b"{}", "not a message"),
        (vts("FaceFoundResponse", {}).replace(b"VTubeStudioPublicAPI", b"Other"), "not a message"),
        (vts("InputParameterListResponse", {}), "without the tracking"),
        (vts_parameters(MouthOpen=1.0), "no angle"),
        (vts_parameters(FaceAngleX=float("nan")), "not the JSON"),
        (vts("InputParameterListResponse", {"defaultParameters": [{"name": "FaceAngleX"}]}), "FaceAngleX is None"),
        (vts("InputParameterListResponse", {"defaultParameters": [{"name": {"x": 1}, "value": 1}]}), "no angle"),
        (vts("APIError", {}), "errorID"),
        (vts("AuthenticationTokenResponse", {"authenticationToken": "x" * 65}), "token"),
        (vts("AuthenticationTokenResponse", {"authenticationToken": "a\nb"}), "token"),
        (vts("AuthenticationTokenResponse", {}), "token"),
    ],
)
def test_what_makes_no_sense_is_refused(packet: bytes, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        answer(packet, 1.0)


def test_the_broadcast_tells_where_it_is() -> None:
    data = {"active": True, "port": 8002, "instanceID": "93aa", "windowTitle": "VTube Studio"}
    assert broadcast(vts("VTubeStudioAPIStateBroadcast", data)) == Instance(
        active=True, port=8002, window="VTube Studio"
    )


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"\0", "not the JSON"),
        (vts("FaceFoundResponse", {}), "not a broadcast"),
        (vts("VTubeStudioAPIStateBroadcast", {"port": 0}), "a port of 0"),
        (vts("VTubeStudioAPIStateBroadcast", {"port": 8001.5}), "8001.5"),
        (vts("VTubeStudioAPIStateBroadcast", {"port": "8001"}), "port"),
    ],
)
def test_what_is_no_broadcast_is_refused(packet: bytes, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        broadcast(packet)
