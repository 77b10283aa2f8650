"""A wire between a client and a server on loopback, that a test can cut and mend."""

import asyncio
from contextlib import suppress
from typing import Self

from tests.servers.ports import free_port


class Wire:
    """Carries TCP from a port of its own to another; its port stays the same."""

    def __init__(self) -> None:
        self.port = free_port()
        self._to = 0
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def leads_to(self, port: int) -> None:
        """Say which port of this machine is at the other end."""
        self._to = port

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """End all connections without a word, and take no new ones."""
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._server = None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            self._ends |= {writer, back}
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
            self._ends -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
