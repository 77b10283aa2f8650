"""A VTube Studio that follows its documented plugin API: asks its user once, knows its tokens, tells what it tracks."""

import json
import time
from collections.abc import Callable
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Pose = Callable[[float], dict[str, float]]


def still(_at: float) -> dict[str, float]:
    """A face that looks straight ahead."""
    return {"FaceAngleX": 0.0, "FaceAngleY": 0.0, "FaceAngleZ": 0.0, "MouthOpen": 0.0, "EyeOpenLeft": 1.0}


class VTubeStudio:
    """``async with`` starts it on a free port, or on ``port``. ``allows``: what its user clicks when asked."""

    def __init__(self, pose: Pose = still, *, allows: bool = True, port: int = 0) -> None:
        self.pose = pose
        self.allows = allows
        self.face = True
        self.asked = 0
        self.tokens: set[str] = set()
        self.connections = 0
        self.told = 0
        self.instead: str | None = None
        """Sent in place of the next answer about the tracking."""
        self._port = port
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """Where it answers."""
        return self._port

    async def drop(self) -> None:
        """Close every connection, and take new ones again."""
        assert self._server is not None
        for connection in tuple(self._server.connections):
            await connection.close(1001)

    async def __aenter__(self) -> Self:
        self._server = await serve(self._talk, "127.0.0.1", self._port, compression=None)
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, websocket: ServerConnection) -> None:
        self.connections += 1
        entered = False
        try:
            async for text in websocket:
                request = json.loads(text)
                if "apiName" not in request:
                    continue
                kind, data = self._answer(request, entered=entered)
                entered = entered or (kind == "AuthenticationResponse" and data["authenticated"])
                if kind == "InputParameterListResponse" and self.instead is not None:
                    await websocket.send(self.instead)
                    self.instead = None
                    continue
                envelope = {
                    "apiName": "VTubeStudioPublicAPI",
                    "apiVersion": "1.0",
                    "timestamp": int(time.time() * 1000),
                }
                await websocket.send(
                    json.dumps({**envelope, "requestID": request["requestID"], "messageType": kind, "data": data})
                )
        except ConnectionClosed:
            pass

    def _answer(self, request: dict[str, Any], *, entered: bool) -> tuple[str, dict[str, Any]]:
        data = request.get("data", {})
        match request["messageType"]:
            case "AuthenticationTokenRequest":
                self.asked += 1
                if not self.allows:
                    return _error(50, "User has denied API access for your plugin.")
                token = f"token-{self.asked}-of-{data['pluginName'][:10]}"
                self.tokens.add(token)
                return "AuthenticationTokenResponse", {"authenticationToken": token}
            case "AuthenticationRequest":
                taken = data["authenticationToken"] in self.tokens
                return "AuthenticationResponse", {
                    "authenticated": taken,
                    "reason": "Token valid." if taken else "Revoked.",
                }
            case _ if not entered:
                return _error(8, "This request requires authentication.")
            case "FaceFoundRequest":
                return "FaceFoundResponse", {"found": self.face}
            case "InputParameterListRequest":
                self.told += 1
                return "InputParameterListResponse", self._parameters()
            case other:
                return _error(7, f"Unknown message type {other}.")

    def _parameters(self) -> dict[str, Any]:
        told = [
            {"name": name, "addedBy": "VTube Studio", "value": value, "min": -30, "max": 30, "defaultValue": 0}
            for name, value in self.pose(time.monotonic()).items()
        ]
        return {
            "modelLoaded": True,
            "modelName": "Hoshi",
            "modelID": "0" * 32,
            "customParameters": [],
            "defaultParameters": told,
        }


def _error(number: int, message: str) -> tuple[str, dict[str, Any]]:
    return "APIError", {"errorID": number, "message": message}
