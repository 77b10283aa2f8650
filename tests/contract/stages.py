"""Stages on which enforcers show what they can do: each a media server, real or standing in for one."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

import standardwebhooks
from fastapi import FastAPI

from monitor.egress import EgressPolicy
from monitor.enforcers.enforcer import Order
from monitor.enforcers.fenced import Fenced
from monitor.enforcers.janus import JanusEnforcer, JanusServer, publisher_token
from monitor.enforcers.nginx_rtmp import NginxRtmpEnforcer, NginxRtmpServer
from monitor.enforcers.node_media_server import NodeMediaServerEnforcer, NodeMediaServerPlace
from monitor.enforcers.webhook import WebhookEnforcer, WebhookPlatform
from monitor.enforcers.whip import WhipEnforcer
from monitor.hooks.hook import Dialect
from monitor.hooks.nginx_rtmp import NginxRtmpHooks
from monitor.hooks.node_media_server import NodeMediaServerHooks
from monitor.hooks.router import HookSettings, hook_router
from protocols.session import SessionId
from protocols.webhook import SharedSecret
from tests.contract.blocks import MemoryBlocks, fenced
from tests.servers.janus import Janus, RoomPublisher
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.node_media_server import NodeMediaServer
from tests.servers.publisher import Publisher
from tests.servers.receiver import Receiver, Reply, Request
from tests.servers.web import Web

LOOPBACK_EGRESS = EgressPolicy(allowed_networks=(ip_network("127.0.0.0/8"),))


async def hooked(stack: AsyncExitStack, server: str, dialect: Dialect, blocks: MemoryBlocks) -> str:
    """Serve our hooks for one media server until the stack is closed; the URL that it is to ask."""
    app = FastAPI()
    app.include_router(hook_router(blocks, HookSettings(servers={server: dialect}, token="t0ken")))
    web = await stack.enter_async_context(Web(app))
    return f"{web.url}/hooks/{dialect.kind}/{server}?token=t0ken"


class NginxStage:
    """A real nginx, asking our hooks, and an ffmpeg for every stream."""

    server = "main"
    app = "live"
    LOGIN = ("monitor", "correct horse")

    def __init__(self, directory: Path, card: Path) -> None:
        self.blocks = MemoryBlocks()
        self._directory = directory
        self._card = card
        self._stack = AsyncExitStack()
        self.publishers: list[Publisher] = []
        self._refused: list[Publisher] = []

    async def __aenter__(self) -> Self:
        hook = await hooked(self._stack, self.server, NginxRtmpHooks(), self.blocks)
        self.nginx = NginxRtmp(self._directory / "nginx", hook, login=self.LOGIN)
        await self._stack.enter_async_context(self.nginx)
        self.enforcer = fenced(NginxRtmpEnforcer(self.place(self.LOGIN)), self.blocks)
        self._stack.push_async_callback(self.enforcer.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def place(self, login: tuple[str, str]) -> NginxRtmpServer:
        return NginxRtmpServer(
            name=self.server, control_url=self.nginx.control_url, stat_url=self.nginx.stat_url, login=login
        )

    @property
    def section_port(self) -> int:
        """Where it takes commands."""
        return self.nginx.http_port

    def section(self, port: int | None = None) -> dict[str, Any]:
        """What a service's settings say of it; ``port``: of a line that lies between."""
        url = f"http://127.0.0.1:{port or self.section_port}"
        username, password = self.LOGIN
        login = {"username": username, "password": password}
        return {"kind": "nginx-rtmp", "control_url": f"{url}/control", "stat_url": f"{url}/stat", **login}

    async def publish(self, stream: str) -> bool:
        publisher = Publisher(self._card, self.nginx.publish_url(stream))
        await self._stack.enter_async_context(publisher)
        self.publishers.append(publisher)
        async with asyncio.timeout(15):
            while publisher.returncode is None:
                if await self.on_air(stream):
                    return True
                await asyncio.sleep(0.02)
        self._refused.append(publisher)
        return False

    async def on_air(self, stream: str) -> bool:
        return await self.nginx.on_air(stream)

    async def disconnections(self) -> int:
        await asyncio.sleep(0.5)  # ffmpeg notices when it writes next
        return sum(p.returncode is not None for p in self.publishers if p not in self._refused)

    async def stop(self) -> bool:
        await self.nginx.stop()
        return True

    async def start(self) -> None:
        await self.nginx.start()

    def stranger(self) -> Fenced:
        return fenced(NginxRtmpEnforcer(self.place(("monitor", "wrong"))), self.blocks)


