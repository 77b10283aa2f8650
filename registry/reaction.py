"""Reactions: after how many seconds each operator has answered, as numbers, the newest few."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import insert, select, update

from protocols.reaction import KEPT, Kind
from protocols.session import OperatorId
from registry.database import Database
from registry.schema import reactions

History = Mapping[Kind, tuple[float, ...]]
"""Seconds from question to answer by the kind of the question, oldest first."""


class Reactions:
    """The reactions of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, operators: Collection[OperatorId]) -> Mapping[OperatorId, History]:
        """What is remembered of each of ``operators``; of some nothing."""
        found: dict[OperatorId, dict[Kind, tuple[float, ...]]] = {operator: {} for operator in operators}
        query = select(reactions).where(reactions.c.operator.in_(sorted(operators)))
        async with self._database.reading() as connection:
            for row in await connection.execute(query):
                found[OperatorId(row.operator)][Kind(row.kind)] = tuple(row.seconds)
        return found

    async def add(self, operator: OperatorId, kind: Kind, seconds: float, *, at: datetime) -> None:
        """Remember one more; the oldest of many is forgotten."""
        ours = (reactions.c.operator == operator) & (reactions.c.kind == kind.value)
        async with self._database.writing() as connection:
            before = await connection.scalar(select(reactions.c.seconds).where(ours))
            values = [*(before or ()), round(seconds, 3)][-KEPT:]
            if before is None:
                row = {"operator": operator, "kind": kind.value, "seconds": values, "at": at}
                await connection.execute(insert(reactions).values(row))
            else:
                await connection.execute(update(reactions).where(ours).values(seconds=values, at=at))
