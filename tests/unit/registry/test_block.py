import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.session import CutId
from registry.error import NotFound, Refused
from registry.registry import Registry
from tests.unit.registry.conftest import NOW, PLACEMENT, Studio

HOUR = timedelta(hours=1)


async def test_a_place_is_blocked_until_its_time(registry: Registry) -> None:
    block = await registry.blocks.put(PLACEMENT, reason="Nobody drives.", at=NOW, until=NOW + HOUR)
    assert await registry.blocks.blocked(PLACEMENT, now=NOW) == block
    assert await registry.blocks.blocked(PLACEMENT, now=NOW + HOUR - timedelta(microseconds=1)) == block
    assert await registry.blocks.blocked(PLACEMENT, now=NOW + HOUR) is None
    for other in ("server", "app", "stream"):
        assert await registry.blocks.blocked(replace(PLACEMENT, **{other: "other"}), now=NOW) is None
    assert await registry.blocks.get(block.id) == block


async def test_a_block_without_an_end_holds_until_lifted(registry: Registry) -> None:
    block = await registry.blocks.put(PLACEMENT, reason="Nobody drives.", at=NOW)
    assert await registry.blocks.blocked(PLACEMENT, now=NOW + 10_000 * HOUR) == block
    lifted = await registry.blocks.lift(block.id, at=NOW + HOUR)
    assert lifted.lifted_at == NOW + HOUR
    assert (await registry.blocks.lift(block.id, at=NOW + 2 * HOUR)).lifted_at == NOW + HOUR
    assert await registry.blocks.blocked(PLACEMENT, now=NOW) is None


async def test_the_block_that_holds_longest_is_told(registry: Registry) -> None:
    short = await registry.blocks.put(PLACEMENT, reason="short", at=NOW, until=NOW + HOUR)
    long = await registry.blocks.put(PLACEMENT, reason="long", at=NOW, until=NOW + 2 * HOUR)
    assert await registry.blocks.blocked(PLACEMENT, now=NOW) == long
    for_ever = await registry.blocks.put(PLACEMENT, reason="for ever", at=NOW)
    assert await registry.blocks.blocked(PLACEMENT, now=NOW) == for_ever
    assert await registry.blocks.list(now=NOW) == (short, long, for_ever)
    assert await registry.blocks.list(now=NOW + HOUR) == (long, for_ever)


async def test_restoring_a_cut_lifts_its_block_and_no_other(studio: Studio) -> None:
    session = await studio.attach(placement=PLACEMENT)
    cut = await studio.registry.cuts.intend(
        session=session.id, epoch=1, rule="driving", cause="c", evidence={}, enforcer="nginx", at=NOW
    )
    blocks = studio.registry.blocks
    put = await asyncio.gather(*(blocks.put(PLACEMENT, reason="r", at=NOW, cut=cut.id) for _ in range(4)))
    assert len({block.id for block in put}) == 1
    assert await blocks.blocked(PLACEMENT, now=NOW, besides=cut.id) is None
    by_hand = await blocks.put(PLACEMENT, reason="by hand", at=NOW)
    assert await blocks.blocked(PLACEMENT, now=NOW, besides=cut.id) == by_hand
    assert await blocks.lift_for(cut.id, at=NOW + HOUR) == 1
    assert await blocks.lift_for(cut.id, at=NOW + HOUR) == 0
    assert await blocks.blocked(PLACEMENT, now=NOW) == by_hand
    # Asking once more for what was lifted does not put it back: a late repetition cannot undo the restoring.
    assert (await blocks.put(PLACEMENT, reason="r", at=NOW, cut=cut.id)).lifted_at == NOW + HOUR


async def test_a_block_that_cannot_be_is_refused(registry: Registry) -> None:
    with pytest.raises(Refused, match="before it begins"):
        await registry.blocks.put(PLACEMENT, reason="r", at=NOW, until=NOW - HOUR)
    with pytest.raises(NotFound, match="cut_x"):
        await registry.blocks.put(PLACEMENT, reason="r", at=NOW, cut=CutId("cut_x"))
    with pytest.raises(NotFound):
        await registry.blocks.lift("blk_x", at=NOW)
