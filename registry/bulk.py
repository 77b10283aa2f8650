"""Registrations changed in bulk: how many each key or account has changed, and batches that wait for another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.bulk import WITHIN, BatchRefused, BatchState, EditAct, Spoken, needs_two, settled
from registry.database import Database, alone
from registry.error import Conflict, NotFound
from registry.identity import fresh
from registry.ledger import Ledger
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import batches, edits


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One act on many registrations. ``outcome``: what became of each of ``subjects``, once it was carried out."""

    id: str
    act: EditAct
    subjects: tuple[str, ...]
    because: str
    by: str
    at: datetime
    state: BatchState
    settled_by: str | None
    settled_because: str | None
    settled_at: datetime | None
    outcome: Mapping[str, str]


class Bulk:
    """The batches of the registry, and the count of what was changed one by one."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def spend(self, by: str, count: int, *, alone_an_hour: int, at: datetime) -> bool:
        """Count ``count`` changes by a key or account; False, and none counted, where that takes two people."""
        async with self._database.writing() as connection:
            await alone(connection, "edits")
            await connection.execute(delete(edits).where(edits.c.at <= at - WITHIN))
            before = await connection.scalar(select(func.sum(edits.c.count)).where(edits.c.by == by)) or 0
            if needs_two(before, count, alone_an_hour):
                return False
            await connection.execute(insert(edits).values(by=by, at=at, count=count))
            return True

    async def propose(
        self, act: EditAct, subjects: Sequence[str], *, by: str, because: str, at: datetime, approved: bool = False
    ) -> Batch:
        """A batch that waits for another key or account; ``approved`` where it may be carried out at once."""
        state = BatchState.APPROVED if approved else BatchState.WAITING
        batch = fresh("bat")
        content = {"act": act.value, "subjects": list(subjects), "by": by, "because": because, "state": state.value}
        async with self._database.writing() as connection:
            await self._enter("proposed", batch, content, at)
            await connection.execute(
                insert(batches).values(
                    id=batch, act=act, subjects=list(subjects), because=because, by=by, at=at, state=state, outcome={}
                )
            )
            return await _one(connection, batch)

    async def get(self, batch: str) -> Batch:
        """The batch, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, batch)

    async def list(self, *, waiting: bool = False, limit: int = 100, cursor: str | None = None) -> Page[Batch]:
        """Batches, newest first; only those that wait where ``waiting``."""
        query = select(batches).order_by(batches.c.seq.desc()).limit(page_size(limit) + 1)
        if waiting:
            query = query.where(batches.c.state == BatchState.WAITING)
        if cursor is not None:
            query = query.where(batches.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_batch(row) for row in rows[:limit]), next=more)

    async def settle(self, batch: str, spoken: Spoken, *, because: str, at: datetime) -> Batch:
        """Approve or reject; one that was approved and broken off is carried on. Raises Conflict, NotFound."""
        async with self._database.writing() as connection:
            await alone(connection, "batches")
            present = await _one(connection, batch)
            try:
                state = settled(present.state, present.by, spoken)
            except BatchRefused as refused:
                raise Conflict(f"{refused}", other=batch) from refused
            if state is present.state:
                return present
            await self._enter(state.value, batch, {"by": spoken.by, "because": because, "proposed_by": present.by}, at)
            values = {"state": state, "settled_by": spoken.by, "settled_because": because, "settled_at": at}
            await connection.execute(update(batches).where(batches.c.id == batch).values(values))
            return await _one(connection, batch)

    async def finish(self, batch: str, outcome: Mapping[str, str], *, at: datetime) -> Batch:
        """Note what became of each; once."""
        async with self._database.writing() as connection:
            await self._enter("done", batch, {"outcome": dict(outcome)}, at)
            approved = (batches.c.id == batch) & (batches.c.state == BatchState.APPROVED)
            values = {"state": BatchState.DONE, "outcome": dict(outcome)}
            await connection.execute(update(batches).where(approved).values(values))
            return await _one(connection, batch)

    async def _enter(self, what: str, batch: str, content: Mapping[str, Any], at: datetime) -> None:
        if self._ledger is not None:
            await self._ledger.append(f"batch.{what}", "", batch, content, at)


async def _one(connection: AsyncConnection, batch: str) -> Batch:
    row = (await connection.execute(select(batches).where(batches.c.id == batch))).one_or_none()
    if row is None:
        raise NotFound(f"There is no batch {batch}.")
    return _batch(row)


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        id=row.id,
        act=row.act,
        subjects=tuple(row.subjects),
        because=row.because,
        by=row.by,
        at=row.at,
        state=row.state,
        settled_by=row.settled_by,
        settled_because=row.settled_because,
        settled_at=row.settled_at,
        outcome=row.outcome,
    )
