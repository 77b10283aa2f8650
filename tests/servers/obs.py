"""OBS Studio by the documentation of obs-websocket 5: greets, asks for a password, answers requests with a code."""

import hashlib
import json
from base64 import b64encode
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve


class Obs:
    """``done`` holds what it was asked for and did; ``says`` replaces all that it would say by one text."""

    SALT, CHALLENGE = "c2FsdA==", "Y2hhbGxlbmdl"

    def __init__(self, password: str | None = "correct horse", *, scenes: tuple[str, ...] = ("Notice", "Game")) -> None:
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.says: str | None = None
        self.scene = scenes[-1]
        self._password = password
        self._scenes = scenes
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await serve(self._converse, "127.0.0.1", 0, subprotocols=["obswebsocket.json"])  # type: ignore[list-item]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _converse(self, connection: ServerConnection) -> None:
        if self.says is not None:
            await connection.send(self.says)
            await connection.wait_closed()
            return
        hello: dict[str, Any] = {"obsWebSocketVersion": "5.5.0", "rpcVersion": 1}
        if self._password is not None:
            hello["authentication"] = {"salt": self.SALT, "challenge": self.CHALLENGE}
        await connection.send(json.dumps({"op": 0, "d": hello}))
        identify = json.loads(await connection.recv())["d"]
        if self._password is not None and identify.get("authentication") != self._expected():
            await connection.close(4009, "Authentication failed.")
            return
        await connection.send(json.dumps({"op": 2, "d": {"negotiatedRpcVersion": 1}}))
        async for message in connection:
            await connection.send(json.dumps({"op": 5, "d": {"eventType": "Whatever", "eventIntent": 1}}))
            await connection.send(json.dumps({"op": 7, "d": self._respond(json.loads(message)["d"])}))

    def _respond(self, asked: dict[str, Any]) -> dict[str, Any]:
        request, data = asked["requestType"], asked.get("requestData", {})
        fails = request == "SetCurrentProgramScene" and data["sceneName"] not in self._scenes
        if not fails:
            self.done.append((request, data))
        status = {"result": False, "code": 600} if fails else {"result": True, "code": 100}
        answer = {"requestType": request, "requestId": asked["requestId"], "requestStatus": status}
        if request == "GetCurrentProgramScene":
            answer["responseData"] = {"sceneName": self.scene, "currentProgramSceneName": self.scene}
        elif request == "SetCurrentProgramScene" and not fails:
            self.scene = data["sceneName"]
        return answer

    def _expected(self) -> str:
        secret = b64encode(hashlib.sha256(f"{self._password}{self.SALT}".encode()).digest()).decode()
        return b64encode(hashlib.sha256(f"{secret}{self.CHALLENGE}".encode()).digest()).decode()
