"""Reports: what viewers saw and whose likeness was taken. They are looked at by people; none of them ever cuts.

Who reports is not kept. A secret that is shown once tells them later how it stands.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from registry.database import Database
from registry.error import Conflict, NotFound
from registry.identity import fresh
from registry.ledger import Ledger
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import reports, sessions
from registry.state import ReportKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report. ``found``: avatars that the reported likeness resembles, and where they were on air; ``seen``: pictures
    on air that it resembles, whoever they are registered as (JSON)."""

    id: str
    kind: ReportKind
    session: str | None
    text: str
    standing: str | None
    found: Sequence[Mapping[str, Any]]
    seen: Sequence[Mapping[str, Any]]
    at: datetime
    due_at: datetime
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


class Reports:
    """The reports of the registry."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def file(
        self,
        kind: ReportKind,
        text: str,
        *,
        at: datetime,
        within: timedelta,
        session: str | None = None,
        standing: str | None = None,
        found: Sequence[Mapping[str, Any]] = (),
        seen: Sequence[Mapping[str, Any]] = (),
    ) -> tuple[Report, str]:
        """A new report, and the secret that tells how it stands. Raises NotFound for a session that is not there."""
        report, secret = fresh("rep"), secrets.token_urlsafe(24)
        async with self._database.writing() as connection:
            if (
                session is not None
                and await connection.scalar(select(sessions.c.id).where(sessions.c.id == session)) is None
            ):
                raise NotFound(f"There is no session {session}.")
            if self._ledger is not None:
                content = {
                    "kind": kind.value,
                    "found": [dict(one) for one in found],
                    "seen": [dict(one) for one in seen],
                }
                await self._ledger.append("report.filed", session or "", report, content, at)
            await connection.execute(
                insert(reports).values(
                    id=report,
                    kind=kind,
                    session=session,
                    text=text,
                    standing=standing,
                    secret=_digest(secret),
                    found=[dict(one) for one in found],
                    seen=[dict(one) for one in seen],
                    at=at,
                    due_at=at + within,
                )
            )
        return await self.get(report), secret

    async def get(self, report: str) -> Report:
        """The report, or NotFound."""
        return _report(await self._row(report))

    async def standing(self, report: str, secret: str) -> Report:
        """The report, for whoever filed it. Raises NotFound, whatever is wrong."""
        row = await self._row(report)
        if not hmac.compare_digest(row.secret, _digest(secret)):
            raise NotFound(f"There is no report {report}.")
        return _report(row)

    async def list(self, *, waiting: bool = False, limit: int = 100, cursor: str | None = None) -> Page[Report]:
        """Reports, newest first; only those that were not answered where ``waiting``."""
        query = select(reports).order_by(reports.c.seq.desc()).limit(page_size(limit) + 1)
        if waiting:
            query = query.where(reports.c.answered_at.is_(None))
        if cursor is not None:
            query = query.where(reports.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_report(row) for row in rows[:limit]), next=more)

    async def answer(self, report: str, text: str, *, by: str, at: datetime) -> Report:
        """Answer a report, once. Raises Conflict for a second answer."""
        async with self._database.writing() as connection:
            row = (await connection.execute(select(reports).where(reports.c.id == report))).one_or_none()
            if row is None:
                raise NotFound(f"There is no report {report}.")
            if row.answered_at is not None:
                raise Conflict(f"Report {report} was answered already.", other=report)
            if self._ledger is not None:
                content = {"by": by, "answer": text}
                await self._ledger.append("report.answered", row.session or "", report, content, at)
            values = {"answer": text, "answered_by": by, "answered_at": at}
            await connection.execute(update(reports).where(reports.c.id == report).values(values))
        return await self.get(report)

    async def _row(self, report: str) -> Row[Any]:
        async with self._database.reading() as connection:
            row = (await connection.execute(select(reports).where(reports.c.id == report))).one_or_none()
        if row is None:
            raise NotFound(f"There is no report {report}.")
        return row


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _report(row: Row[Any]) -> Report:
    return Report(
        id=row.id,
        kind=row.kind,
        session=row.session,
        text=row.text,
        standing=row.standing,
        found=tuple(row.found),
        seen=tuple(row.seen or ()),
        at=row.at,
        due_at=row.due_at,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )
