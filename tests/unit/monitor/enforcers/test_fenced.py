"""What stands before every enforcer: nothing stale passes, and the registry's block comes first and goes last."""

import asyncio
from pathlib import Path

import pytest

from monitor.enforcers.block import RegisteredBlocks
from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.fence import RegisteredFence
from monitor.enforcers.fenced import Fenced
from registry.error import Unavailable
from registry.registry import Registry
from tests.contract.blocks import MemoryBlocks, MemoryFence
from tests.unit.monitor.broadcast import Broadcast, broadcast, clock, failure
from tests.unit.monitor.broadcast import MediaServer as Server
from tests.unit.monitor.enforcers.order import an_order
from tests.virtual_time import in_virtual_time

COMMANDS = ("block", "cut", "gone", "restore", "slate", "unslate")


class Covering(Server):
    """A media server that can put a notice over a picture."""

    def slates(self, order: Order) -> bool:
        return order.session != "ses_bare"

    async def slate(self, order: Order) -> str:
        self.log.append("slate")
        return "Game"

    async def unslate(self, order: Order, before: str) -> None:
        self.log.append(f"unslate {before}")


async def give(front: Fenced, command: str, order: Order) -> None:
    await getattr(front, command)(order, *(["Game"] if command == "unslate" else []))


def front(stage: Broadcast, server: Server) -> Fenced:
    return Fenced(server, RegisteredFence(stage.registry.sessions), RegisteredBlocks(stage.registry.blocks, clock))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_stale_owner_sends_is_refused_by_every_service_over_the_same_registry(
    command: str, tmp_path: Path
) -> None:
    @in_virtual_time
    async def test() -> None:
        async with broadcast(tmp_path) as stage:
            stale = an_order(session=stage.session.id, epoch=1, placement=stage.session.placement)
            await stage.registry.sessions.claim(stage.session.id)
            server = Covering()
            with pytest.raises(EnforcerFailure, match=r"epoch 1.*epoch 2") as refused:
                await give(front(stage, server), command, stale)
            assert not refused.value.retry
            assert server.log == []
            assert await stage.registry.blocks.list(now=clock()) == ()

    test()


@in_virtual_time
async def test_the_fence_is_of_the_registry_and_stands_after_a_restart(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        session = (await stage.registry.sessions.claim(stage.session.id)).id
    again = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    try:
        fence = RegisteredFence(again.sessions)
        with pytest.raises(EnforcerFailure, match="epoch 2"):
            await fence.admit(an_order(session=session, epoch=1))
        await fence.admit(an_order(session=session, epoch=2))
        with pytest.raises(EnforcerFailure, match="no session") as unknown:
            await fence.admit(an_order(session="ses_unknown"))
        assert not unknown.value.retry
    finally:
        await again.close()


@in_virtual_time
async def test_a_registry_that_does_not_say_who_owns_the_session_is_asked_again(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:

        async def epoch(session: str) -> int:
            raise Unavailable("The database cannot be used now.")

        stage.registry.sessions.epoch = epoch  # type: ignore[method-assign, assignment]
        with pytest.raises(EnforcerFailure, match="cannot be looked up") as refused:
            await front(stage, stage.server).cut(an_order(session=stage.session.id))
        assert refused.value.retry


async def test_a_place_that_another_cut_blocks_stays_blocked_at_the_server() -> None:
    server, blocks = Server(), MemoryBlocks()
    front = Fenced(server, MemoryFence(), blocks)
    await front.block(an_order(cut="cut_2"))
    await front.restore(an_order(cut="cut_1"))
    assert server.blocked
    await front.restore(an_order(cut="cut_2"))
    assert not server.blocked
    assert not blocks.held_by


async def test_a_restore_that_fails_leaves_the_block_to_be_lifted_again() -> None:
    server, blocks = Server(), MemoryBlocks()
    front = Fenced(server, MemoryFence(), blocks)
    await front.block(an_order())
    server.failures["restore"] = [failure()]
    with pytest.raises(EnforcerFailure):
        await front.restore(an_order())
    assert blocks.held_by
    await front.restore(an_order())
    assert not blocks.held_by


async def test_an_enforcer_says_whether_it_can_cover_a_picture() -> None:
    server = Covering()
    covering, bare = Fenced(server, MemoryFence(), MemoryBlocks()), Fenced(Server(), MemoryFence(), MemoryBlocks())
    assert covering.slates(an_order())
    assert await covering.slate(an_order()) == "Game"
    await covering.unslate(an_order(), "Game")
    assert server.log == ["slate", "unslate Game"]
    for front, order in ((covering, an_order(session="ses_bare")), (bare, an_order())):
        assert not front.slates(order)
        with pytest.raises(EnforcerFailure, match="cannot put a notice"):
            await front.slate(order)
    await asyncio.gather(covering.close(), bare.close())
