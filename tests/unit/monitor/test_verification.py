"""Backends hear of verifications that fall due, on shift or not, once."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.verification import Reminders, left, policy_of
from protocols.policy import OperatorPolicy
from registry.operator import Operator
from registry.registry import Registry
from tests.unit.monitor.broadcast import broadcast, clock
from tests.virtual_time import in_virtual_time

DAYS = OperatorPolicy().verified_for_days


async def verified(registry: Registry, name: str, *, days_ago: float) -> Operator:
    return await registry.operators.enrol(
        pseudonym=name, issuer="i", assurance="high", verified_at=clock() - timedelta(days=days_ago), at=clock()
    )


@in_virtual_time
async def test_each_that_falls_due_is_told_of_once_a_week_before(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        registry = stage.registry
        await registry.policies.put("standard", {}, at=clock())
        await verified(registry, "fresh", days_ago=DAYS - 8)
        soon = await verified(registry, "soon", days_ago=DAYS - 6)
        lapsed = await verified(registry, "lapsed", days_ago=DAYS + 1)
        reminders = Reminders(registry, stage.journal, clock, "https://backend.example/hook")
        await reminders.round()
        await reminders.round()
        due = [entry.content for entry in await stage.ledger.read() if entry.kind == "operator.verification_due"]
        told = {one["operator"]: one["lapses_in_s"] for one in due}
        assert told == {soon.id: pytest.approx(6 * 86_400), lapsed.id: 0}
        assert (len(due), len(stage.woken)) == (2, 2)  # a webhook each
        policy = await policy_of(registry)
        assert [left(one, policy, clock()) for one in (soon, lapsed)] == [pytest.approx(6 * 86_400), 0.0]
