"""Blocks: which places on which media servers may not publish, why, and until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.session import CutId, Placement
from registry.database import Database
from registry.error import NotFound, Refused
from registry.identity import fresh
from registry.schema import blocks, cuts


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A place that may not publish from ``since`` to ``until`` (None: until lifted). ``reason`` is told to people."""

    id: str
    placement: Placement
    cut: CutId | None
    reason: str
    since: datetime
    until: datetime | None
    lifted_at: datetime | None


class Blocks:
    """The blocks of the registry. Several may hold one place; each is lifted on its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self,
        placement: Placement,
        *,
        reason: str,
        at: datetime,
        until: datetime | None = None,
        cut: CutId | None = None,
    ) -> Block:
        """Block ``placement``; a cut's block is put once, asking again returns it unchanged.

        Raises Refused where ``until`` is not after ``at``, NotFound for an unknown cut.
        """
        if until is not None and until <= at:
            raise Refused("A block cannot end before it begins; give an end in the future, or none.")
        block = fresh("blk")
        async with self._database.writing() as connection:
            if cut is not None:
                held = cuts.c.id == cut
                if await connection.scalar(select(cuts.c.id).where(held).with_for_update()) is None:
                    raise NotFound(f"There is no cut {cut}.")
                ours = select(blocks).where(blocks.c.cut == cut, *_at(placement))
                if (row := (await connection.execute(ours.limit(1))).one_or_none()) is not None:
                    return _block(row)
            await connection.execute(
                insert(blocks).values(
                    id=block,
                    server=placement.server,
                    app=placement.app,
                    stream=placement.stream,
                    cut=cut,
                    reason=reason,
                    since=at,
                    until=until,
                )
            )
            return await _one(connection, block)

    async def get(self, block: str) -> Block:
        """The block, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, block)

    async def lift(self, block: str, *, at: datetime) -> Block:
        """Lift one block; lifting it again changes nothing."""
        async with self._database.writing() as connection:
            await _one(connection, block)
            await connection.execute(_lifting(at).where(blocks.c.id == block))
            return await _one(connection, block)

    async def lift_for(self, cut: CutId, *, at: datetime) -> int:
        """Lift what ``cut`` had blocked, and nothing else; returns how many blocks that were."""
        async with self._database.writing() as connection:
            return (await connection.execute(_lifting(at).where(blocks.c.cut == cut))).rowcount

    async def blocked(self, placement: Placement, *, now: datetime, besides: CutId | None = None) -> Block | None:
        """The block that holds ``placement`` longest, those of the cut ``besides`` aside; None where none does."""
        query = _standing(now).where(*_at(placement))
        if besides is not None:
            query = query.where(or_(blocks.c.cut.is_(None), blocks.c.cut != besides))
        async with self._database.reading() as connection:
            held = [_block(row) for row in await connection.execute(query)]
        return max(held, key=lambda block: (block.until is None, block.until or now), default=None)

    async def list(self, *, now: datetime) -> tuple[Block, ...]:
        """Every block in force, oldest first."""
        async with self._database.reading() as connection:
            return tuple(_block(row) for row in await connection.execute(_standing(now)))

    async def lapsed(self, *, now: datetime) -> tuple[Block, ...]:
        """Every block whose end has come and that was not lifted, oldest first."""
        query = select(blocks).where(blocks.c.lifted_at.is_(None), blocks.c.until <= now).order_by(blocks.c.seq)
        async with self._database.reading() as connection:
            return tuple(_block(row) for row in await connection.execute(query))


def _standing(now: datetime) -> Any:
    in_force = or_(blocks.c.until.is_(None), blocks.c.until > now)
    return select(blocks).where(blocks.c.lifted_at.is_(None), in_force).order_by(blocks.c.seq)


def _lifting(at: datetime) -> Any:
    return update(blocks).where(blocks.c.lifted_at.is_(None)).values(lifted_at=at)


def _at(placement: Placement) -> list[Any]:
    return [
        blocks.c.server == placement.server,
        blocks.c.app == placement.app,
        blocks.c.stream == placement.stream,
    ]


async def _one(connection: AsyncConnection, block: str) -> Block:
    row = (await connection.execute(select(blocks).where(blocks.c.id == block))).one_or_none()
    if row is None:
        raise NotFound(f"There is no block {block}.")
    return _block(row)


def _block(row: Row[Any]) -> Block:
    return Block(
        id=row.id,
        placement=Placement(server=row.server, app=row.app, stream=row.stream),
        cut=None if row.cut is None else CutId(row.cut),
        reason=row.reason,
        since=row.since,
        until=row.until,
        lifted_at=row.lifted_at,
    )
