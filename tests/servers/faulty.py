"""A line to an HTTP server that fails as lines and servers do: requests are lost, or their answers, or come too late,
broken, with an error or with a lie.

One request a connection. What happens to each is drawn from dice, so that a run can be repeated.
"""

import asyncio
from collections import Counter
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
_LIE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1"
_ERROR = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class FaultyLine:
    """Listens on ``url`` and passes on to ``upstream``, a port of this machine, which may change."""

    def __init__(self, upstream: int, dice: Random) -> None:
        self.upstream = upstream
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
            request = await reader.readuntil(b"\r\n\r\n")
            fault = self._dice.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
            if fault is Fault.LIE and not request.startswith(b"GET /control"):
                fault = Fault.BROKEN  # what is on air is cut short, never invented
            self.happened[fault] += 1
            await self._answer(fault, request, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # nginx is down, or the enforcer has given up
        finally:
            writer.close()

    async def _answer(self, fault: Fault, request: bytes, writer: asyncio.StreamWriter) -> None:
        match fault:
            case Fault.LOST:
                return
            case Fault.ERROR:
                writer.write(_ERROR)
            case Fault.LIE:
                writer.write(_LIE)
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
            lines = [line for line in request.split(b"\r\n") if not line.lower().startswith(b"connection:")]
            writer.write(b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]))
            return await reader.read()
        finally:
            writer.close()
