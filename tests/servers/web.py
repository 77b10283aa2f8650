"""Our own web applications, served by uvicorn inside of the test."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Self

import uvicorn

from tests.servers.ports import free_port


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield


class Web:
    """An ASGI application on a free port of 127.0.0.1; ``async with`` starts and stops it."""

    def __init__(self, app: Any) -> None:
        self.port = free_port()
        # Who calls is who connects: no header of a caller's may change that.
        settings = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="warning", proxy_headers=False)
        self._server = _Quiet(settings)
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The server's URL, without a path."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
                raise RuntimeError("uvicorn did not start")
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
