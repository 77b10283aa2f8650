"""Appeals: whoever was cut asks once for another person to look at it; decided with the case, by another moderator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.case import CaseState
from registry.database import Database
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.ledger import Ledger
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import appeals, cases
from registry.state import AppealOutcome

APPEAL_DAYS = 184


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal. ``by``: an operator, an account or a key; ``fast``: the show may still be on."""

    id: str
    case: str
    by: str
    text: str
    at: datetime
    fast: bool
    due_at: datetime
    outcome: AppealOutcome | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealTimes:
    """How long a decision on an appeal may take, and how soon after the act it goes into the fast lane."""

    fast: timedelta = timedelta(minutes=10)
    ordinary: timedelta = timedelta(days=7)
    fast_within: timedelta = timedelta(hours=1)


class Appeals:
    """The appeals of the registry."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def file(self, case: str, text: str, *, by: str, at: datetime, times: AppealTimes) -> Appeal:
        """Appeal against a case: one that was upheld is open again, for another moderator than the first.

        Raises Conflict for a second appeal and for a case that was overturned, Refused after six months.
        """
        async with self._database.writing() as connection:
            query = select(cases).where(cases.c.id == case).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise NotFound(f"There is no case {case}.")
            await _refuse(connection, row, at)
            fast = at - row.opened_at <= times.fast_within
            made = Appeal(
                id=fresh("app"),
                case=case,
                by=by,
                text=text,
                at=at,
                fast=fast,
                due_at=at + (times.fast if fast else times.ordinary),
                outcome=None,
                decided_at=None,
            )
            if self._ledger is not None:
                content = {"appeal": made.id, "by": by, "text": text, "fast": fast, "cut": row.cut}
                await self._ledger.append("case.appealed", row.session, case, content, at)
            kept = ("id", "case", "by", "text", "at", "fast", "due_at")
            await connection.execute(insert(appeals).values({name: getattr(made, name) for name in kept}))
            if row.state is CaseState.UPHELD:
                again = {"state": CaseState.OPEN, "version": row.version + 1}
                await connection.execute(update(cases).where(cases.c.seq == row.seq).values(again))
        return made

    async def of(self, case: str) -> Appeal | None:
        """The appeal against a case; None where there is none."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(appeals).where(appeals.c.case == case))).one_or_none()
        return None if row is None else _appeal(row)

    async def waiting(self, *, limit: int = 100) -> tuple[Appeal, ...]:
        """Appeals that are not decided, the most urgent first."""
        query = select(appeals).where(appeals.c.decided_at.is_(None)).order_by(appeals.c.due_at, appeals.c.seq)
        async with self._database.reading() as connection:
            return tuple(_appeal(row) for row in await connection.execute(query.limit(page_size(limit))))

    async def list(self, *, limit: int = 100, cursor: str | None = None) -> Page[Appeal]:
        """All appeals, newest first."""
        query = select(appeals).order_by(appeals.c.seq.desc()).limit(page_size(limit) + 1)
        if cursor is not None:
            query = query.where(appeals.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_appeal(row) for row in rows[:limit]), next=more)


async def settle(connection: AsyncConnection, case: str, state: CaseState, at: datetime) -> None:
    """Decide the appeal against a case with it, in its transaction; nothing where none waits or nothing is decided."""
    outcome = {CaseState.OVERTURNED: AppealOutcome.GRANTED, CaseState.UPHELD: AppealOutcome.REJECTED}.get(state)
    if outcome is not None:
        waiting = update(appeals).where(appeals.c.case == case, appeals.c.decided_at.is_(None))
        await connection.execute(waiting.values(outcome=outcome, decided_at=at))


async def _refuse(connection: AsyncConnection, row: Row[Any], at: datetime) -> None:
    before = await connection.scalar(select(appeals.c.id).where(appeals.c.case == row.id))
    if before is not None:
        raise Conflict(
            f"There is an appeal against {row.id} already, {before}; its decision is final here.", other=before
        )
    if row.state is CaseState.OVERTURNED:
        raise Conflict(f"Case {row.id} was overturned already; there is nothing to appeal against.", other=row.id)
    if at - row.opened_at > timedelta(days=APPEAL_DAYS):
        raise Refused(f"Case {row.id} was opened more than six months ago; appeals end then.")


def _appeal(row: Row[Any]) -> Appeal:
    return Appeal(
        id=row.id,
        case=row.case,
        by=row.by,
        text=row.text,
        at=row.at,
        fast=row.fast,
        due_at=row.due_at,
        outcome=row.outcome,
        decided_at=row.decided_at,
    )
