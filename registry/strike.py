"""Strikes: the cuts that stand against an avatar, an operator or an account, until they lapse or are taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.measure import StrikeSubject
from protocols.session import CutId, Session
from registry.database import Database
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.ledger import Ledger
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import cuts, strikes

Struck = Mapping[StrikeSubject, Sequence[str]]
"""Whom a cut strikes: ids of avatars and operators, names of accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One cut against one subject. ``taken_back_at`` is set where the cut was undone; the record stays."""

    id: str
    cut: CutId
    kind: StrikeSubject
    subject: str
    rule: str
    at: datetime
    taken_back_at: datetime | None


class Strikes:
    """The strikes of the registry. They are given with a cut's receipt, in the same transaction: see ``Cuts``."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def against(
        self, session: Session, *, of: Sequence[StrikeSubject], since: datetime
    ) -> Mapping[tuple[StrikeSubject, str], int]:
        """How many strikes since then stand against each subject of the session; subjects without one are left out."""
        subjects = {kind: each for kind, each in struck_by(session).items() if kind in of and each}
        if not subjects:
            return {}
        whose = [(strikes.c.kind == kind) & strikes.c.subject.in_(each) for kind, each in subjects.items()]
        query = (
            select(strikes.c.kind, strikes.c.subject, func.count().label("number"))
            .where(or_(*whose), strikes.c.taken_back_at.is_(None), strikes.c.at > since)
            .group_by(strikes.c.kind, strikes.c.subject)
        )
        async with self._database.reading() as connection:
            return {(row.kind, row.subject): row.number for row in await connection.execute(query)}

    async def take_back(self, cut: CutId, *, at: datetime) -> int:
        """Take back what a cut has struck, as where its case is overturned; how many strikes that were.

        Taking back again changes nothing. ``Cuts.restore`` does it as well.
        """
        async with self._database.writing() as connection:
            return await take_back(connection, cut, at)

    async def forgive(self, strike: str, *, by: str, because: str, at: datetime) -> Strike:
        """Take back one strike, whose cut stays as it is; entered in the ledger.

        Raises NotFound, Conflict where it was taken back already, Refused without a reason.
        """
        if not because.strip():
            raise Refused("A strike is taken back for a reason: say why.")
        async with self._database.writing() as connection:
            query = select(strikes).where(strikes.c.id == strike)
            row = (await connection.execute(query.with_for_update())).one_or_none()
            if row is None:
                raise NotFound(f"There is no strike {strike}.")
            if row.taken_back_at is not None:
                raise Conflict(f"Strike {strike} was taken back already.", other=strike)
            if self._ledger is not None:
                session = await connection.scalar(select(cuts.c.session).where(cuts.c.id == row.cut))
                content = {"by": by, "because": because, "cut": row.cut, "kind": row.kind.value, "of": row.subject}
                await self._ledger.append("strike.taken_back", session or "", strike, content, at)
            await connection.execute(update(strikes).where(strikes.c.id == strike).values(taken_back_at=at))
            return _strike((await connection.execute(query)).one())

    async def list(
        self,
        *,
        kind: StrikeSubject | None = None,
        subject: str | None = None,
        cut: CutId | None = None,
        standing: bool = False,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Strike]:
        """Strikes, newest first; with ``standing`` only those that were not taken back."""
        query = select(strikes).order_by(strikes.c.seq.desc()).limit(page_size(limit) + 1)
        for column, wanted in ((strikes.c.kind, kind), (strikes.c.subject, subject), (strikes.c.cut, cut)):
            if wanted is not None:
                query = query.where(column == wanted)
        if standing:
            query = query.where(strikes.c.taken_back_at.is_(None))
        if cursor is not None:
            query = query.where(strikes.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_strike(row) for row in rows[:limit]), next=more)


def struck_by(session: Session) -> Struck:
    """Everybody whom a cut of the session can strike."""
    return {
        StrikeSubject.AVATAR: [session.avatar],
        StrikeSubject.OPERATOR: list(session.operators),
        StrikeSubject.ACCOUNT: [session.account] if session.account else [],
    }


async def give(connection: AsyncConnection, cut: CutId, rule: str, struck: Struck, at: datetime) -> None:
    """Strike, within the transaction that confirms the cut."""
    values = [
        {"id": fresh("str"), "cut": cut, "kind": kind, "subject": subject, "rule": rule, "at": at}
        for kind, subjects in struck.items()
        for subject in subjects
    ]
    if values:
        await connection.execute(insert(strikes), values)


async def take_back(connection: AsyncConnection, cut: CutId, at: datetime) -> int:
    """Take back what a cut has struck, within a transaction."""
    standing = update(strikes).where(strikes.c.cut == cut, strikes.c.taken_back_at.is_(None))
    return (await connection.execute(standing.values(taken_back_at=at))).rowcount


def _strike(row: Row[Any]) -> Strike:
    return Strike(
        id=row.id,
        cut=CutId(row.cut),
        kind=row.kind,
        subject=row.subject,
        rule=row.rule,
        at=row.at,
        taken_back_at=row.taken_back_at,
    )
