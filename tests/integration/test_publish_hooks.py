"""Bookings, publish hooks and cuts on real media servers, through the service as its user runs it.

nginx and node-media-server ask before a stream goes on air; Janus asks nobody. Nobody drives any of these streams, so
that every one of them is cut for want of an operator.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.enforcers.janus import publisher_token
from samples.studio.portrait import portraits
from tests.integration.test_bad_input import SEVERE
from tests.servers.janus import Janus, RoomPublisher
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.node_media_server import NodeMediaServer
from tests.servers.operator import make_key
from tests.servers.publisher import Publisher, draw_test_card
from tests.servers.service import Document, Service

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

TOKENS = "the platform and the monitor know this"
SETTINGS = """
[hooks]
token = "t0ken"
unbooked = "refuse"

[servers.edge]
kind = "nginx-rtmp"
control_url = "{nginx.control_url}"
stat_url = "{nginx.stat_url}"
watch = "{nginx_watch}"

[servers.node]
kind = "node-media-server"
url = "{node.url}"
username = "admin"
password = "correct horse"
watch = "{node.url}/{{app}}/{{stream}}.flv"

[servers.rooms]
kind = "janus"
url = "{janus.url}"
api_secret = "s3cret"
room_secret = "roomsecret"
token_secret = "{tokens}"
string_ids = true
"""


class House:
    """A service with three media servers, an avatar and an operator who never comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = Service(folder / "service")
        self.nginx = NginxRtmp(folder / "nginx", self._hook("edge", "nginx-rtmp"), updates=False)
        self.node = NodeMediaServer(folder / "node", self._hook("node", "node-media-server"))
        self.janus = Janus(folder / "janus", api_secret="s3cret")
        self.card = draw_test_card(self.service.directory / "card.mp4", seconds=40)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "House":
        for server in (self.nginx, self.node, self.janus):
            await self._stack.enter_async_context(server)
        await self.janus.allow(publisher_token(TOKENS, "live", "one"))
        watch = self.nginx.publish_url("{stream}").replace("/live/", "/{app}/")
        self.service.add(
            SETTINGS.format(nginx=self.nginx, nginx_watch=watch, node=self.node, janus=self.janus, tokens=TOKENS)
        )
        self._stack.push_async_callback(self.service.stop)
        await self.service.start()
        api = self.service.api
        await api.policy("severe", SEVERE)
        portraits("sakura", self.folder / "stills")
        self.avatar = await api.register("sakura", sorted((self.folder / "stills").glob("*.jpg")))
        self.operator = await api.enrol("ann", make_key(self.folder / "device.pem"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def book(self, place: str, **changes: object) -> Document:
        roster = [{"operator": self.operator}]
        return await self.service.api.book(
            place, **{"avatar": "sakura", "roster": roster, "policy": "severe", **changes}
        )

    def publisher(self, place: str, query: str = "") -> Publisher:
        server, _, stream = place.split("/")
        url = self.nginx.publish_url(stream) if server == "edge" else self.node.publish_url(stream)
        return Publisher(self.card, url + query)

    async def attached(self, place: str, nth: int = 1) -> Document:
        """The n-th session that attaches by itself."""
        async with asyncio.timeout(20):
            while len(found := await self.service.api.at(place)) < nth:  # noqa: ASYNC110 - the service decides
                await asyncio.sleep(0.1)
        return found[0]

    async def cut(self, session: str) -> Document:
        """The cut that a session comes to."""
        await self.service.api.until(session, lambda standing: standing["state"] == "cut", within=60)
        [cut] = await self.service.api.cuts(session)
        assert cut["state"] == "confirmed"
        return cut

    def _hook(self, server: str, kind: str) -> str:
        return f"{self.service.hook_url(server, kind)}?token=t0ken"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with House(tmp_path_factory.mktemp("hooks")) as opened:
        yield opened


async def test_publishers_are_attached_cut_and_kept_out_until_they_are_restored(house: House) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_booked(house, "edge/live/one"))
        group.create_task(_booked(house, "node/live/one"))
        group.create_task(_in_a_room(house))


async def _booked(house: House, place: str) -> None:
    """A server that asks: who is booked is attached by itself."""
    await house.book(place)
    async with house.publisher(place) as publisher:
        session = await house.attached(place)
        assert (session["avatar"], session["operators"]) == (house.avatar, [house.operator])
        cut = await house.cut(session["id"])
        assert await publisher.ended(10) != 0
    async with house.publisher(place) as again:
        assert await again.ended(15) != 0
    assert len(await house.service.api.at(place)) == 1
    status, printed = await house.service.cli("cuts", "restore", cut["id"], "--reason", "the appeal was upheld")
    assert status == 0, printed
    async with house.publisher(place):
        session = await house.attached(place, nth=2)
    await house.service.api.end(session["id"])


async def _in_a_room(house: House) -> None:
    """Janus asks nobody, and serves nothing that could be pulled: what is watched is a file of the same broadcast."""
    token = publisher_token(TOKENS, "live", "one")
    publisher, again, restored = (RoomPublisher(house.janus, "one", token) for _ in range(3))
    assert await publisher.publish()
    session = await house.service.api.attach(
        url=house.card.as_uri(),
        avatar=house.avatar,
        operators=[house.operator],
        policy="severe",
        placement={"server": "rooms", "app": "live", "stream": "one"},
    )
    cut = await house.cut(session["id"])
    async with asyncio.timeout(5):
        await publisher.closed.wait()
    assert not await house.janus.on_air("one")
    assert not await again.publish()
    await house.service.api.restore(cut["id"])
    assert await restored.publish()
    for each in (publisher, again, restored):
        await each.close()


async def test_who_may_not_publish_is_refused(house: House) -> None:
    async def refused(place: str, query: str = "") -> None:
        async with house.publisher(place, query) as publisher:
            assert await publisher.ended(20) != 0
        assert await house.service.api.at(place) == []

    for place in ("edge/live/roster", "node/live/roster"):
        await house.book(place)
    past = {"operator": house.operator, "shifts": [{"begins": None, "ends": "2026-01-01T00:00:00Z"}]}
    await house.book("edge/live/shift", roster=[past])
    async with asyncio.TaskGroup() as group:
        group.create_task(refused("edge/live/unbooked"))
        group.create_task(refused("edge/live/roster", "?operator=op_eve"))
        group.create_task(refused("node/live/roster", "?operator=op_eve"))
        group.create_task(refused("edge/live/shift"))
    assert "No operator of this stream's roster is on shift." in house.service.log


async def test_while_we_are_down_each_server_does_as_documented_and_afterwards_the_block_holds(house: House) -> None:
    place = "node/live/down"
    await house.book(place)
    async with house.publisher(place) as publisher:
        cut = await house.cut((await house.attached(place))["id"])
        await publisher.ended(10)
    await house.service.stop()
    async with house.publisher("edge/live/down") as shut_out, house.publisher(place) as let_in:
        assert await shut_out.ended(15) != 0
        assert let_in.returncode is None
        assert await house.node.on_air("down")
        await house.service.start()
        assert await let_in.ended(30) != 0
    path = str(house.service.data / "ledger.sqlite")
    status, printed = await house.service.cli("ledger", "show", path, "--session", cut["session"], "--json")
    assert status == 0, printed
    assert json.loads(printed.splitlines()[-1])["kind"] == "cut.returned"
    await house.service.stop()  # this one was started by the test