class JanusStage:
    """A real Janus and an aiortc peer for every publisher, each with the token that the platform gave it."""

    server = "main"
    app = "live"
    TOKENS = "the platform and the monitor know this"

    def __init__(self, directory: Path) -> None:
        self.janus = Janus(directory / "janus", api_secret="s3cret")
        self.blocks = MemoryBlocks()
        self._stack = AsyncExitStack()
        self.publishers: list[RoomPublisher] = []
        self._admitted: dict[str, None] = {}

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.janus)
        await self.admit("one", "two")
        self.enforcer = fenced(JanusEnforcer(self.place("s3cret")), self.blocks)
        self._stack.push_async_callback(self.enforcer.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def admit(self, *streams: str) -> None:
        self._admitted |= dict.fromkeys(streams)
        await self.janus.allow(*(self._token(stream) for stream in streams))

    def place(self, api_secret: str) -> JanusServer:
        return JanusServer(
            name=self.server, url=self.janus.url, api_secret=api_secret, room_secret=self.janus.secret,
            token_secret=self.TOKENS, string_ids=True,
        )  # fmt: skip

    @property
    def section_port(self) -> int:
        """Where it takes commands."""
        return self.janus.http_port

    def section(self, port: int | None = None) -> dict[str, Any]:
        """What a service's settings say of it; ``port``: of a line that lies between."""
        place = self.place("s3cret")
        secrets = {"token_secret": self.TOKENS, "room_secret": place.room_secret, "api_secret": place.api_secret}
        url = f"http://127.0.0.1:{port or self.section_port}/janus"
        return {"kind": "janus", "url": url, "string_ids": True, **secrets}

    def _token(self, stream: str) -> str:
        return publisher_token(self.TOKENS, self.janus.room, stream)

    async def publish(self, stream: str) -> bool:
        publisher = RoomPublisher(self.janus, stream, self._token(stream))
        self._stack.push_async_callback(publisher.close)
        if not await publisher.publish():
            return False
        self.publishers.append(publisher)
        async with asyncio.timeout(10):
            while not await self.on_air(stream):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return True

    async def on_air(self, stream: str) -> bool:
        return await self.janus.on_air(stream)

    async def disconnections(self) -> int:
        await asyncio.sleep(0.3)  # until aiortc has seen it
        return sum(publisher.closed.is_set() for publisher in self.publishers)

    async def stop(self) -> bool:
        await self.janus.stop()
        return True

    async def start(self) -> None:
        """Its platform makes the list again, which Janus has forgotten, without whom is blocked."""
        await self.janus.start()
        blocked = {place.stream for place in self.blocks.held_by}
        await self.admit(*(stream for stream in self._admitted if stream not in blocked))

    def stranger(self) -> Fenced:
        return fenced(JanusEnforcer(self.place("wrong")), self.blocks)


class NodeMediaServerStage:
    """A real node-media-server, notifying our hooks, and an ffmpeg for every stream."""

    server = "main"
    app = "live"

    def __init__(self, directory: Path, card: Path) -> None:
        self.blocks = MemoryBlocks()
        self.node = NodeMediaServer(directory / "node")
        self._card = card
        self._stack = AsyncExitStack()
        self.publishers: list[Publisher] = []
        self._refused: list[Publisher] = []

    async def __aenter__(self) -> Self:
        self.node.notify_url = await hooked(self._stack, self.server, NodeMediaServerHooks(), self.blocks)
        await self._stack.enter_async_context(self.node)
        self.enforcer = fenced(NodeMediaServerEnforcer(self.place(self.node.LOGIN)), self.blocks)
        self._stack.push_async_callback(self.enforcer.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def place(self, login: tuple[str, str]) -> NodeMediaServerPlace:
        return NodeMediaServerPlace(name=self.server, url=self.node.url, login=login)

    @property
    def section_port(self) -> int:
        """Where it takes commands."""
        return self.node.http_port

    def section(self, port: int | None = None) -> dict[str, Any]:
        """What a service's settings say of it; ``port``: of a line that lies between."""
        username, password = self.node.LOGIN
        url = f"http://127.0.0.1:{port or self.section_port}"
        return {"kind": "node-media-server", "url": url, "username": username, "password": password}

    async def publish(self, stream: str) -> bool:
        """It lets everybody on air and asks in the same breath; whom we refuse it closes once ffmpeg has noticed."""
        publisher = Publisher(self._card, self.node.publish_url(stream))
        await self._stack.enter_async_context(publisher)
        self.publishers.append(publisher)
        refusals = len(self.blocks.refused)
        async with asyncio.timeout(30):
            while publisher.returncode is None and not await self.on_air(stream):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)  # our answer is on its way
            if not self._refuses(stream, refusals):
                return True
            await publisher.ended(20)
        self._refused.append(publisher)
        return False

    def _refuses(self, stream: str, refusals: int) -> bool:
        return any(place.stream == stream for place in self.blocks.refused[refusals:])

    async def on_air(self, stream: str) -> bool:
        return await self.node.on_air(stream)

    async def disconnections(self) -> int:
        await asyncio.sleep(0.5)
        return sum(p.returncode is not None for p in self.publishers if p not in self._refused)

    async def stop(self) -> bool:
        await self.node.stop()
        return True

    async def start(self) -> None:
        await self.node.start()

    def stranger(self) -> Fenced:
        return fenced(NodeMediaServerEnforcer(self.place(("admin", "wrong"))), self.blocks)


class PlatformStage:
    """A platform as our documentation asks for it; it checks signatures with the reference library."""

    server = "platform"
    app = "live"

    def __init__(self, *, asks_status: bool = True) -> None:
        self._secret = SharedSecret(secret=b"k" * 32)
        self._receiver = Receiver(self.answer)
        self._asks_status = asks_status
        self.blocks = MemoryBlocks()
        self.live: set[str] = set()
        self._blocked: set[str] = set()
        self._disconnected = 0

    async def __aenter__(self) -> Self:
        await self._receiver.start()
        self.enforcer = self._enforcer(self._secret)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.enforcer.close()
        await self._receiver.stop()

    def _enforcer(self, secret: SharedSecret) -> Fenced:
        platform = WebhookPlatform(
            name=self.server, url=f"{self._receiver.url}/commands", keys=[secret], asks_status=self._asks_status
        )
        server = WebhookEnforcer(platform, egress=LOOPBACK_EGRESS, now=_now, source_ended=self._ended)
        return fenced(server, self.blocks)

    async def _ended(self, order: Order) -> bool:
        assert order.placement is not None
        return order.placement.stream not in self.live

    def answer(self, request: Request) -> Reply:
        try:
            message = standardwebhooks.Webhook(self._secret.text).verify(request.body, request.headers)
        except standardwebhooks.WebhookVerificationError:
            return Reply(status=401)
        stream = message["data"]["stream"]
        acknowledgement: dict[str, object] = {"acknowledged": request.headers["webhook-id"]}
        match message["type"]:
            case "stream.block":
                self._blocked.add(stream)
            case "stream.cut":
                self._disconnected += stream in self.live
                self.live.discard(stream)
            case "stream.restore":
                self._blocked.discard(stream)
            case "stream.status" if self._asks_status:
                acknowledgement["publishing"] = stream in self.live
            case _:
                return Reply(status=400)
        return Reply(body=json.dumps(acknowledgement).encode())

    async def publish(self, stream: str) -> bool:
        if stream not in self._blocked:
            self.live.add(stream)
        return stream not in self._blocked

    async def on_air(self, stream: str) -> bool:
        return stream in self.live

    async def disconnections(self) -> int:
        return self._disconnected

    async def stop(self) -> bool:
        await self._receiver.stop()
        return self._asks_status

    async def start(self) -> None:
        await self._receiver.start()

    def stranger(self) -> Fenced | None:
        return self._enforcer(SharedSecret(secret=b"x" * 32)) if self._asks_status else None


class WhipStage:
    """Our own WHIP endpoint's part in a cut."""

    server = "whip"
    app = "live"

    def __init__(self) -> None:
        self.live: set[str] = set()
        self._forbidden: set[str] = set()
        self._hung_up = 0
        self.hanging: Callable[[], Awaitable[None]] | None = None
        self.blocks = MemoryBlocks()
        self.enforcer = fenced(WhipEnforcer(self), self.blocks)

    async def forbid(self, session: SessionId, until: datetime | None) -> None:
        self._forbidden.add(session)

    async def permit(self, session: SessionId) -> None:
        self._forbidden.discard(session)

    async def hang_up(self, session: SessionId) -> None:
        if self.hanging is not None:
            await self.hanging()
        self._hung_up += session in self.live
        self.live.discard(session)

    def is_publishing(self, session: SessionId) -> bool:
        return session in self.live

    async def publish(self, stream: str) -> bool:
        if stream not in self._forbidden:
            self.live.add(stream)
        return stream not in self._forbidden

    async def on_air(self, stream: str) -> bool:
        return stream in self.live

    async def disconnections(self) -> int:
        return self._hung_up

    async def stop(self) -> bool:
        return False

    async def start(self) -> None:
        raise AssertionError("it never stops")

    def stranger(self) -> None:
        return None


def _now() -> float:
    return datetime.now().astimezone().timestamp()
