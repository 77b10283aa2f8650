"""A line to an HTTP server that fails as lines and servers do: requests are lost, or their answers, or come too late,
broken, with an error or with a lie.

One request a connection. What happens to each is drawn from dice, so that a run can be repeated.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import Self

from tests.servers.ports import free_port


class Fault(StrEnum):
    """What becomes of one request."""

    NONE = "none"
    LOST = "lost"
    UNANSWERED = "unanswered"
    SLOW = "slow"
    BROKEN = "broken"
    ERROR = "error"
    LIE = "lie"


_WEIGHTS = {
    Fault.NONE: 60, Fault.LOST: 10, Fault.UNANSWERED: 8, Fault.SLOW: 3, Fault.BROKEN: 7, Fault.ERROR: 5, Fault.LIE: 7,
}  # fmt: skip
_SLOW_S = 2.5  # longer than the enforcer waits
_ERROR = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Lies = Callable[[bytes], bytes | None]
"""What a server that lies says to a request instead of doing it; None for a question, which is never made up."""


def nginx_lies(request: bytes) -> bytes | None:
    """Of one that it dropped nobody knows."""
    return b"1" if request.startswith(b"GET /control") else None


def janus_lies(request: bytes) -> bytes | None:
    """Of a kick, and of a token that was taken off: without the list, which would be made up."""
    message = json.loads(request.partition(b"\r\n\r\n")[2] or b"{}")
    body = message.get("body", {})
    if body.get("request") != "kick" and not body.get("allowed") and body.get("action") != "enable":
        return None
    said = {"janus": "success", "transaction": message["transaction"]}
    return json.dumps({**said, "plugindata": {"data": {"videoroom": "success", "room": body["room"]}}}).encode()


def node_media_server_lies(request: bytes) -> bytes | None:
    """Of a session that was deleted."""
    return b'{"success": true, "data": {}}' if request.startswith(b"DELETE") else None


class FaultyLine:
    """Listens on ``url`` and passes on to ``upstream``, a port of this machine, which may change."""

    def __init__(self, upstream: int, dice: Random, lies: Lies) -> None:
        self.upstream = upstream
        self._lies = lies
        self.port = free_port()
        self.happened: Counter[Fault] = Counter()
        self._dice = dice
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer), name="faulty line")
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        await asyncio.wait([talk])

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            lie = self._lies(request)
            fault = self._dice.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
            if fault is Fault.LIE and lie is None:
                fault = Fault.BROKEN  # what is on air is cut short, never invented
            self.happened[fault] += 1
            await self._answer(fault, request, lie, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the server is down, or the enforcer has given up
        finally:
            writer.close()

    async def _answer(self, fault: Fault, request: bytes, lie: bytes | None, writer: asyncio.StreamWriter) -> None:
        match fault:
            case Fault.LOST:
                return
            case Fault.ERROR:
                writer.write(_ERROR)
            case Fault.LIE if lie is not None:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(lie) + lie)
            case _:
                answer = await self._ask(request)
                if fault is Fault.SLOW:
                    await asyncio.sleep(_SLOW_S)
                if fault is Fault.BROKEN:
                    answer = answer[: len(answer) // 2]
                if fault is not Fault.UNANSWERED:
                    writer.write(answer)
        await writer.drain()

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            head, _, body = request.partition(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
            writer.write(b"\r\n".join([*lines, b"Connection: close", b"", body]))
            return await reader.read()
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """One request with its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head if length is None else head + await reader.readexactly(int(length[1]))
