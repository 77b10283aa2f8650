"""A peer connection that does not close; the rest is in tests/contract."""

import asyncio

import pytest

from monitor.enforcers.enforcer import EnforcerFailure
from tests.contract.stages import WhipStage
from tests.unit.monitor.enforcers.order import an_order


@pytest.mark.looptime
async def test_hanging_up_that_hangs_is_tried_again() -> None:
    stage = WhipStage()
    stage.live.add("ses_1")
    stage.hanging = lambda: asyncio.sleep(3600)
    with pytest.raises(EnforcerFailure, match="did not close within 5 seconds") as failure:
        await stage.enforcer.cut(an_order())
    assert failure.value.retry
    assert not await stage.enforcer.gone(an_order())
    stage.hanging = None
    await stage.enforcer.cut(an_order())
    assert await stage.enforcer.gone(an_order())


async def test_a_session_without_a_placement_can_be_cut() -> None:
    stage = WhipStage()
    stage.live.add("ses_1")
    order = an_order(placement=None, until=None)
    await stage.enforcer.block(order)
    await stage.enforcer.cut(order)
    assert await stage.enforcer.gone(order)
    await stage.enforcer.close()
