"""An order for the tests of enforcers."""

from datetime import UTC, datetime
from typing import Any

from monitor.enforcers.enforcer import Order
from protocols.session import CutId, Placement, SessionId

PLACEMENT = Placement(server="main", app="live", stream="s1")


def an_order(**changes: Any) -> Order:
    values: dict[str, Any] = {
        "cut": CutId("cut_1"),
        "session": SessionId("ses_1"),
        "epoch": 1,
        "placement": PLACEMENT,
        "reason": "Nobody drives this avatar.",
        "until": datetime(2030, 1, 1, tzinfo=UTC),
    }
    return Order(**values | changes)
