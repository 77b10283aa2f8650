"""What the suite of all enforcers does not ask of a real Janus and a real node-media-server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from monitor.enforcers.enforcer import EnforcerFailure
from monitor.enforcers.janus import JanusEnforcer, JanusServer, publisher_token
from protocols.session import CutId, Placement, SessionId
from tests.contract.enforcer_contract import an_order, confirmed
from tests.contract.stages import JanusStage, NodeMediaServerStage
from tests.servers.janus import Janus, RoomPublisher
from tests.servers.publisher import Publisher, draw_test_card
from tests.unit.monitor.enforcers.order import an_order as an_order_for

pytestmark = pytest.mark.integration


async def test_rooms_and_publishers_may_be_numbers(tmp_path: Path) -> None:
    order = an_order_for(
        cut=CutId("cut_1"), session=SessionId("s"), placement=Placement(server="main", app="1234", stream="42")
    )
    async with Janus(tmp_path / "janus", room="1234", string_ids=False) as janus:
        await janus.allow(publisher_token("t" * 16, "1234", "42"))
        server = JanusServer(name="main", url=janus.url, token_secret="t" * 16, room_secret=janus.secret)
        enforcer, publisher = JanusEnforcer(server), RoomPublisher(janus, "42", _token("42"))
        assert await publisher.publish()
        await enforcer.block(order)
        await enforcer.cut(order)
        async with asyncio.timeout(5):
            await publisher.closed.wait()
        assert await enforcer.gone(order)
        again = RoomPublisher(janus, "42", _token("42"))
        assert not await again.publish()
        for each in (publisher, again, enforcer):
            await each.close()


def _token(publisher: str) -> str:
    return publisher_token("t" * 16, "1234", publisher)


async def test_a_room_that_checks_no_tokens_lets_them_back_in_and_they_are_seen_and_kicked_again(
    tmp_path: Path,
) -> None:
    async with JanusStage(tmp_path) as stage:
        await stage.stop()
        await stage.janus.start()  # and nobody makes its list anew
        order = an_order(stage)
        assert await stage.publish("one")
        await stage.enforcer.block(order)
        await stage.enforcer.cut(order)
        assert await confirmed(stage, order)
        assert await stage.publish("one")
        assert not await stage.enforcer.gone(order)
        await stage.enforcer.cut(order)
        assert await confirmed(stage, order)


async def test_a_wrong_secret_of_the_room_is_said_and_kicks_nobody(tmp_path: Path) -> None:
    async with JanusStage(tmp_path) as stage:
        assert await stage.publish("one")
        server = JanusServer(
            name="main", url=stage.janus.url, token_secret=stage.TOKENS, api_secret="s3cret", room_secret="wrong",
            string_ids=True,
        )  # fmt: skip
        stranger = JanusEnforcer(server)
        with pytest.raises(EnforcerFailure, match="credentials") as failure:
            await stranger.cut(an_order(stage))
        assert not failure.value.retry
        assert await stage.on_air("one")
        await stranger.close()


class Deaf:
    """Between a publisher and its server: what the publisher sends goes through, that the server hangs up does not."""

    def __init__(self, url: str) -> None:
        _, _, address = url.partition("rtmp://")
        self._port, self._path = int(address.split("/")[0].split(":")[1]), address.partition("/")[2]

    @asynccontextmanager
    async def url(self) -> AsyncIterator[str]:
        tasks: set[asyncio.Task[None]] = set()

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self._port)
            for source, sink in ((reader, ours), (theirs, writer)):
                tasks.add(asyncio.create_task(_pump(source, sink)))

        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        try:
            yield f"rtmp://127.0.0.1:{server.sockets[0].getsockname()[1]}/{self._path}"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            server.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    await asyncio.get_running_loop().create_future()  # and hears no end


async def test_a_publisher_who_does_not_hear_that_it_was_hung_up_on_is_never_taken_for_gone(tmp_path: Path) -> None:
    card = draw_test_card(tmp_path / "card.mp4", seconds=3)
    async with NodeMediaServerStage(tmp_path, card) as stage, AsyncExitStack() as stack:
        url = await stack.enter_async_context(Deaf(stage.node.publish_url("one")).url())
        publisher = await stack.enter_async_context(Publisher(card, url))
        async with asyncio.timeout(15):
            while not await stage.on_air("one"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        order = an_order(stage)
        await stage.enforcer.block(order)
        await stage.enforcer.cut(order)  # which the server answers with "deleted"
        await asyncio.sleep(2.5)
        assert publisher.returncode is None
        assert await stage.on_air("one")
        assert not await stage.enforcer.gone(order)
