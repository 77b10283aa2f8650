"""Cuts on a real nginx that asks our hooks: what a publisher's ffmpeg and the next one meet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.nginx_rtmp import NginxRtmpEnforcer, NginxRtmpServer
from protocols.session import CutId, Placement, SessionId
from tests.contract.stages import NginxStage
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.publisher import Publisher, draw_test_card
from tests.servers.receiver import Receiver, Reply

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_test_card(tmp_path_factory.mktemp("card") / "card.mp4", seconds=3)


@pytest.fixture
async def stage(tmp_path: Path, card: Path) -> AsyncIterator[NginxStage]:
    async with NginxStage(tmp_path, card) as stage:
        yield stage


def an_order(stream: str, *, app: str = "live") -> Order:
    return Order(
        cut=CutId(f"cut_{stream}"),
        session=SessionId(stream),
        epoch=1,
        placement=Placement(server="main", app=app, stream=stream),
        reason="Nobody drives this avatar.",
        until=datetime.now(UTC) + timedelta(hours=1),
    )


async def carry_out(stage: NginxStage, order: Order) -> None:
    await stage.enforcer.block(order)
    await stage.enforcer.cut(order)


async def test_a_cut_ends_ffmpeg_and_the_key_is_refused_until_it_is_restored(stage: NginxStage, card: Path) -> None:
    order = an_order("s1")
    assert await stage.publish("s1")
    await carry_out(stage, order)
    assert await stage.publishers[0].ended(5) != 0
    assert await stage.enforcer.gone(order)
    assert order.placement in stage.blocks.left

    async with Publisher(card, stage.nginx.publish_url("s1")) as again:
        assert await again.ended(10) != 0
    assert not await stage.on_air("s1")

    await stage.enforcer.restore(order)
    assert await stage.publish("s1")


async def test_a_frozen_publisher_is_cut_as_well(stage: NginxStage) -> None:
    order = an_order("s1")
    assert await stage.publish("s1")
    stage.publishers[0].freeze()
    await carry_out(stage, order)
    assert await stage.enforcer.gone(order)
    stage.publishers[0].thaw()
    assert await stage.publishers[0].ended(5) != 0


async def test_players_that_stay_do_not_count_as_publishers(stage: NginxStage) -> None:
    order = an_order("s1")
    assert await stage.publish("s1")
    async with Publisher(stage.nginx.publish_url("s1"), "-", loop=False, realtime=False, container="null"):
        await wait_for_clients(stage.nginx, 2)
        await carry_out(stage, order)
        assert await stage.enforcer.gone(order)
        await wait_for_clients(stage.nginx, 1)


async def test_a_block_that_comes_without_a_cut_ends_the_stream_at_the_next_update(stage: NginxStage) -> None:
    order = an_order("s1")
    assert await stage.publish("s1")
    await stage.enforcer.block(order)
    assert await stage.publishers[0].ended(10) != 0
    assert await stage.enforcer.gone(order)


@pytest.mark.parametrize("name", ["a+b", "a%20b", "a&b", "x<y", "-", "s1;name=s2", "%", "café"])
async def test_a_strange_name_is_cut_or_never_on_air(stage: NginxStage, name: str) -> None:
    assert await stage.publish("s2")
    order = an_order(name)
    if not await stage.publish(name):
        assert not name.isascii()
        with pytest.raises(EnforcerFailure, match="visible ASCII"):
            await stage.enforcer.cut(order)
        return
    await carry_out(stage, order)
    assert await stage.enforcer.gone(order)
    assert not await stage.publish(name)
    assert await stage.on_air("s2")


async def test_arguments_of_a_publisher_do_not_pass_for_another_stream(stage: NginxStage) -> None:
    order = an_order("s1")
    await stage.enforcer.block(order)
    for disguise in ("s1?token=abc", "s1?name=s2", "s1?app=other", "s1?call=play"):
        assert not await stage.publish(disguise)
        assert await stage.enforcer.gone(order)


async def test_the_index_of_a_server_block_is_kept(stage: NginxStage) -> None:
    assert await stage.publish("s1")
    elsewhere = NginxRtmpServer(
        name="main", control_url=stage.nginx.control_url, stat_url=stage.nginx.stat_url, login=stage.LOGIN, index=1
    )
    enforcer = NginxRtmpEnforcer(elsewhere)
    assert await enforcer.gone(an_order("s1"))
    with pytest.raises(EnforcerFailure) as failure:
        await enforcer.cut(an_order("s1"))
    assert failure.value.retry
    assert await stage.on_air("s1")
    await enforcer.close()


async def test_an_nginx_that_restarts_during_the_cut_is_cut_after_it(stage: NginxStage) -> None:
    order = an_order("s1")
    assert await stage.publish("s1")
    await stage.enforcer.block(order)
    await stage.stop()
    with pytest.raises(EnforcerFailure) as failure:
        await stage.enforcer.cut(order)
    assert failure.value.retry
    await stage.start()
    await stage.enforcer.cut(order)
    assert await stage.enforcer.gone(order)
    assert not await stage.publish("s1")


@pytest.mark.parametrize("updates", [True, False])
async def test_while_we_are_down_nginx_does_what_its_configuration_says(
    tmp_path: Path, card: Path, updates: bool
) -> None:
    async with Receiver(lambda _: Reply()) as hooks, AsyncExitStack() as stack:
        nginx = NginxRtmp(tmp_path / "nginx", hooks.url, update_interval=1, updates=updates)
        await stack.enter_async_context(nginx)
        publisher = await stack.enter_async_context(Publisher(card, nginx.publish_url("s1")))
        await nginx.wait_on_air("s1")
        await hooks.stop()
        if updates:
            assert await publisher.ended(10) != 0
        else:
            with pytest.raises(TimeoutError):
                await publisher.ended(3)
            assert await nginx.on_air("s1")
        late = await stack.enter_async_context(Publisher(card, nginx.publish_url("s2")))
        assert await late.ended(10) != 0


async def wait_for_clients(nginx: NginxRtmp, count: int) -> None:
    async with asyncio.timeout(10), httpx.AsyncClient(auth=NginxStage.LOGIN) as client:
        while (await client.get(nginx.stat_url)).text.count("<client>") != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
