"""Verification: operators whose identity is to be verified anew soon, told to their backend whether on shift or not."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from monitor.journal import Journal
from protocols.backend import EventType
from protocols.policy import OperatorPolicy, Policy
from registry.error import RegistryError
from registry.operator import Operator
from registry.registry import Registry

_log = structlog.get_logger()

_EVERY = 3600.0
_AT_ONCE = 100
_POLICY = "standard"
"""Outside of shifts there is no session whose policy could say it."""


async def policy_of(registry: Registry) -> OperatorPolicy:
    """What holds outside of shifts. Raises RegistryError."""
    return Policy.model_validate((await registry.policies.get(_POLICY)).document).operator


def left(operator: Operator, policy: OperatorPolicy, now: datetime) -> float | None:
    """Seconds within which the operator is to be verified anew, 0 where it has lapsed; None where it is not soon."""
    ends = operator.verified_at + timedelta(days=policy.verified_for_days)
    seconds = (ends - now).total_seconds()
    return max(0.0, seconds) if seconds <= timedelta(days=policy.remind_days).total_seconds() else None


class Reminders:
    """Tells of each verification that falls due once; ``url``: the backend's, where it wants to be told."""

    def __init__(self, registry: Registry, journal: Journal, clock: Callable[[], datetime], url: str | None) -> None:
        self._registry = registry
        self._journal = journal
        self._clock = clock
        self._url = url

    async def run(self) -> None:
        """Look every hour until cancelled."""
        while True:
            try:
                await self.round()
            except RegistryError as failure:
                _log.warning("verification.waits", because=str(failure))
            await asyncio.sleep(_EVERY)

    async def round(self) -> None:
        """Tell of all that are due and were not told of since they were verified. Raises RegistryError."""
        policy, now = await policy_of(self._registry), self._clock()
        before = now - timedelta(days=policy.verified_for_days - policy.remind_days)
        while due := await self._registry.operators.due(before, limit=_AT_ONCE):
            for operator in due:
                await self._tell(operator, left(operator, policy, now) or 0.0, now)

    async def _tell(self, operator: Operator, seconds: float, now: datetime) -> None:
        data = {
            "operator": operator.id,
            "verified_at": operator.verified_at.isoformat(),
            "lapses_in_s": round(seconds),
        }
        await self._journal.announce(EventType.OPERATOR_VERIFICATION_DUE, data, url=self._url)
        await self._registry.operators.reminded(operator.id, at=now)
