"""The fence, and where an order's stream is."""

import pytest

from monitor.enforcers.enforcer import EnforcerFailure, Fence, placed
from tests.unit.monitor.enforcers.order import PLACEMENT, an_order


def test_the_fence_admits_the_highest_epoch_seen_and_nothing_older() -> None:
    fence = Fence()
    fence.admit(an_order(epoch=2))
    fence.admit(an_order(epoch=2))
    fence.admit(an_order(epoch=5))
    with pytest.raises(EnforcerFailure, match=r"epoch 4.*epoch 5") as failure:
        fence.admit(an_order(epoch=4))
    assert not failure.value.retry
    fence.admit(an_order(session="ses_2", epoch=1))


def test_a_session_that_has_ended_is_forgotten() -> None:
    fence = Fence()
    fence.admit(an_order(epoch=2))
    fence.forget(an_order().session)
    fence.forget(an_order().session)
    fence.admit(an_order(epoch=1))


def test_an_order_is_for_one_server() -> None:
    assert placed(an_order(), "main") == PLACEMENT
    with pytest.raises(EnforcerFailure, match=r"'main'.*'other'") as failure:
        placed(an_order(), "other")
    assert not failure.value.retry
    with pytest.raises(EnforcerFailure, match="does not say where") as failure:
        placed(an_order(placement=None), "main")
    assert not failure.value.retry
