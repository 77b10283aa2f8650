"""Exhibits: what is kept of a case as evidence, by name; for how long, and the proof that it was deleted.

What is kept is entered in the ledger with its hashes, once; what is deleted is entered with the same hashes, first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.database import Database
from registry.error import NotFound, Refused
from registry.ledger import Ledger
from registry.schema import cases, exhibits
from registry.state import Retention

KEPT = "evidence.kept"
DELETED = "evidence.deleted"
_AT_ONCE = 100


DAYS = {Retention.HALF_YEAR: 184, Retention.THREE_YEARS: 1096}
"""At least six months and three years, whichever months and years they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One piece of evidence of a case: ``digest`` is its SHA-256, ``size`` in bytes; ``deleted_at`` once it is gone."""

    case: str
    name: str
    digest: bytes
    size: int
    media_type: str
    deleted_at: datetime | None = None

    def document(self) -> dict[str, Any]:
        """As it stands in the ledger."""
        return {
            "name": self.name,
            "sha256": self.digest.hex(),
            "bytes": self.size,
            "media_type": self.media_type,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How the evidence of a case is kept: until when, why none is there, whether it is on hold."""

    retention: Retention
    until: datetime
    hold: bool
    missing: str | None


class Exhibits:
    """The exhibits of the registry; their content is in the evidence store."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def keep(self, case: str, kept: Sequence[Exhibit], *, retention: Retention, at: datetime) -> None:
        """Note what is in the store already as the evidence of a case; entered in the ledger first."""
        async with self._database.writing() as connection:
            row = await _case(connection, case)
            documents = [exhibit.document() for exhibit in sorted(kept, key=lambda one: one.name)]
            await self._enter(KEPT, row, {"exhibits": documents, "retention": retention.value}, at)
            await connection.execute(update(cases).where(cases.c.id == case).values(retention=retention, missing=None))
            await connection.execute(
                insert(exhibits),
                [
                    {
                        "case": case,
                        "name": one.name,
                        "digest": one.digest,
                        "size": one.size,
                        "media_type": one.media_type,
                    }
                    for one in kept
                ],
            )

    async def miss(self, case: str, because: str) -> None:
        """Note why no evidence is there."""
        async with self._database.writing() as connection:
            await connection.execute(update(cases).where(cases.c.id == case).values(missing=because[:1000]))

    async def of(self, case: str) -> tuple[Exhibit, ...]:
        """The exhibits of a case, by name, the deleted ones included."""
        query = select(exhibits).where(exhibits.c.case == case).order_by(exhibits.c.name)
        async with self._database.reading() as connection:
            return tuple(_exhibit(row) for row in await connection.execute(query))

    async def newest(self, name: str, *, limit: int) -> tuple[str, ...]:
        """The newest cases that have an exhibit of this name still."""
        query = (
            select(exhibits.c.case)
            .join(cases, cases.c.id == exhibits.c.case)
            .where(exhibits.c.name == name, exhibits.c.deleted_at.is_(None))
            .order_by(cases.c.seq.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(query))

    async def keeping(self, case: str) -> Keeping:
        """How the evidence of a case is kept, or NotFound."""
        async with self._database.reading() as connection:
            row = await _case(connection, case)
        until = row.opened_at + timedelta(days=DAYS[row.retention])
        return Keeping(retention=row.retention, until=until, hold=row.hold, missing=row.missing)

    async def hold(self, case: str, *, hold: bool, by: str, because: str, at: datetime) -> None:
        """Put the evidence of a case on legal hold, or lift it; entered in the ledger."""
        if not because.strip():
            raise Refused("A legal hold needs a reason.")
        async with self._database.writing() as connection:
            row = await _case(connection, case)
            what = "evidence.held" if hold else "evidence.released"
            await self._enter(what, row, {"by": by, "because": because}, at)
            await connection.execute(update(cases).where(cases.c.id == case).values(hold=hold))

    async def due(self, *, now: datetime) -> tuple[str, ...]:
        """Cases whose evidence has been kept for long enough and is not on hold, oldest first; some at once."""
        past = [
            (cases.c.retention == retention) & (cases.c.opened_at <= now - timedelta(days=days))
            for retention, days in DAYS.items()
        ]
        query = (
            select(cases.c.id, cases.c.seq)
            .join(exhibits, exhibits.c.case == cases.c.id)
            .where(exhibits.c.deleted_at.is_(None), cases.c.hold.is_(False), past[0] | past[1])
            .distinct()
            .order_by(cases.c.seq)
            .limit(_AT_ONCE)
        )
        async with self._database.reading() as connection:
            return tuple(row.id for row in await connection.execute(query))

    async def delete(self, case: str, *, at: datetime) -> tuple[bytes, ...]:
        """Note that the evidence of a case is deleted, with the proof in the ledger; the digests to remove.

        A content that another case still has stays in the store.
        """
        async with self._database.writing() as connection:
            row = await _case(connection, case)
            query = select(exhibits).where(exhibits.c.case == case, exhibits.c.deleted_at.is_(None))
            gone = [_exhibit(one) for one in await connection.execute(query.order_by(exhibits.c.name))]
            if not gone:
                return ()
            documents = [exhibit.document() for exhibit in gone]
            await self._enter(DELETED, row, {"exhibits": documents, "because": f"kept for {row.retention}"}, at)
            await connection.execute(
                update(exhibits).where(exhibits.c.case == case, exhibits.c.deleted_at.is_(None)).values(deleted_at=at)
            )
            digests = {exhibit.digest for exhibit in gone}
            held = select(exhibits.c.digest).where(exhibits.c.digest.in_(digests), exhibits.c.deleted_at.is_(None))
            return tuple(sorted(digests - set(await connection.scalars(held))))

    async def _enter(self, kind: str, row: Row[Any], content: dict[str, Any], at: datetime) -> None:
        if self._ledger is not None:
            await self._ledger.append(kind, row.session, row.id, {**content, "cut": row.cut}, at)


async def _case(connection: AsyncConnection, case: str) -> Row[Any]:
    row = (await connection.execute(select(cases).where(cases.c.id == case))).one_or_none()
    if row is None:
        raise NotFound(f"There is no case {case}.")
    return row


def _exhibit(row: Row[Any]) -> Exhibit:
    return Exhibit(
        case=row.case,
        name=row.name,
        digest=row.digest,
        size=row.size,
        media_type=row.media_type,
        deleted_at=row.deleted_at,
    )
