"""The service itself, as its user runs it: ``nakanohito serve`` in a process of its own, and a client of its API."""

import asyncio
import json
import os
import signal
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx

from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.ports import answers, free_port
from tests.servers.program import Program

START = 60.0
"""Seconds that the service has to become ready: codecs and models are loaded on a machine that others use too."""

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]

_SETTINGS = """\
data_dir = {data}
port = {port}
windows = 8
threads = 2
workers = {workers}
{top}
[log]
level = "info"

[egress]
allowed_networks = ["127.0.0.0/8"]
directory = {directory}

[webhooks]
secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
"""
_SERVER = """\

[servers.{name}]
kind = "nginx-rtmp"
control_url = "{control}"
stat_url = "{stat}"
"""


class Service:
    """One service on a free port with its own data folder; ``start``, ``stop`` and ``kill`` may come again and again.

    ``data`` may lie elsewhere than in ``directory``; ``top`` are settings outside of any section. Its port stays the
    same, so that hooks may name it before it runs.
    """

    def __init__(
        self, directory: Path, *, data: Path | None = None, settings: str = "", top: str = "", workers: int = 0
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.data = data or directory / "data"
        self.port = free_port()
        self._more = settings
        self._top = top
        self._workers = workers
        self._servers: dict[str, NginxRtmp] = {}
        self._program: Program | None = None
        self._client: httpx.AsyncClient | None = None

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self.port}"

    def hook_url(self, server: str, kind: str = "nginx-rtmp") -> str:
        """What a media server of this name and kind asks before a stream goes on air."""
        return f"{self.url}/hooks/{kind}/{server}"

    def add(self, settings: str) -> None:
        """Add to the settings, before ``start``."""
        self._more += settings

    def cuts_on(self, name: str, nginx: NginxRtmp) -> None:
        """Name a media server, which must have been started, in the settings; before ``start``."""
        self._servers[name] = nginx

    @property
    def pid(self) -> int:
        """The process id of the service."""
        return self._running().pid

    @property
    def log(self) -> str:
        """What all runs of the service have said."""
        path = self.directory / "service.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def api(self) -> "Api":
        """The API, with the administrator's key."""
        if self._client is None:
            key = (self.data / "admin.key").read_text().strip()
            headers = {"authorization": f"Bearer {key}"}
            # Both sides give up an idle connection after five seconds: whoever asks then may find it closed.
            limits = httpx.Limits(keepalive_expiry=2.0)
            self._client = httpx.AsyncClient(
                base_url=self.url, headers=headers, timeout=30.0, limits=limits, trust_env=False
            )
        return Api(self._client)

    async def start(self) -> None:
        """Start the service and wait until it is ready."""
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Start the service; it may not be ready yet."""
        file = self.directory / "nakanohito.toml"
        text = _SETTINGS.format(
            data=json.dumps(str(self.data)),
            port=self.port,
            directory=json.dumps(str(self.directory)),
            workers=self._workers,
            top=self._top,
        )
        for name, nginx in self._servers.items():
            text += _SERVER.format(name=name, control=nginx.control_url, stat=nginx.stat_url)
        text += self._more
        tomllib.loads(text)
        file.write_text(text)
        command = ("env", *unset(), "OMP_NUM_THREADS=1", sys.executable, "-m", "monitor", "serve", "-s", str(file))
        self._program = Program(*command, log=self.directory / "service.log", directory=ROOT)
        await self._program.start()

    async def ready(self) -> None:
        """Wait until the service says that it works."""
        async with asyncio.timeout(START), httpx.AsyncClient(trust_env=False) as client:
            while True:
                if self._running().returncode is not None:
                    raise RuntimeError(f"the service did not start: {self.log[-4000:]}")
                if await answers(self.port):
                    with suppress(httpx.HTTPError):
                        if (await client.get(f"{self.url}/readyz", timeout=5.0)).status_code == 200:
                            return
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End the service as a power cut does, without a word."""
        os.kill(self.pid, signal.SIGKILL)
        await self._running().ended(10.0)
        await self._disconnect()

    async def stop(self) -> None:
        """Stop the service in good order; idempotent."""
        await self._disconnect()
        if self._program is not None:
            with suppress(TimeoutError):
                if self._program.returncode is None:
                    self._program.signal(signal.SIGTERM)
                    await self._program.ended(20.0)
            await self._program.stop()

    async def cli(self, *arguments: str, within: float = 60.0) -> tuple[int, str]:
        """Run ``nakanohito`` with this service's settings; the exit status and what was printed."""
        settings = f"NAKANOHITO_SETTINGS={self.directory / 'nakanohito.toml'}"
        command = ("env", *unset(), settings, sys.executable, "-m", "monitor", *arguments)
        async with Program(*command, log=_fresh(self.directory, "cli"), directory=ROOT) as program:
            status = await program.ended(within)
            return status, program.log

    async def verify_ledger(self) -> Document:
        """What ``nakanohito ledger verify`` says of this service's ledger."""
        _, printed = await self.cli("ledger", "verify", "--json", str(self.data / "ledger.sqlite"))
        found: Document = json.loads(printed)
        return found

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _running(self) -> Program:
        if self._program is None:
            raise RuntimeError("the service was not started")
        return self._program

    async def _disconnect(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        self._client = None


class Api:
    """The API as a backend uses it; what is refused raises httpx.HTTPStatusError with the answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        """One request; the answer's JSON."""
        answer = await self.client.request(method, path, **arguments)
        if answer.is_error:
            raise httpx.HTTPStatusError(f"{answer.status_code}: {answer.text}", request=answer.request, response=answer)
        return answer.json()

    async def register(self, name: str, pictures: Sequence[Path]) -> str:
        """Register an avatar; its id."""
        files = [("pictures", (picture.name, picture.read_bytes())) for picture in pictures]
        return str((await self.call("POST", "/v1/avatars", data={"name": name}, files=files, timeout=120.0))["id"])

    async def enrol(self, pseudonym: str, device_key: str) -> str:
        """Enrol an operator with a device key; the operator's id."""
        request = {"issuer": "test", "pseudonym": pseudonym, "assurance": "high", "device_key": device_key}
        return str((await self.call("POST", "/v1/operators", json=request))["id"])

    async def policy(self, name: str, document: Mapping[str, Any]) -> str:
        """Write a policy; its name and version."""
        return str((await self.call("PUT", f"/v1/policies/{name}", json=document))["id"])

    async def attach(self, **request: Any) -> Document:
        """Attach a stream."""
        attached: Document = await self.call("POST", "/v1/sessions", json=request)
        return attached

    async def session(self, session: str) -> Document:
        """Where a session stands."""
        standing: Document = await self.call("GET", f"/v1/sessions/{session}")
        return standing

    async def end(self, session: str) -> Document:
        """End a session."""
        ended: Document = await self.call("DELETE", f"/v1/sessions/{session}")
        return ended

    async def book(self, place: str, **booking: Any) -> Document:
        """Book a place, ``server/app/stream``."""
        booked: Document = await self.call("PUT", f"/v1/bookings/{place}", json=booking)
        return booked

    async def at(self, place: str) -> list[Document]:
        """The sessions of a place, newest first."""
        server, app, stream = place.split("/")
        placement = {"server": server, "app": app, "stream": stream}
        found = (await self.call("GET", "/v1/sessions"))["items"]
        return [session for session in found if session["placement"] == placement]

    async def cuts(self, session: str | None = None) -> list[Document]:
        """The cuts, newest first."""
        found: list[Document] = (await self.call("GET", "/v1/cuts", params={"session": session} if session else {}))[
            "items"
        ]
        return found

    async def restore(self, cut: str, reason: str = "the appeal was upheld") -> Document:
        """Restore a cut stream."""
        restored: Document = await self.call("POST", f"/v1/cuts/{cut}/restore", json={"reason": reason})
        return restored

    async def until(self, session: str, holds: Callable[[Document], bool], *, within: float) -> Document:
        """Wait until something holds of a session's standing, and return it; TimeoutError tells the last standing."""
        standing: Document = {}
        try:
            async with asyncio.timeout(within):
                while not holds(standing := await self.session(session)):  # noqa: ASYNC110 - the service decides
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise TimeoutError(f"after {within:g} s the session stands at {standing}") from None
        return standing

    async def follow(self, session: str | None = None, *, after: int | None = 0) -> AsyncIterator[Document]:
        """The events of a session, or of all, from the first one that is still at hand."""
        path = "/v1/events" if session is None else f"/v1/sessions/{session}/events"
        headers = {} if after is None else {"last-event-id": str(after)}
        timeout = httpx.Timeout(30.0, read=60.0)
        async with self.client.stream("GET", path, headers=headers, timeout=timeout) as stream:
            stream.raise_for_status()
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def events(self, session: str) -> list[Document]:
        """All events of a session that has ended."""
        return [event async for event in self.follow(session)]


def unset() -> list[str]:
    """Arguments of ``env`` that take away what this process is told about services."""
    return [part for name in os.environ if name.startswith("NAKANOHITO_") for part in ("-u", name)]


def _fresh(directory: Path, stem: str) -> Path:
    return directory / f"{stem}-{len(list(directory.glob(f'{stem}-*.log')))}.log"
