"""Accesses to what is known of operators: who looked at whose data, at what, and when. Only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from protocols.session import OperatorId
from registry.database import Database
from registry.name import short_text
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import accesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Somebody looked at something of an operator. ``by``: the id of an API key or an account."""

    operator: OperatorId
    by: str
    what: str
    at: datetime


class Accesses:
    """The accesses of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, operators: Sequence[OperatorId], *, by: str, what: str, at: datetime) -> None:
        """Note that ``by`` looks at ``what`` of each of ``operators``; done before anything is shown."""
        if not operators:
            return
        row = {"by": short_text(by, what="who looks"), "what": short_text(what, what="what is looked at"), "at": at}
        async with self._database.writing() as connection:
            await connection.execute(insert(accesses), [{**row, "operator": operator} for operator in operators])

    async def of(self, operator: OperatorId, *, limit: int = 100, cursor: str | None = None) -> Page[Access]:
        """Who looked at what of an operator, newest first."""
        query = select(accesses).where(accesses.c.operator == operator).order_by(accesses.c.seq.desc())
        if cursor is not None:
            query = query.where(accesses.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.limit(page_size(limit) + 1))).all()
        items = tuple(
            Access(operator=OperatorId(row.operator), by=row.by, what=row.what, at=row.at) for row in rows[:limit]
        )
        return Page(items=items, next=write_cursor(rows[limit - 1].seq) if len(rows) > limit else None)
