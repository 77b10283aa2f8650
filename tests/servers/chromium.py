"""Chromium without a window, driven over its DevTools protocol; it needs nothing but the program and a WebSocket."""

import asyncio
import itertools
import json
import os
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.servers.program import Program, needs

START = 60.0
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--mute-audio",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that nobody looks at is slowed down otherwise, and its canvas stands still.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    # Candidates with loopback addresses instead of names that only multicast could resolve.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--remote-debugging-port=0",
)

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A camera that shows a pattern which moves, and a person who allows it."""


class Chromium:
    """One browser with one page; ``async with`` starts it and stops it."""

    def __init__(self, directory: Path, *more: str) -> None:
        """``more`` are further flags, such as those of a camera that is none."""
        program = needs("chromium")
        self._profile = directory / "profile"
        flags = (*FLAGS, *more, *(("--no-sandbox",) if os.geteuid() == 0 else ()))
        command = (program, *flags, f"--user-data-dir={self._profile}", "about:blank")
        self._program = Program(*command, log=directory / "chromium.log")
        self._page: ClientConnection | None = None
        self._numbers = itertools.count(1)

    @property
    def log(self) -> str:
        """What the browser has said."""
        return self._program.log

    async def open(self, url: str) -> None:
        """Go to an address, and wait until its page is there."""
        await self.command("Page.enable")
        await self.command("Page.navigate", url=url)
        async with asyncio.timeout(START):
            while not await self._at(url):  # noqa: ASYNC110 - the browser knows
                await asyncio.sleep(0.05)

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol, and its result. RuntimeError where it is refused."""
        if self._page is None:
            raise RuntimeError("Chromium was not started")
        number = next(self._numbers)
        await self._page.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(START):
            while True:
                answer = json.loads(await self._page.recv())
                if answer.get("id") == number:
                    if "error" in answer:
                        raise RuntimeError(f"{method}: {answer['error']}")
                    found: dict[str, Any] = answer["result"]
                    return found

    async def evaluate(self, expression: str) -> Any:
        """What JavaScript says; a promise is waited for. RuntimeError where it throws."""
        answer = await self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"].get("exception", {}).get("description", answer)))
        return answer["result"].get("value")

    async def __aenter__(self) -> Self:
        await self._program.start()
        try:
            self._page = await connect(await self._debugger(), max_size=None)
        except BaseException:
            await self._program.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._page is not None:
            await self._page.close()
        await self._program.stop()

    async def _at(self, url: str) -> bool:
        where, state = await self.evaluate("[location.href, document.readyState]")
        return str(where).startswith(url) and state == "complete"

    async def _debugger(self) -> str:
        """The WebSocket of the first page; the browser writes its port into its profile."""
        file = self._profile / "DevToolsActivePort"
        async with asyncio.timeout(START), httpx.AsyncClient(trust_env=False) as client:
            while True:
                if self._program.returncode is not None:
                    raise RuntimeError(f"Chromium did not start: {self.log[-2000:]}")
                if file.is_file() and (lines := file.read_text().splitlines()):
                    pages = (await client.get(f"http://127.0.0.1:{lines[0]}/json")).json()
                    for page in pages:
                        if page["type"] == "page":
                            return str(page["webSocketDebuggerUrl"])
                await asyncio.sleep(0.05)
