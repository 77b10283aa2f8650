"""Undoings: operators whose cut was undone while they were away, to be told when they come again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.session import CutId, OperatorId, SessionId
from registry.database import Database
from registry.schema import cuts, rosters, undoings


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """The cut of ``cut_at`` was undone at ``at``, and ``operator`` does not know it yet."""

    cut: CutId
    operator: OperatorId
    cut_at: datetime
    at: datetime


class Undoings:
    """The undoings of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, operators: Collection[str]) -> tuple[Undoing, ...]:
        """What these operators have to be told, oldest first."""
        query = (
            select(undoings.c.cut, undoings.c.operator, undoings.c.at, cuts.c.decided_at.label("cut_at"))
            .join(cuts, cuts.c.id == undoings.c.cut)
            .where(undoings.c.operator.in_(operators), undoings.c.told_at.is_(None))
            .order_by(undoings.c.at, undoings.c.cut, undoings.c.operator)
        )
        async with self._database.reading() as connection:
            return tuple(
                Undoing(cut=CutId(row.cut), operator=OperatorId(row.operator), cut_at=row.cut_at, at=row.at)
                for row in await connection.execute(query)
            )

    async def told(self, undoing: Undoing, *, at: datetime) -> None:
        """Note that the operator was told."""
        its = (undoings.c.cut == undoing.cut) & (undoings.c.operator == undoing.operator)
        async with self._database.writing() as connection:
            await connection.execute(update(undoings).where(its).values(told_at=at))


async def note_undone(connection: AsyncConnection, cut: CutId, session: SessionId, at: datetime) -> None:
    """Within the transaction that undoes a cut: everybody of its session's roster is to be told, once."""
    known = select(undoings.c.operator).where(undoings.c.cut == cut)
    roster = select(rosters.c.operator).where(rosters.c.session == session, rosters.c.operator.not_in(known))
    for operator in (await connection.scalars(roster)).all():
        await connection.execute(insert(undoings).values(cut=cut, operator=operator, at=at))
