"""What a pipeline writes is written, however long the ledger or the registry takes, and nobody is cut meanwhile."""

import asyncio
from pathlib import Path

import pytest

from monitor.record import Record
from monitor.standstill import Standstill
from protocols.backend import EventType
from protocols.ladder import Ladder
from protocols.policy import BRISK
from protocols.session import Session, SessionState
from registry.error import StaleEpoch, Unavailable
from tests.unit.monitor.broadcast import Broadcast, broadcast
from tests.virtual_time import in_virtual_time


class Row:
    """The session's row, in a registry that fails as often as it is told to."""

    def __init__(self, session: Session, failures: list[Exception]) -> None:
        self.session, self.failures = session, failures
        self.asked: list[tuple[SessionState, str | None]] = []

    async def move(self, state: SessionState, because: str | None) -> Session:
        self.asked.append((state, because))
        if self.failures:
            raise self.failures.pop(0)
        return self.session


def record(stage: Broadcast, row: Row, ladder: Ladder) -> Record:
    standstill = Standstill(ladder, asyncio.get_running_loop().time)
    return Record(stage.session, journal=stage.journal, move=row.move, standstill=standstill)


@in_virtual_time
async def test_a_note_waits_for_the_ledger_and_is_written_once(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        ladder, stage.ledger.broken = Ladder(BRISK.ladder), True
        kept = record(stage, Row(stage.session, []), ladder)
        noting = asyncio.create_task(kept.note(EventType.SESSION_BLIND, {"cause": "a test"}))
        await asyncio.sleep(30)
        assert not noting.done()
        assert ladder.held
        assert kept.trouble == "The disk is full."
        stage.ledger.broken = False
        await noting
        assert not ladder.held
        assert kept.trouble is None
        assert [entry["cause"] for entry in await stage.entries("session.blind")] == ["a test"]


@in_virtual_time
async def test_a_row_is_moved_once_the_registry_answers(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        row = Row(stage.session, [Unavailable("The database does not answer.")] * 3)
        kept = record(stage, row, Ladder(BRISK.ladder))
        await kept.stand(SessionState.LIVE, None)
        assert row.asked == [(SessionState.LIVE, None)] * 4
        assert kept.trouble is None


@in_virtual_time
async def test_a_session_that_is_not_ours_any_more_is_said_at_once(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        row = Row(stage.session, [StaleEpoch("Another has it.")])
        with pytest.raises(StaleEpoch):
            await record(stage, row, Ladder(BRISK.ladder)).stand(SessionState.CUT, "cut")
        assert len(row.asked) == 1
