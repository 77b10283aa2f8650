"""Bookings, publish hooks and cuts on real media servers, through the service as its user runs it.

nginx and node-media-server ask before a stream goes on air; Janus asks nobody. Nobody drives any of these streams, so
that every one of them is cut for want of an operator.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import cv2
import pytest
import pytest_asyncio

from monitor.enforcers.janus import publisher_token
from samples.studio.portrait import portraits
from tests.integration.test_bad_input import NEVER, SEVERE
from tests.servers.janus import Janus, RoomPublisher
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.node_media_server import NodeMediaServer
from tests.servers.operator import Operator, make_key
from tests.servers.publisher import Publisher, draw_test_card
from tests.servers.service import Document, Service

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

PATIENT = SEVERE | {"presence": {"connect_within_s": NEVER, "absent_after_s": NEVER}}
TOKENS = "the platform and the monitor know this"
SETTINGS = """
[avatars]
four_eyes = false

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
        try:
            return await self._opened()
        except BaseException:  # what was started by then is not left behind
            await self._stack.aclose()
            raise

    async def _opened(self) -> "House":
        for server in (self.nginx, self.node, self.janus):
            await self._stack.enter_async_context(server)
        await self.janus.allow(*(publisher_token(TOKENS, "live", name) for name in ("one", "two")))
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


async def test_a_forbidden_stream_that_comes_back_is_recognised_on_every_server(house: House) -> None:
    """Under another key, room and account: by its picture, its operator, its account and its avatar."""
    api, forbidden = house.service.api, await _forbidden(house)
    twin = await api.register("Zwilling", [_copy(still) for still in sorted((house.folder / "stills").glob("*.jpg"))])
    await api.call("POST", f"/v1/reviews/{twin}/approve", json={"reason": "the same studio's"})
    raiden = await api.register("raiden", portraits("raiden", house.folder / "raiden"))
    bob = await api.enrol("bob", make_key(house.folder / "bob.pem"))
    stranger: Document = {"roster": [{"operator": bob}], "policy": "patient", "account": "channel-2"}
    await house.book("edge/live/again", **stranger | {"avatar": twin})
    await house.book("node/live/again", **stranger | {"avatar": raiden, "roster": [{"operator": house.operator}]})
    async with house.publisher("edge/live/again"), house.publisher("node/live/again"):
        came = {"picture": await house.attached("edge/live/again"), "operator": await house.attached("node/live/again")}
        asked: Document = {"operators": [bob], "policy": "patient"}
        place = {"server": "rooms", "app": "live", "stream": "again"}
        url = house.card.as_uri()
        came["account"] = await api.attach(url=url, avatar=raiden, account="channel-1", placement=place, **asked)
        came["avatar"] = await api.attach(source={"kind": "whip"}, avatar=house.avatar, account="channel-3", **asked)
        for by, session in came.items():
            found = (await api.session(session["id"]))["returns"]
            assert [(link["cut"], link["by"]) for link in found] == [(forbidden["id"], by)]
            await api.end(session["id"])
    await api.restore(forbidden["id"])


async def _forbidden(house: House) -> Document:
    """A stream that a person has forbidden while its operator was there."""
    api = house.service.api
    await api.policy("patient", PATIENT)
    motion = house.folder / "motion.jsonl"
    motion.write_text("".join(json.dumps({"t": n / 30, "yaw": n % 31 - 15}) + "\n" for n in range(900)))
    session = await api.attach(
        source={"kind": "whip"}, avatar=house.avatar, operators=[house.operator], policy="patient", account="channel-1"
    )
    async with Operator(
        house.service, session["id"], house.operator, key=house.folder / "device.pem", telemetry=motion, loop=True
    ):
        await api.until(session["id"], lambda standing: bool(standing["operators_present"]), within=60)
        order = {"rule": "driving", "measure": "forbid", "seconds": 3600, "reason": "a machine drives it"}
        await api.call("POST", f"/v1/sessions/{session['id']}/cut", json=order)
        return await house.cut(session["id"])


def _copy(still: Path) -> Path:
    """The same picture in another file, as a second registration would have it."""
    file = still.with_suffix(".png")
    cv2.imwrite(str(file), cv2.imread(str(still)))
    return file


async def test_while_we_are_down_each_server_does_as_documented_and_afterwards_the_block_holds(house: House) -> None:
    place = "node/live/down"
    await house.book(place)
    async with house.publisher(place) as publisher:
        cut = await house.cut((await house.attached(place))["id"])
        await publisher.ended(10)
    await _taken_off_the_list(house, "two")
    await house.book("edge/live/stays", policy="patient")
    async with house.publisher("edge/live/stays") as stays, AsyncExitStack() as rooms:
        running = await house.attached("edge/live/stays")
        await house.service.stop()
        async with house.publisher("edge/live/down") as shut_out, house.publisher(place) as let_in:
            assert await shut_out.ended(15) != 0
            assert let_in.returncode is None
            assert await house.node.on_air("down")
            assert await _enters(house, rooms, "one")  # its cut was restored
            assert not await _enters(house, rooms, "two")  # whose token was taken away
            assert (stays.returncode, await house.nginx.on_air("stays")) == (None, True)
            await house.service.start()
            assert await let_in.ended(30) != 0
        await house.service.api.until(running["id"], lambda standing: standing["state"] == "live", within=60)
        await house.service.api.end(running["id"])
    path = str(house.service.data / "ledger.sqlite")
    status, printed = await house.service.cli("ledger", "show", path, "--session", cut["session"], "--json")
    assert status == 0, printed
    assert json.loads(printed.splitlines()[-1])["kind"] == "cut.returned"
    await house.service.stop()  # this one was started by the test


async def _taken_off_the_list(house: House, name: str) -> None:
    """A room's publisher whom a person has cut."""
    await house.service.api.policy("patient", PATIENT)
    session = await house.service.api.attach(
        url=house.card.as_uri(), avatar=house.avatar, operators=[house.operator], policy="patient",
        placement={"server": "rooms", "app": "live", "stream": name},
    )  # fmt: skip
    order = {"rule": "driving", "measure": "drop", "seconds": 3600, "reason": "a machine drives it"}
    await house.service.api.call("POST", f"/v1/sessions/{session['id']}/cut", json=order)
    await house.cut(session["id"])


async def _enters(house: House, rooms: AsyncExitStack, name: str) -> bool:
    """Whether the room takes a publisher with this name and its token."""
    publisher = RoomPublisher(house.janus, name, publisher_token(TOKENS, "live", name))
    rooms.push_async_callback(publisher.close)
    return await publisher.publish()
