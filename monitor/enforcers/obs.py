"""OBS Studio of the publisher: asked to show a notice and to stop, over obs-websocket 5. A courtesy, never a cut.

OBS is on the publisher's machine and does what its owner likes. So it stands beside the enforcer of a media server and
never in its place: what it answers confirms nothing, and what it refuses, or leaves unanswered, delays nothing.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from monitor.enforcers.enforcer import Enforcer, EnforcerFailure, Order
from monitor.enforcers.fenced import Slating
from protocols.session import Placement
from protocols.signing.obs import authentication

log = structlog.get_logger()

SECONDS = 3.0
"""How long all of one conversation may take."""

_LARGEST = 64 * 1024
_HELLO, _IDENTIFY, _IDENTIFIED, _REQUEST, _RESPONSE = 0, 1, 2, 6, 7
_SUCCESS = 100


class ObsRefused(Exception):
    """OBS does not do what it is asked for; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObsStudio:
    """One OBS: its obs-websocket, the password where it has one, and the scene that tells viewers why."""

    url: str
    password: str | None = field(default=None, repr=False)
    scene: str | None = None


class WithObs:
    """The enforcer of a media server, with the OBS of some of its publishers beside it."""

    def __init__(self, enforcer: Enforcer, studios: Mapping[Placement, ObsStudio]) -> None:
        self.inner = enforcer
        self._studios = studios
        self._asking: set[asyncio.Task[None]] = set()

    async def block(self, order: Order) -> None:
        """Block on the server, and ask OBS to show its notice."""
        await self.inner.block(order)
        studio = self._studio(order)
        if studio is not None and studio.scene is not None:
            self._ask(order, studio, "SetCurrentProgramScene", {"sceneName": studio.scene})

    async def cut(self, order: Order) -> None:
        """Cut on the server, and ask OBS to stop, so that it does not go on knocking."""
        await self.inner.cut(order)
        studio = self._studio(order)
        if studio is not None:
            self._ask(order, studio, "StopStream", {})

    async def gone(self, order: Order) -> bool:
        """What the server says; OBS is not asked."""
        return await self.inner.gone(order)

    async def restore(self, order: Order) -> None:
        """Restore on the server; the publisher starts OBS."""
        await self.inner.restore(order)

    def slates(self, order: Order) -> bool:
        """Whether the server can cover the picture, or there is an OBS with a scene for it."""
        studio = self._studio(order)
        return self._covers(order) is not None or (studio is not None and studio.scene is not None)

    async def slate(self, order: Order) -> str:
        """Have the server cover the picture where it can, else ask OBS; the scene that was on before."""
        if (covering := self._covers(order)) is not None:
            return await covering.slate(order)
        studio = self._studio(order)
        if studio is None or studio.scene is None:
            raise EnforcerFailure("no scene of an OBS is in the settings for this place", retry=False)
        try:
            shown = await ask(studio, "GetCurrentProgramScene", {})
            await ask(studio, "SetCurrentProgramScene", {"sceneName": studio.scene})
        except ObsRefused as refused:
            raise EnforcerFailure(str(refused), retry=False) from refused
        scene = str(shown.get("sceneName", ""))
        return "" if scene == studio.scene else scene

    async def unslate(self, order: Order, before: str) -> None:
        """Bring the scene of before back; where it is not known, the publisher does."""
        if (covering := self._covers(order)) is not None:
            await covering.unslate(order, before)
            return
        studio = self._studio(order)
        if studio is None or not before:
            return
        try:
            await ask(studio, "SetCurrentProgramScene", {"sceneName": before})
        except ObsRefused as refused:
            raise EnforcerFailure(str(refused), retry=True) from refused

    def _covers(self, order: Order) -> Slating | None:
        return self.inner if isinstance(self.inner, Slating) and self.inner.slates(order) else None

    async def close(self) -> None:
        """Close what is open, and leave what is being asked."""
        for asking in self._asking:
            asking.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self.inner.close()

    def _studio(self, order: Order) -> ObsStudio | None:
        return None if order.placement is None else self._studios.get(order.placement)

    def _ask(self, order: Order, studio: ObsStudio, request: str, data: Mapping[str, Any]) -> None:
        """Ask beside everything else."""

        async def asking() -> None:
            try:
                await ask(studio, request, data)
            except ObsRefused as refused:
                log.info("obs.unmoved", session=order.session, request=request, because=str(refused))
            else:
                log.info("obs.asked", session=order.session, request=request)

        task = asyncio.create_task(asking(), name=f"obs {order.session}")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)


async def ask(studio: ObsStudio, request: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make one request of OBS and return its answer's data. Raises ObsRefused where it is not known to be done."""
    try:
        async with (
            asyncio.timeout(SECONDS),
            connect(
                studio.url, subprotocols=[Subprotocol("obswebsocket.json")], max_size=_LARGEST, proxy=None,
                close_timeout=0.5,
            ) as connection,
        ):  # fmt: skip
            await _identify(connection, studio)
            await _send(connection, _REQUEST, {"requestType": request, "requestId": "1", "requestData": dict(data)})
            response = await _receive(connection, _RESPONSE)
            status = response.get("requestStatus")
            code = status.get("code") if isinstance(status, dict) else None
            if code != _SUCCESS:
                raise ObsRefused(f"OBS answers {request} with the code {code}")
            answer = response.get("responseData")
            return answer if isinstance(answer, dict) else {}
    except (TimeoutError, OSError, WebSocketException) as error:
        raise ObsRefused(f"no conversation with OBS: {type(error).__name__}") from error


async def _identify(connection: ClientConnection, studio: ObsStudio) -> None:
    hello = await _receive(connection, _HELLO)
    identify: dict[str, Any] = {"rpcVersion": 1, "eventSubscriptions": 0}
    match hello.get("authentication"):
        case {"salt": str(salt), "challenge": str(challenge)}:
            if studio.password is None:
                raise ObsRefused("OBS asks for a password, and the settings have none")
            identify["authentication"] = authentication(studio.password, salt=salt, challenge=challenge)
        case None:
            pass
        case _:
            raise ObsRefused("OBS does not say how to authenticate")
    await _send(connection, _IDENTIFY, identify)
    await _receive(connection, _IDENTIFIED)


async def _send(connection: ClientConnection, operation: int, data: Mapping[str, Any]) -> None:
    await connection.send(json.dumps({"op": operation, "d": data}))


async def _receive(connection: ClientConnection, operation: int) -> dict[str, Any]:
    """The data of the next message of this kind; events come in between."""
    while True:
        try:
            message = json.loads(await connection.recv())
        except (ValueError, RecursionError):
            raise ObsRefused("OBS does not speak JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("d"), dict):
            raise ObsRefused("this is not obs-websocket 5")
        if message.get("op") == operation:
            data: dict[str, Any] = message["d"]
            return data
