"""node-media-server: ingest over RTMP, HTTP-FLV out, an API, notifications."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from tests.servers.ports import answers, free_port
from tests.servers.program import Program, missing, needs

PROGRAM = Path(__file__).parents[2] / ".venv" / "node" / "node_modules" / "node-media-server" / "bin" / "app.js"
START = 15.0
"""Seconds that it has to listen on its ports."""


class NodeMediaServer:
    """One server in ``directory`` on free ports, which stay the same; ``async with`` starts and stops it.

    ``notify_url`` is told of every publisher, and asked in the same breath: see the documentation of hooks.
    """

    app = "live"
    LOGIN = ("admin", "correct horse")

    def __init__(self, directory: Path, notify_url: str | None = None) -> None:
        self._node = needs("node", package="nodejs")
        if not PROGRAM.is_file():
            missing("node-media-server is missing: sh .ci/node-packages")
        self.directory = directory
        self.notify_url = notify_url
        self._rtmp_port = self._http_port = 0
        self._program: Program | None = None
        self._token = ""
        self._logging_in = asyncio.Lock()

    @property
    def http_port(self) -> int:
        """The port of its HTTP server."""
        return self._http_port

    @property
    def url(self) -> str:
        """Its HTTP server."""
        return f"http://127.0.0.1:{self._http_port}"

    @property
    def log(self) -> str:
        """What it has said."""
        return self._program.log if self._program is not None else ""

    def publish_url(self, stream: str) -> str:
        """Where a stream of this name is published."""
        return f"rtmp://127.0.0.1:{self._rtmp_port}/{self.app}/{stream}"

    def play_url(self, stream: str) -> str:
        """Where it is played, HTTP-FLV."""
        return f"{self.url}/{self.app}/{stream}.flv"

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._rtmp_port, self._http_port = self._rtmp_port or free_port(), self._http_port or free_port()
        file = self.directory / "config.json"
        file.write_text(json.dumps(self._configuration()))
        log = self.directory / "server.log"
        self._program = Program(self._node, str(PROGRAM), "-c", str(file), log=log, directory=self.directory)
        await self._program.start()
        async with asyncio.timeout(START):
            while not (await answers(self._rtmp_port) and await answers(self._http_port)):
                if self._program.returncode is not None:
                    raise RuntimeError(f"node-media-server did not start: {self._program.log[-2000:]}")
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stop it; idempotent."""
        if self._program is not None:
            await self._program.stop()

    async def on_air(self, stream: str) -> bool:
        """Whether more of the stream arrives, by the bytes that its publisher has sent."""
        async with httpx.AsyncClient(base_url=f"{self.url}/api/v1", trust_env=False, timeout=5.0) as client:
            client.headers["authorization"] = f"Bearer {await self._logged_in(client)}"
            before = await self._received(client, stream)
            for _ in range(20):
                await asyncio.sleep(0.02)
                if await self._received(client, stream) > before:
                    return True
        return False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _logged_in(self, client: httpx.AsyncClient) -> str:
        """A token of the API, fetched once: it takes ten logins a minute."""
        async with self._logging_in:
            if not self._token:
                username, password = self.LOGIN
                answer = await client.post("/login", json={"username": username, "password": password})
                self._token = answer.raise_for_status().json()["data"]["token"]
            return self._token

    async def _received(self, client: httpx.AsyncClient, stream: str) -> int:
        answer = (await client.get(f"/streams/{self.app}/{stream}")).json()
        publisher = (answer.get("data") or {}).get("publisher") or {}
        return int(publisher.get("inBytes", 0))

    def _configuration(self) -> Mapping[str, Any]:
        username, password = self.LOGIN
        users = [{"username": username, "password": password, "role": "admin"}]
        return {
            "bind": "127.0.0.1",
            "notify": {"url": self.notify_url or ""},
            "auth": {"play": False, "publish": False, "secret": "", "jwt": {"secret": "j" * 32, "users": users}},
            "rtmp": {"port": self._rtmp_port},
            "http": {"port": self._http_port},
            "store": {"path": str(self.directory / "store")},
            "record": {"path": str(self.directory / "record")},
        }
