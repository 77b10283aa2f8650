"""An HTTP/1.1 server that answers as a test wants it to: promptly, late, never, endlessly, falsely."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.ports import free_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered: ``pause`` seconds late, a byte every ``trickle`` seconds, half of it where ``cut_off``."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    trickle: float = 0.0
    cut_off: bool = False


HANG = Reply(pause=3600.0)
Answering = Callable[[Request], Reply | Awaitable[Reply]]


class Receiver:
    """The server; ``answering`` may be replaced at any time, ``requests`` holds what was asked so far, in order.

    ``async with`` starts and stops it; the port stays the same over ``stop`` and ``start``.
    """

    def __init__(self, answering: Answering, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.answering = answering
        self.requests: list[Request] = []
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The server's URL, without a path."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)

    async def stop(self) -> None:
        """Stop listening and end every conversation; idempotent."""
        if self._server is None:
            return
        self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.requests.append(request)
            answer = self.answering(request)
            await _write(writer, answer if isinstance(answer, Reply) else await answer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Request(method=method, path=parts.path, query=dict(parse_qsl(parts.query)), headers=headers, body=body)


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    await asyncio.sleep(reply.pause)
    headers = {"content-length": str(len(reply.body)), "connection": "close", **reply.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {reply.status} Status\r\n{head}\r\n".encode())
    body = reply.body[: len(reply.body) // 2] if reply.cut_off else reply.body
    if not reply.trickle:
        writer.write(body)
    for byte in body if reply.trickle else b"":
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(reply.trickle)
    await writer.drain()
