"""Checkpoints: while the service runs, how far its ledger has come is signed and entered now and then."""

import asyncio

import structlog

from monitor.journal import Clock
from registry.error import LedgerFailure
from registry.notary import Notary

_log = structlog.get_logger()


async def keep(notary: Notary, clock: Clock, *, every: float) -> None:
    """Enter a checkpoint every so many seconds, where there is anything new, until cancelled; and one at the end."""
    try:
        while True:
            await asyncio.sleep(every)
            await _enter(notary, clock)
    finally:
        await _enter(notary, clock)


async def _enter(notary: Notary, clock: Clock) -> None:
    try:
        await notary.enter(clock())
    except LedgerFailure as failure:  # the next one counts what this one would have
        _log.error("checkpoint.failed", because=str(failure))
