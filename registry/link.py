"""Links: which session is the return of a stream that is forbidden elsewhere, and by what it was recognised."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.exc import IntegrityError

from protocols.measure import MeasureKind, StrikeSubject
from protocols.session import AvatarId, CutId, OperatorId, SessionId
from registry.database import Database
from registry.schema import cuts, links, sessions, strikes
from registry.state import CutState, LinkedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A cut that forbids until ``until`` (None: until restored): whose stream it was, and who drove it then."""

    cut: CutId
    session: SessionId
    avatar: AvatarId
    account: str
    operators: frozenset[OperatorId]
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A session that is recognised as the return of the stream of ``cut``."""

    session: SessionId
    cut: CutId
    by: LinkedBy
    at: datetime


class Links:
    """The links of the registry, and the bans that they lead to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bans(self, *, now: datetime) -> tuple[Ban, ...]:
        """Every ban in force, oldest first."""
        in_force = or_(cuts.c.until.is_(None), cuts.c.until > now)
        query = (
            select(cuts.c.id, cuts.c.session, cuts.c.avatar, cuts.c.until, sessions.c.account)
            .join(sessions, sessions.c.id == cuts.c.session)
            .where(cuts.c.state == CutState.CONFIRMED, cuts.c.measure == MeasureKind.FORBID, in_force)
            .order_by(cuts.c.seq)
        )
        async with self._database.reading() as connection:
            found = (await connection.execute(query)).all()
            there = select(strikes.c.cut, strikes.c.subject).where(
                strikes.c.kind == StrikeSubject.OPERATOR, strikes.c.cut.in_([row.id for row in found])
            )
            drove: dict[str, set[OperatorId]] = {}
            for row in await connection.execute(there):
                drove.setdefault(row.cut, set()).add(OperatorId(row.subject))
        return tuple(_ban(row, drove.get(row.id, ())) for row in found)

    async def add(self, session: SessionId, cut: CutId, by: LinkedBy, *, at: datetime) -> bool:
        """Link a session; False where it is linked to that cut already, whatever by."""
        async with self._database.writing() as connection:
            twice = select(links.c.cut).where(links.c.session == session, links.c.cut == cut)
            if await connection.scalar(twice) is not None:
                return False
            try:
                await connection.execute(insert(links).values(session=session, cut=cut, by=by, at=at))
            except IntegrityError:  # another service of a shared database was first
                return False
            return True

    async def of(self, session: SessionId) -> tuple[Link, ...]:
        """The links of a session, oldest first."""
        query = select(links).where(links.c.session == session).order_by(links.c.at, links.c.cut)
        async with self._database.reading() as connection:
            return tuple(
                Link(session=SessionId(row.session), cut=CutId(row.cut), by=row.by, at=row.at)
                for row in await connection.execute(query)
            )


def _ban(row: Any, operators: Collection[OperatorId]) -> Ban:
    return Ban(
        cut=CutId(row.id),
        session=SessionId(row.session),
        avatar=AvatarId(row.avatar),
        account=row.account,
        operators=frozenset(operators),
        until=row.until,
    )
