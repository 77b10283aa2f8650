"""The gate and the blocks behind it, on a real registry."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.enforcers.block import RegisteredBlocks
from monitor.enforcers.enforcer import EnforcerFailure
from monitor.gate import BlockGate
from protocols.session import CutId, Placement
from registry.block import Blocks
from registry.error import Unavailable
from registry.registry import Registry
from tests.unit.monitor.enforcers.order import PLACEMENT, an_order

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    registry = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield registry
    await registry.close()


async def nobody_listens(_: Placement) -> None:
    return None


async def test_a_block_refuses_with_its_reason_until_its_end(registry: Registry) -> None:
    now = NOW
    gate = BlockGate(registry.blocks, clock=lambda: now, ended=nobody_listens)
    assert await gate.may_publish(PLACEMENT) is None
    await registry.blocks.put(PLACEMENT, reason="Nobody drives.", at=NOW, until=NOW + timedelta(hours=1))
    refusal = "Nobody drives. Publishing is blocked until 2026-11-23T13:00:00+00:00."
    assert await gate.may_publish(PLACEMENT) == refusal
    assert await gate.may_go_on(PLACEMENT) == refusal
    assert await gate.may_go_on(Placement(server="other", app="live", stream="s1")) is None
    now = NOW + timedelta(hours=1)
    assert await gate.may_publish(PLACEMENT) is None


async def test_a_block_without_an_end_lasts_until_it_is_lifted(registry: Registry) -> None:
    gate = BlockGate(registry.blocks, clock=lambda: NOW, ended=nobody_listens)
    block = await registry.blocks.put(PLACEMENT, reason="Nobody drives.", at=NOW)
    assert await gate.may_publish(PLACEMENT) == "Nobody drives. Publishing is blocked until it is restored."
    await registry.blocks.lift(block.id, at=NOW)
    assert await gate.may_publish(PLACEMENT) is None


async def test_the_end_of_a_stream_is_passed_on(registry: Registry) -> None:
    left: list[Placement] = []

    async def listen(placement: Placement) -> None:
        left.append(placement)

    await BlockGate(registry.blocks, clock=lambda: NOW, ended=listen).ended(PLACEMENT)
    assert left == [PLACEMENT]


async def test_an_order_whose_time_has_passed_blocks_nothing(registry: Registry) -> None:
    blocks = RegisteredBlocks(registry.blocks, lambda: NOW)
    await blocks.put(an_order(until=NOW))
    await blocks.put(an_order(placement=None))
    assert await registry.blocks.list(now=NOW) == ()
    await blocks.lift(an_order())


async def test_a_cut_that_the_registry_does_not_know_cannot_block(registry: Registry) -> None:
    with pytest.raises(EnforcerFailure, match="cannot be written") as failure:
        await RegisteredBlocks(registry.blocks, lambda: NOW).put(an_order(cut=CutId("cut_unknown")))
    assert not failure.value.retry


async def test_a_database_that_fails_is_tried_again() -> None:
    class Failing(Blocks):
        def __init__(self) -> None:
            pass

        async def lift_for(self, cut: CutId, *, at: datetime) -> int:
            raise Unavailable("The database is locked.")

    with pytest.raises(EnforcerFailure, match="locked") as failure:
        await RegisteredBlocks(Failing(), lambda: NOW).lift(an_order())
    assert failure.value.retry
