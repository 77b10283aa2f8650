"""Where an order's stream is."""

import pytest

from monitor.enforcers.enforcer import EnforcerFailure, placed
from tests.unit.monitor.enforcers.order import PLACEMENT, an_order


def test_an_order_is_for_one_server() -> None:
    assert placed(an_order(), "main") == PLACEMENT
    with pytest.raises(EnforcerFailure, match=r"'main'.*'other'") as failure:
        placed(an_order(), "other")
    assert not failure.value.retry
    with pytest.raises(EnforcerFailure, match="does not say where") as failure:
        placed(an_order(placement=None), "main")
    assert not failure.value.retry
