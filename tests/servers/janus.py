"""Janus with its VideoRoom: rooms named by texts, an HTTP API on a free port, publishers by aiortc."""

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx
from aiortc import RTCPeerConnection, RTCSessionDescription

from tests.servers.ports import answers, free_port
from tests.servers.program import Program, missing, needs
from tests.servers.webrtc import NoiseTrack, choose, peer

PACKAGE = "janus"
LIBRARIES = (Path("/usr/lib/x86_64-linux-gnu/janus"), Path("/usr/lib/aarch64-linux-gnu/janus"), Path("/usr/lib/janus"))
START = 15.0
"""Seconds that Janus has to answer."""

_UNUSED_PLUGINS = ("audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom")
_UNUSED_TRANSPORTS = ("mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets")

_CORE = """\
general: {{
  configs_folder = "{root}"
  plugins_folder = "{library}/plugins"
  transports_folder = "{library}/transports"
  events_folder = "{library}/events"
  loggers_folder = "{library}/loggers"
  debug_level = 4
  interface = "127.0.0.1"
  session_timeout = 60
  {api_secret}
}}
media: {{ ipv6 = false }}
nat: {{ ice_enforce_list = "lo" full_trickle = false ignore_mdns = true }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_HTTP = """\
general: {{ json = "plain" base_path = "/janus" http = true port = {port} ip = "127.0.0.1" https = false }}
admin: {{ admin_http = false }}
"""
_ROOMS = """\
general: {{ string_ids = {string_ids} }}
room-{room}: {{
  description = "test"
  secret = "{secret}"
  publishers = 20
  fir_freq = 2
  videocodec = "vp8,h264"
}}
"""


class Janus:
    """Janus in ``directory`` with one room; ``async with`` starts and stops it, its port stays the same.

    ``room`` is a number unless ``string_ids``. ``api_secret`` protects its API, ``secret`` the room.
    """

    def __init__(
        self, directory: Path, *, room: str = "live", secret: str = "roomsecret", string_ids: bool = True,
        api_secret: str = "",
    ) -> None:  # fmt: skip
        self._janus = needs("janus", package=PACKAGE)
        self._library = next((path for path in LIBRARIES if path.is_dir()), None) or missing("Janus has no plugins")
        self.directory = directory
        self.room = room
        self.secret = secret
        self.string_ids = string_ids
        self.api_secret = api_secret
        self._port = 0
        self._program: Program | None = None

    @property
    def http_port(self) -> int:
        """The port of the API."""
        return self._port

    @property
    def url(self) -> str:
        """The API."""
        return f"http://127.0.0.1:{self._port}/janus"

    @property
    def room_id(self) -> str | int:
        """The room as Janus names it."""
        return self.room if self.string_ids else int(self.room)

    async def start(self) -> None:
        """Start Janus and wait until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._port = self._port or free_port()
        secret = f'api_secret = "{self.api_secret}"' if self.api_secret else ""
        self._write("janus.jcfg", _CORE.format(
            root=self.directory, library=self._library, api_secret=secret,
            plugins=",".join(f"libjanus_{name}.so" for name in (*_UNUSED_PLUGINS, "videocall", "voicemail")),
            transports=",".join(f"libjanus_{name}.so" for name in _UNUSED_TRANSPORTS),
        ))  # fmt: skip
        self._write("janus.transport.http.jcfg", _HTTP.format(port=self._port))
        ids = "true" if self.string_ids else "false"
        self._write("janus.plugin.videoroom.jcfg", _ROOMS.format(room=self.room, secret=self.secret, string_ids=ids))
        command = (self._janus, "-F", str(self.directory), "-C", str(self.directory / "janus.jcfg"))
        self._program = Program(*command, log=self.directory / "janus.log")
        await self._program.start()
        async with asyncio.timeout(START):
            while not await answers(self._port):
                if self._program.returncode is not None:
                    raise RuntimeError(f"Janus did not start: {self._program.log[-2000:]}")
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stop Janus; idempotent."""
        if self._program is not None:
            await self._program.stop()

    async def allow(self, *tokens: str) -> None:
        """Let the room take publishers with these tokens and no others."""
        async with Handle(self.url, self.api_secret) as handle:
            request = {"request": "allowed", "room": self.room_id, "secret": self.secret}
            await handle.ask({**request, "action": "add", "allowed": list(tokens)})
            await handle.ask({**request, "action": "enable"})

    async def participants(self) -> list[dict[str, Any]]:
        """Who is in the room."""
        async with Handle(self.url, self.api_secret) as handle:
            answer = await handle.ask({"request": "listparticipants", "room": self.room_id})
        found: list[dict[str, Any]] = answer["participants"]
        return found

    async def on_air(self, publisher: str) -> bool:
        """Whether a participant of this id publishes."""
        return any(str(each["id"]) == publisher and each["publisher"] for each in await self.participants())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)


class Handle:
    """A session of the API with one handle on the VideoRoom; ``async with`` makes and destroys both."""

    def __init__(self, url: str, api_secret: str = "") -> None:
        self._url = url
        self._secret = {"apisecret": api_secret} if api_secret else {}
        self._client = httpx.AsyncClient(trust_env=False, timeout=30.0)
        self._session = ""
        self._handle = ""
        self._transactions = itertools.count()

    async def post(self, path: str, **message: Any) -> dict[str, Any]:
        """One request of the API."""
        body = {"transaction": f"t{next(self._transactions)}", **self._secret, **message}
        answer = await self._client.post(self._url + path, json=body)
        document: dict[str, Any] = answer.raise_for_status().json()
        if document["janus"] == "error":
            raise RuntimeError(f"Janus refuses: {document}")
        return document

    async def ask(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A request of the VideoRoom that is answered at once."""
        found: dict[str, Any] = (await self.post(self._handle, janus="message", body=body))["plugindata"]["data"]
        return found

    async def say(self, body: Mapping[str, Any], jsep: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A request of the VideoRoom that is answered by an event; the event."""
        more = {} if jsep is None else {"jsep": jsep}
        answer = await self.post(self._handle, janus="message", body=body, **more)
        while True:
            event = await self.event()
            if event.get("transaction") == answer["transaction"]:
                return event

    async def event(self) -> dict[str, Any]:
        """The next event, by a long poll."""
        answer = await self._client.get(self._url + self._session, params=self._secret)
        event: dict[str, Any] = answer.json()
        return event

    async def __aenter__(self) -> Self:
        self._session = f"/{(await self.post('', janus='create'))['data']['id']}"
        attached = await self.post(self._session, janus="attach", plugin="janus.plugin.videoroom")
        self._handle = f"{self._session}/{attached['data']['id']}"
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(RuntimeError, httpx.HTTPError):  # Janus may be down, or have forgotten it
            await self.post(self._session, janus="destroy")
        await self._client.aclose()


class RoomPublisher:
    """Publishes drawn frames into a room under an id; ``closed`` is set when Janus hangs up."""

    def __init__(self, janus: Janus, publisher: str, token: str | None = None) -> None:
        self._janus = janus
        self._id = publisher
        self._token = token
        self._handle = Handle(janus.url, janus.api_secret)
        self._peer: RTCPeerConnection = peer()
        self.closed = asyncio.Event()

    async def publish(self) -> bool:
        """Join and publish; whether the room let it."""
        await self._handle.__aenter__()
        identity: str | int = self._id if self._janus.string_ids else int(self._id)
        join: dict[str, Any] = {"request": "join", "ptype": "publisher", "room": self._janus.room_id, "id": identity}
        joined = await self._handle.say(join if self._token is None else {**join, "token": self._token})
        if "error_code" in joined["plugindata"]["data"]:
            return False
        self._peer.on("connectionstatechange", self._changed)
        self._peer.addTrack(NoiseTrack())
        choose(self._peer, "vp8")
        await self._peer.setLocalDescription(await self._peer.createOffer())
        offer = {"type": "offer", "sdp": self._peer.localDescription.sdp}
        answered = await self._handle.say({"request": "publish"}, offer)
        if "jsep" not in answered:
            return False
        await self._peer.setRemoteDescription(RTCSessionDescription(sdp=answered["jsep"]["sdp"], type="answer"))
        return True

    async def close(self) -> None:
        """Leave."""
        await self._peer.close()
        await self._handle.__aexit__()

    def _changed(self) -> None:
        if self._peer.connectionState in ("closed", "failed"):
            self.closed.set()
