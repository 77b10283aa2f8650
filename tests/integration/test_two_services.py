"""Two services share one PostgreSQL and one nginx: a stream is watched by one of them, and cut once, by its owner."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest

from samples.studio.portrait import portraits
from tests.integration.test_bad_input import NEVER, SEVERE
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.operator import make_key
from tests.servers.postgresql import PostgreSql
from tests.servers.publisher import Publisher, draw_test_card
from tests.servers.service import Document, Service

pytestmark = pytest.mark.integration

PATIENT = SEVERE | {"presence": {"connect_within_s": NEVER, "absent_after_s": NEVER}}
ORDER = {"rule": "driving", "measure": "forbid", "seconds": 3600, "reason": "a machine drives it"}


class Pair:
    """Two services over one registry, and a stream that the first of them watches."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        settings = f'database_url = "{database}"\nlease_s = 5\n'
        self.first, self.second = (Service(folder / name, top=settings) for name in ("first", "second"))
        self.nginx = NginxRtmp(folder / "nginx")
        self.card = draw_test_card(folder / "card.mp4", seconds=5)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Pair":
        try:
            return await self._opened()
        except BaseException:  # what was started by then is not left behind
            await self._stack.aclose()
            raise

    async def _opened(self) -> "Pair":
        await self._stack.enter_async_context(self.nginx)
        for service in (self.first, self.second):
            service.cuts_on("edge", self.nginx)
            self._stack.push_async_callback(service.stop)
            await service.start()
        self.publisher = await self._stack.enter_async_context(Publisher(self.card, self.nginx.publish_url("one")))
        await self.nginx.wait_on_air("one")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def attach(self) -> str:
        """Attach the stream by the first service, and wait until it is watched."""
        api = self.first.api
        await api.policy("patient", PATIENT)
        avatar = await api.register("sakura", portraits("sakura", self.folder / "stills"))
        session = await api.attach(
            url=self.nginx.publish_url("one"), avatar=avatar, policy="patient",
            operators=[await api.enrol("ann", make_key(self.folder / "device.pem"))],
            placement={"server": "edge", "app": self.nginx.app, "stream": "one"},
        )  # fmt: skip
        await api.until(session["id"], lambda standing: standing["state"] == "live", within=60)
        return str(session["id"])


@pytest.fixture
async def pair(tmp_path: Path, postgresql: PostgreSql) -> AsyncIterator[Pair]:
    async with postgresql.database() as database, Pair(tmp_path, database) as pair:
        yield pair


async def order(service: Service, session: str) -> Document:
    ordered: Document = await service.api.call("POST", f"/v1/sessions/{session}/cut", json=ORDER)
    return ordered


def watched(standing: Document) -> bool:
    """Whether the service that was asked watches the session itself."""
    return bool(standing["state"] == "live" and standing["frames_seen"])


async def test_each_takes_over_from_the_other_and_what_a_stale_owner_orders_goes_nowhere(pair: Pair) -> None:
    session = await pair.attach()
    with pytest.raises(httpx.HTTPStatusError, match="not on air here"):
        await order(pair.second, session)
    os.kill(pair.first.pid, signal.SIGSTOP)
    try:
        taken = await pair.second.api.until(session, watched, within=60)
    finally:
        os.kill(pair.first.pid, signal.SIGCONT)
    assert taken["epoch"] == 2
    with suppress(httpx.HTTPStatusError):  # it may know already that it has lost the session, or learn it by this
        await order(pair.first, session)
    async with asyncio.timeout(60):
        while "session.lost" not in pair.first.log:  # noqa: ASYNC110 - a process says so
            await asyncio.sleep(0.1)
    assert (await pair.second.api.cuts(), await pair.nginx.on_air("one")) == ([], True)

    await pair.second.kill()
    taken = await pair.first.api.until(session, lambda standing: watched(standing) and standing["epoch"] > 2, within=60)
    assert (taken["epoch"], taken["rung"], await pair.first.api.cuts()) == (3, "watching", [])
    await order(pair.first, session)
    assert await pair.publisher.ended(30) != 0
    await pair.first.api.until(session, lambda standing: standing["state"] == "cut", within=60)
    [cut] = await pair.first.api.cuts(session)
    assert cut["state"] == "confirmed"
