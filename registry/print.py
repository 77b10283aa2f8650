"""Prints: what is remembered of the motion that operators told, by session: a number of 24 bits for a turn, and when.

Neither the motion nor the person can be told from it. It is kept for days, not for ever. In SQLite a turn takes 79
bytes, a thousand sessions of five hours some 270 MB; among a million, those like one are found in about a millisecond.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from protocols.session import OperatorId, SessionId
from registry.database import Database
from registry.schema import prints, rosters

_KEYS_AT_ONCE = 8_000
_ROWS_AT_ONCE = 5_000
_FOUND_AT_MOST = 200_000
_DELETED_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A turn that ``session`` told at ``at`` (seconds since 1970, UTC), by its number."""

    key: int
    session: SessionId
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """How much is remembered of some sessions, and of when."""

    count: int
    oldest: float | None
    newest: float | None


class Prints:
    """The prints of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, found: Sequence[Kept]) -> None:
        """Remember what was told; what is remembered already, as after a restart, is so once."""
        if not found:
            return
        async with self._database.writing() as connection:
            rows = [{"key": one.key, "session": one.session, "at": one.at} for one in found]
            kind = postgresql if connection.dialect.name == "postgresql" else sqlite
            for begin in range(0, len(rows), _ROWS_AT_ONCE):
                adding = kind.insert(prints).on_conflict_do_nothing()
                await connection.execute(adding, rows[begin : begin + _ROWS_AT_ONCE])

    async def alike(self, keys: Iterable[int]) -> tuple[Kept, ...]:
        """Every turn with one of these numbers, in any session; an adversary's flood of one number is cut off."""
        wanted = sorted(set(keys))
        found: list[Kept] = []
        async with self._database.reading() as connection:
            for begin in range(0, len(wanted), _KEYS_AT_ONCE):
                some = wanted[begin : begin + _KEYS_AT_ONCE]
                query = select(prints).where(prints.c.key.in_(some)).limit(_FOUND_AT_MOST - len(found))
                found += [
                    Kept(key=row.key, session=SessionId(row.session), at=row.at)
                    for row in await connection.execute(query)
                ]
        return tuple(found)

    async def of_operator(self, operator: OperatorId) -> Remembered:
        """How much is remembered of the sessions on whose roster an operator is."""
        theirs = select(rosters.c.session).where(rosters.c.operator == operator)
        query = select(func.count(), func.min(prints.c.at), func.max(prints.c.at)).where(prints.c.session.in_(theirs))
        async with self._database.reading() as connection:
            count, oldest, newest = (await connection.execute(query)).one()
        return Remembered(count=count, oldest=oldest, newest=newest)

    async def forget(self, *, before: datetime) -> int:
        """Forget what was told before; how many prints. A bounded part at a time, so that nobody waits long."""
        oldest = select(prints.c.key, prints.c.session, prints.c.at).where(prints.c.at < before.timestamp())
        part = oldest.order_by(prints.c.at).limit(_DELETED_AT_ONCE)
        forgotten = 0
        while True:
            async with self._database.writing() as connection:
                row = tuple_(prints.c.key, prints.c.session, prints.c.at)
                gone = (await connection.execute(delete(prints).where(row.in_(part)))).rowcount
            forgotten += gone
            if gone < _DELETED_AT_ONCE:
                return forgotten
