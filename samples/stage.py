"""The stage: a service on its embedded default in a folder of its own, and the streams that play before it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import cv2
import httpx

from samples.child import Child, ChildFailed
from samples.scenario import Scenario
from samples.stream import Engagement
from samples.studio.portrait import portrait

__all__ = ["Player", "Stage"]

_START_WITHIN = 120.0
_PORTRAITS = ("1_front", "2_yaw_left", "3_yaw_right", "4_mouth_smile", "5_warm_light", "7_tilt_wave", "8_cool_light_up")
_ABILITIES = ("head", "mouth", "eyelids", "hands")


class Player:
    """One scenario's stream: its process, and its session once it is attached."""

    def __init__(self, scenario: Scenario, child: Child) -> None:
        self.scenario = scenario
        self.child = child
        self.device_key: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.listening: asyncio.Task[None] | None = None
        self.session = ""
        self.engagement: Engagement | None = None

    def hear(self, said: dict[str, Any]) -> None:
        """Take note of what the process says."""
        if said.get("event") == "ready" and not self.device_key.done():
            self.device_key.set_result(said["device_key"])


class Stage:
    """Starts, registers, attaches; ends everything that it has started. An asynchronous context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.service: Child | None = None
        self.players: list[Player] = []
        self._client: httpx.AsyncClient | None = None

    @property
    def ledger(self) -> Path:
        """The ledger that the service writes."""
        return self.folder / "service" / "ledger.sqlite"

    @property
    def admin_key(self) -> Path:
        """The file with the administrator's key."""
        return self.folder / "service" / "admin.key"

    @property
    def client(self) -> httpx.AsyncClient:
        """A client of the service with the administrator's key."""
        if self._client is None:
            raise RuntimeError("the service does not run yet")
        return self._client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def begin(self) -> None:
        """Start the service and wait until it is ready. Raises ChildFailed."""
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = {
            "NAKANOHITO_DATA_DIR": str(self.folder / "service"),
            "NAKANOHITO_PORT": str(port),
            "NAKANOHITO_LOG__LEVEL": "warning",
        }
        self.service = await Child.start(
            "the service", "samples.leash", "serve", log=self.folder / "service.log", environment=environment
        )
        try:
            async with asyncio.timeout(_START_WITHIN):
                await self._ready(self.service)
        except TimeoutError:
            raise ChildFailed(f"the service was not ready within {_START_WITHIN:.0f} s") from None
        key = self.admin_key.read_text(encoding="ascii").strip()
        self._client = httpx.AsyncClient(
            base_url=self.url, headers={"authorization": f"Bearer {key}"}, timeout=httpx.Timeout(120.0, connect=10.0)
        )

    async def _ready(self, service: Child) -> None:
        async with httpx.AsyncClient(base_url=self.url) as client:
            while True:
                if not service.running:
                    raise service.failure()
                with suppress(httpx.TransportError):
                    if (await client.get("/readyz")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.2)

    async def cast(self, scenario: Scenario, *options: str) -> Player:
        """Start the process that plays ``scenario``; it rehearses until it is engaged."""
        log = self.folder / f"{scenario.name}.log"
        child = await Child.start(
            f"the stream '{scenario.name}'", "samples.stream", scenario.name, *options, log=log, environment={}
        )
        player = Player(scenario, child)
        self.players.append(player)
        return player

    async def register(self, avatar: str) -> str:
        """Register an avatar of the studio by portraits of it; its id."""
        pictures = await asyncio.to_thread(_sittings, avatar)
        files = [("pictures", (f"{name}.jpg", picture, "image/jpeg")) for name, picture in pictures.items()]
        form = {"name": avatar.capitalize(), "owner": "the sample studio", "abilities": list(_ABILITIES)}
        return str((await self._ask("POST", "/v1/avatars", data=form, files=files))["id"])

    async def attach(self, player: Player, avatar: str, policy: str) -> None:
        """Enrol the operator of ``player`` with its device's key and attach its session."""
        name, device_key = player.scenario.name, await player.device_key
        enrolment = {"issuer": "sample-studio", "pseudonym": name, "assurance": "demo", "device_key": device_key}
        operator = (await self._ask("POST", "/v1/operators", json=enrolment))["id"]
        request = {
            "source": {"kind": "whip"},
            "avatar": avatar,
            "operators": [operator],
            "policy": policy,
            "account": f"demo-{name}",
        }
        session = await self._ask("POST", "/v1/sessions", json=request)
        player.session = session["id"]
        player.engagement = Engagement(
            server=self.url,
            session=session["id"],
            whip=session["whip"]["url"],
            token=session["whip"]["token"],
            operator="" if player.scenario.feed == "nobody" else operator,
        )

    async def on_air(self, player: Player) -> None:
        """Let ``player`` begin."""
        if player.engagement is None:
            raise RuntimeError(f"'{player.scenario.name}' is not attached yet")
        await player.child.tell(asdict(player.engagement))

    async def status(self, player: Player) -> dict[str, Any]:
        """Where the session of ``player`` stands."""
        return await self._ask("GET", f"/v1/sessions/{player.session}")

    async def end(self, player: Player, because: str) -> None:
        """End a session; its stream is not touched."""
        await self._ask("DELETE", f"/v1/sessions/{player.session}", params={"reason": because})

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """What happens to all sessions, from the beginning on, without a hole."""
        last, timeout = 0, httpx.Timeout(60.0, connect=10.0)
        while True:
            with suppress(httpx.TransportError):
                async with self.client.stream("GET", "/v1/events", params={"after": last}, timeout=timeout) as told:
                    async for line in told.aiter_lines():
                        if line.startswith("data: {"):
                            event = json.loads(line.removeprefix("data: "))
                            last = event["id"]
                            yield event
            await asyncio.sleep(0.5)

    async def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """The document of an answer. Raises ChildFailed with what the service says is wrong."""
        try:
            response = await self.client.request(method, path, **how)
        except httpx.TransportError as error:
            if self.service is not None and not self.service.running:
                raise self.service.failure() from error
            raise ChildFailed(f"the service does not answer to {method} {path} ({type(error).__name__})") from error
        if not response.is_success:
            raise ChildFailed(f"the service refuses {method} {path} ({response.status_code}): {response.text}")
        document: dict[str, Any] = response.json()
        return document

    async def close(self) -> None:
        """End every process that was started, the streams first."""
        children = [player.child for player in self.players]
        await asyncio.gather(*(child.end() for child in children))
        if self._client is not None:
            await self._client.aclose()
            self._client = None
        if self.service is not None:
            await self.service.end()
            self.service = None


def _sittings(avatar: str) -> dict[str, bytes]:
    """Portraits of ``avatar`` as a person would register it, as JPEG: well lit, from several sides."""
    return {name: cv2.imencode(".jpg", portrait(avatar, name))[1].tobytes() for name in _PORTRAITS}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
