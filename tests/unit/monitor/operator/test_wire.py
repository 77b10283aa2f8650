"""The wire: whole messages are taken at once, everything else goes the usual way, and the order is kept."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from monitor.operator.wire import EXTENSION, Wire, _left, _whole_text

Message = MutableMapping[str, Any]


class Listener:
    """Takes what begins with a '!' at once, if it wants; hears the rest as any application does."""

    def __init__(self) -> None:
        self.at_once: list[str] = []
        self.heard: list[str] = []
        self.wants = True
        self.wire: Wire | None = None

    def take(self, text: str) -> bool:
        if not text.startswith("!") or not self.wants:
            return False
        self.at_once.append(text)
        assert self.wire is not None
        self.wire.write(text)
        return True

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.wire = scope["extensions"][EXTENSION]
        assert self.wire is not None
        self.wire.serve(self.take)
        while (message := await receive())["type"] == "websocket.receive":
            self.heard.append(message["text"])
            await send({"type": "websocket.send", "text": message["text"]})


class Served:
    """A server of its own around a listener, and a client that writes bytes as it likes."""

    async def __aenter__(self) -> "Served":
        self.listener = Listener()
        config = uvicorn.Config(
            self.listener, port=0, ws=Wire, ws_per_message_deflate=False, ws_max_size=70_000, log_level="error",
            lifespan="off",
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._running = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - set by uvicorn
            await asyncio.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.client: ClientConnection = await connect(f"ws://127.0.0.1:{port}", compression=None, ping_interval=None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        self._server.should_exit = True
        await self._running

    def raw(self, *texts: str | bytes) -> bytes:
        """Frames as a client writes them."""
        return b"".join(
            Frame(Opcode.TEXT, one if isinstance(one, bytes) else one.encode()).serialize(mask=True) for one in texts
        )

    def put(self, data: bytes) -> None:
        self.client.transport.write(data)

    async def echoes(self, *texts: str) -> None:
        for text in texts:
            assert await asyncio.wait_for(self.client.recv(), 20) == text


async def test_a_whole_message_is_taken_at_once_in_every_length() -> None:
    async with Served() as served:
        for text in ("!", "!" + "x" * 124, "!" + "é" * 100, "!" + "x" * 60_000, "!" + "x" * 66_000):
            await served.client.send(text)
            await served.echoes(text)
        assert [len(text) for text in served.listener.at_once] == [
            1,
            125,
            101,
            60_001,
        ]  # the longest goes the usual way
        assert [len(text) for text in served.listener.heard] == [66_001]


async def test_what_is_not_wanted_at_once_goes_the_usual_way_in_its_order() -> None:
    async with Served() as served:
        await served.client.send("usual")
        await served.echoes("usual")
        served.listener.wants = False
        await served.client.send("!now")
        await served.echoes("!now")
        assert (served.listener.at_once, served.listener.heard) == ([], ["usual", "!now"])


async def test_several_at_once_and_parts_keep_their_order_and_then_it_goes_on() -> None:
    async with Served() as served:
        served.put(served.raw("a", "!b"))
        await served.echoes("a", "!b")
        whole = served.raw("!c" + "x" * 200)
        served.put(whole[:50])
        await asyncio.sleep(0.05)
        served.put(whole[50:])
        await served.echoes("!c" + "x" * 200)
        await served.client.send("!d")
        await served.echoes("!d")
        assert served.listener.at_once[-1] == "!d"


async def test_where_even_a_head_comes_in_parts_everything_goes_the_usual_way() -> None:
    async with Served() as served:
        whole = served.raw("!a")
        served.put(whole[:1])
        await asyncio.sleep(0.05)
        served.put(whole[1:])
        await served.client.send("!b")
        await served.echoes("!a", "!b")


async def test_what_is_no_text_ends_the_connection_as_ever() -> None:
    async with Served() as served:
        served.put(served.raw(b"!\xff"))
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(served.client.recv(), 20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1007
        assert served.listener.at_once == []


def test_what_is_left_of_a_frame_is_known_as_long_as_its_head_is_whole() -> None:
    text = Frame(Opcode.TEXT, b"x" * 200).serialize(mask=True)
    ping = Frame(Opcode.PING, b"").serialize(mask=True)
    long = Frame(Opcode.TEXT, b"x" * 70_000).serialize(mask=True)
    assert _left(text + ping, 0) == 0
    assert _left(text[:50], 0) == len(text) - 50
    assert _left(text[50:] + ping, len(text) - 50) == 0
    assert _left(long[:100], 0) == len(long) - 100
    assert [_left(text[:1], 0), _left(text[:3], 0), _left(text, None)] == [None] * 3
    assert [_whole_text(one) for one in (ping, text[:50], text + ping, long, b"")] == [None] * 5
