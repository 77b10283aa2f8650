"""While the service runs, its ledger is signed now and then."""

import asyncio
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor import checkpoints
from protocols.backend import EventType
from protocols.checkpoint import opened
from registry.ledger import Ledger
from registry.notary import CHECKPOINT, Notary
from tests.unit.monitor.broadcast import Broadcast, broadcast, clock
from tests.virtual_time import in_virtual_time

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


async def sizes(stage: Broadcast, notary: Notary) -> list[int]:
    """How many entries each checkpoint counts, those of before the session apart."""
    entries = await stage.registry.ledger.read(kind=CHECKPOINT)
    [before] = [e.number - 1 for e in await stage.registry.ledger.read(session=stage.session.id, limit=1)]
    return [opened(entry.content["note"], notary.verifier).size - before for entry in entries]


@in_virtual_time
async def test_one_is_entered_each_time_something_is_new_and_one_at_the_end(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        notary = Notary(stage.registry.ledger, KEY, "log.example")
        keeping = asyncio.create_task(checkpoints.keep(notary, clock, every=60))
        await stage.journal.note(stage.session, EventType.SESSION_LIVE, {})
        await asyncio.sleep(250)
        assert await sizes(stage, notary) == [1]
        await stage.journal.note(stage.session, EventType.SESSION_BLIND, {})
        await asyncio.sleep(60)
        assert await sizes(stage, notary) == [1, 3]
        await stage.journal.note(stage.session, EventType.SESSION_SIGHTED, {})
        keeping.cancel()
        await asyncio.wait({keeping})
        assert await sizes(stage, notary) == [1, 3, 5]


@in_virtual_time
async def test_a_ledger_that_fails_for_a_while_is_signed_later(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        notary = Notary(cast("Ledger", stage.ledger), KEY, "log.example")
        await stage.journal.note(stage.session, EventType.SESSION_LIVE, {})
        stage.ledger.broken = True
        keeping = asyncio.create_task(checkpoints.keep(notary, clock, every=60))
        await asyncio.sleep(200)
        assert await sizes(stage, notary) == []
        stage.ledger.broken = False
        await asyncio.sleep(60)
        assert await sizes(stage, notary) == [1]
        keeping.cancel()
        await asyncio.wait({keeping})
