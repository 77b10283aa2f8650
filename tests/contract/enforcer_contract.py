"""The suite that comes with the Enforcer interface: a stage for each media server passes every test of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.fenced import Fenced
from protocols.session import CutId, Placement, SessionId
from tests.contract.blocks import MemoryBlocks


class Stage(Protocol):
    """A media server with its enforcer, and somebody who publishes to it."""

    enforcer: Fenced
    blocks: MemoryBlocks
    server: str
    app: str

    async def publish(self, stream: str) -> bool:
        """Try to publish; whether the server let it on air."""

    async def on_air(self, stream: str) -> bool:
        """Whether the stream is on air, by a look that is not the enforcer's."""

    async def disconnections(self) -> int:
        """How often a publisher was disconnected by the server so far."""

    async def stop(self) -> bool:
        """Take the server down; False for one that lives and dies with us."""

    async def start(self) -> None:
        """Bring it up again."""

    def stranger(self) -> Fenced | None:
        """An enforcer with wrong credentials for the same server; None where the server has none to check."""


def an_order(
    stage: Stage, *, stream: str = "one", epoch: int = 1, cut: str = "cut_1", session: str | None = None
) -> Order:
    """Order the cut of a stream of this stage, for an hour."""
    return Order(
        cut=CutId(cut),
        session=SessionId(session or stream),
        epoch=epoch,
        placement=Placement(server=stage.server, app=stage.app, stream=stream),
        reason="Nobody drives this avatar.",
        until=datetime.now(UTC) + timedelta(hours=1),
    )


async def refused(command: Callable[[Order], Awaitable[object]], order: Order) -> EnforcerFailure:
    """Give the command and return the failure that it ends in."""
    with pytest.raises(EnforcerFailure) as failure:
        await command(order)
    return failure.value


async def confirmed(stage: Stage, order: Order) -> bool:
    """Whether the stream is gone within seconds; a server may answer "cut" well before it is."""
    async with asyncio.timeout(10):
        while not await stage.enforcer.gone(order):  # noqa: ASYNC110 - servers tell nobody, they must be asked
            await asyncio.sleep(0.05)
    return True


async def disconnected(stage: Stage) -> int:
    """How often a publisher was disconnected, once one was: the server has let go of it before its program knows."""
    async with asyncio.timeout(10):
        while not await stage.disconnections():  # noqa: ASYNC110 - a publisher's end is only seen by looking
            await asyncio.sleep(0.05)
    return await stage.disconnections()


class EnforcerContract:
    """Subclasses give a fixture ``stage``."""

    async def test_a_cut_stream_is_gone_and_the_other_goes_on(self, stage: Stage) -> None:
        order = an_order(stage)
        assert await stage.publish("one")
        assert await stage.publish("two")
        assert not await stage.enforcer.gone(order)
        await stage.enforcer.block(order)
        await stage.enforcer.cut(order)
        assert await confirmed(stage, order)
        assert not await stage.on_air("one")
        assert await stage.on_air("two")
        assert not await stage.enforcer.gone(an_order(stage, stream="two"))

    async def test_a_blocked_stream_does_not_return_until_it_is_restored(self, stage: Stage) -> None:
        order = an_order(stage)
        assert await stage.publish("one")
        await stage.enforcer.block(order)
        await stage.enforcer.cut(order)
        assert await confirmed(stage, order)
        assert not await stage.publish("one")
        assert await stage.enforcer.gone(order)
        await stage.enforcer.restore(order)
        assert await stage.publish("one")
        assert not await stage.enforcer.gone(order)

    async def test_every_command_given_twice_does_its_work_once(self, stage: Stage) -> None:
        order = an_order(stage)
        assert await stage.publish("one")
        for command in (stage.enforcer.block, stage.enforcer.cut):
            await command(order)
            await command(order)
        assert await confirmed(stage, order)
        assert await disconnected(stage) == 1
        for _ in range(2):
            await stage.enforcer.restore(order)
        assert await stage.publish("one")
        assert await stage.on_air("one")

    async def test_cutting_a_stream_that_nobody_publishes_is_no_failure(self, stage: Stage) -> None:
        order = an_order(stage)
        await stage.enforcer.block(order)
        await stage.enforcer.cut(order)
        assert await confirmed(stage, order)
        assert await stage.disconnections() == 0

    async def test_a_stale_owner_can_neither_cut_nor_block_nor_ask_nor_restore(self, stage: Stage) -> None:
        assert await stage.publish("one")
        await stage.enforcer.block(an_order(stage, epoch=2))
        stale = an_order(stage, epoch=1)
        enforcer = stage.enforcer
        for command in (enforcer.block, enforcer.cut, enforcer.gone, enforcer.restore, enforcer.slate):
            failure = await refused(command, stale)
            assert not failure.retry
            assert "epoch 1" in str(failure)
        assert await stage.on_air("one")
        await stage.enforcer.cut(an_order(stage, epoch=3))
        assert await confirmed(stage, an_order(stage, epoch=3))
        assert not await stage.publish("one")

    async def test_a_server_that_is_down_is_tried_again_and_never_taken_for_a_cut(self, stage: Stage) -> None:
        order = an_order(stage)
        if not await stage.stop():
            return
        assert (await refused(stage.enforcer.cut, order)).retry
        assert (await refused(stage.enforcer.gone, order)).retry
        await stage.start()
        await stage.enforcer.cut(order)
        assert await confirmed(stage, order)

    async def test_wrong_credentials_are_said_at_once(self, stage: Stage) -> None:
        stranger = stage.stranger()
        if stranger is None:
            return
        try:
            assert await stage.publish("one")
            assert not (await refused(stranger.cut, an_order(stage))).retry
            assert not (await refused(stranger.gone, an_order(stage))).retry
            assert await stage.on_air("one")
        finally:
            await stranger.close()
