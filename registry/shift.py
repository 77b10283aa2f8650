"""Shifts: who stands behind which session, from when to when, and what proved it.

A person is in one live session at a time, in the whole registry, or in as many as the policies of all of them allow: a
shift that has neither ended nor lapsed has one of so many places of its operator, which the database keeps apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.session import OperatorId, SessionId
from registry.database import Database
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import sessions, shifts


class Elsewhere(Conflict):
    """The person is in another live session; ``other`` is that session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One shift. ``channel_key`` (Ed25519, 32 bytes) speaks for the operator while it lasts.

    ``proof`` is what a passkey asserted, to be checked by others later: None where no policy asked for one.
    ``lapsed_at``: since when the operator is not there; a shift that lapsed goes on when they are back.
    """

    id: str
    session: SessionId
    operator: OperatorId
    channel_key: bytes
    passkey: str | None
    proof: Mapping[str, Any] | None
    began_at: datetime
    lapsed_at: datetime | None
    ended_at: datetime | None
    because: str | None
    at_once: int = 1
    """In how many live sessions the person may be, as the policy of this one says."""


class Shifts:
    """The shifts of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self,
        session: SessionId,
        operator: OperatorId,
        channel_key: bytes,
        *,
        passkey: str | None = None,
        proof: Mapping[str, Any] | None = None,
        at_once: int = 1,
        at: datetime,
    ) -> Shift:
        """Begin a shift, or take up the one of the same key; an older one of this session by another key ends.

        ``at_once``: in how many live sessions the person may be, as this one's policy says. Raises Elsewhere where they
        are in as many others, by this number or by that of another of them; NotFound where the session is over.
        """
        if len(channel_key) != 32:
            raise Refused(f"The key of a channel is an Ed25519 public key of 32 bytes, not {len(channel_key)}.")
        async with self._database.writing() as connection:
            if not await _live(connection, session):
                raise NotFound(f"Session {session} is over, or there was none.")
            await _end_those_of_the_past(connection, operator, at)
            present = await _open(connection, session, operator)
            if present is not None and present.channel_key == channel_key and passkey is None:
                return await _taken_up(connection, present)
            if present is not None:
                await _end(connection, present.id, at, "the operator began anew")
            place = await _free_place(connection, session, operator, at_once)
            shift = fresh("sh")
            try:
                await connection.execute(
                    insert(shifts).values(
                        id=shift,
                        session=session,
                        operator=operator,
                        channel_key=channel_key,
                        passkey=passkey,
                        proof=None if proof is None else dict(proof),
                        place=place,
                        at_once=at_once,
                        began_at=at,
                    )
                )
            except IntegrityError as error:  # another server of a shared database was first
                raise Elsewhere("This person has just begun a shift somewhere else.") from error
            return await _one(connection, shift)

    async def open(self, session: SessionId, operator: OperatorId) -> Shift | None:
        """The operator's shift in a session that has not ended, lapsed or not."""
        async with self._database.reading() as connection:
            return await _open(connection, session, operator)

    async def begun_by(self, passkey: str) -> tuple[Shift, ...]:
        """The shifts that began by a passkey and go on."""
        query = select(shifts).where(shifts.c.passkey == passkey, shifts.c.ended_at.is_(None))
        async with self._database.reading() as connection:
            return tuple(_shift(row) for row in await connection.execute(query))

    async def resume(self, session: SessionId, operator: OperatorId) -> Shift | None:
        """The operator is back; None without an open shift. Raises Elsewhere where they are in another one now."""
        async with self._database.writing() as connection:
            present = await _open(connection, session, operator)
            return None if present is None else await _taken_up(connection, present)

    async def lapse(self, session: SessionId, operator: OperatorId, *, at: datetime) -> None:
        """The operator is not there any more; the shift may be resumed, or another begun elsewhere."""
        ours = (shifts.c.session == session) & (shifts.c.operator == operator) & shifts.c.ended_at.is_(None)
        async with self._database.writing() as connection:
            await connection.execute(update(shifts).where(ours, shifts.c.lapsed_at.is_(None)).values(lapsed_at=at))

    async def end(self, session: SessionId, operator: OperatorId | None = None, *, because: str, at: datetime) -> None:
        """End the shift of an operator in a session, or all of it."""
        ours = (shifts.c.session == session) & shifts.c.ended_at.is_(None)
        if operator is not None:
            ours &= shifts.c.operator == operator
        async with self._database.writing() as connection:
            await connection.execute(update(shifts).where(ours).values(ended_at=at, because=because))

    async def abandon(self, session: SessionId, *, at: datetime) -> None:
        """The session has another owner now, who has yet to hear of anybody: all of its shifts lapse."""
        ours = (shifts.c.session == session) & shifts.c.ended_at.is_(None) & shifts.c.lapsed_at.is_(None)
        async with self._database.writing() as connection:
            await connection.execute(update(shifts).where(ours).values(lapsed_at=at))

    async def of(self, operator: OperatorId, *, limit: int = 100, cursor: str | None = None) -> Page[Shift]:
        """The shifts of an operator, newest first."""
        query = select(shifts).where(shifts.c.operator == operator).order_by(shifts.c.seq.desc())
        if cursor is not None:
            query = query.where(shifts.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.limit(page_size(limit) + 1))).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_shift(row) for row in rows[:limit]), next=more)


async def _live(connection: AsyncConnection, session: SessionId) -> bool:
    query = select(sessions.c.id).where(sessions.c.id == session, sessions.c.ended_at.is_(None))
    return await connection.scalar(query) is not None


async def _end_those_of_the_past(connection: AsyncConnection, operator: OperatorId, at: datetime) -> None:
    """Shifts whose session is over have ended with it, whoever should have said so."""
    over = select(sessions.c.id).where(sessions.c.ended_at.is_not(None))
    ours = (shifts.c.operator == operator) & shifts.c.ended_at.is_(None) & shifts.c.session.in_(over)
    await connection.execute(update(shifts).where(ours).values(ended_at=at, because="the session is over"))


async def _free_place(connection: AsyncConnection, session: SessionId, operator: OperatorId, at_once: int) -> int:
    """The lowest place that the person has free beside the sessions that they are in. Raises Elsewhere."""
    there = (shifts.c.operator == operator) & shifts.c.ended_at.is_(None) & shifts.c.lapsed_at.is_(None)
    found = await connection.execute(select(shifts).where(there, shifts.c.session != session).order_by(shifts.c.seq))
    others = found.all()
    if len(others) >= min([at_once, *(row.at_once for row in others)]):
        raise Elsewhere(
            "This person is in another live session; that one is to be left first.", other=others[0].session
        )
    taken = {row.place for row in others}
    return next(place for place in range(len(others) + 1) if place not in taken)


async def _taken_up(connection: AsyncConnection, shift: Shift) -> Shift:
    if shift.lapsed_at is not None:
        place = await _free_place(connection, shift.session, shift.operator, shift.at_once)
        try:
            await connection.execute(update(shifts).where(shifts.c.id == shift.id).values(lapsed_at=None, place=place))
        except IntegrityError as error:  # another server of a shared database was first
            raise Elsewhere("This person has just begun a shift somewhere else.") from error
    return await _one(connection, shift.id)


async def _end(connection: AsyncConnection, shift: str, at: datetime, because: str) -> None:
    await connection.execute(update(shifts).where(shifts.c.id == shift).values(ended_at=at, because=because))


async def _open(connection: AsyncConnection, session: SessionId, operator: OperatorId) -> Shift | None:
    ours = (shifts.c.session == session) & (shifts.c.operator == operator) & shifts.c.ended_at.is_(None)
    row = (await connection.execute(select(shifts).where(ours))).one_or_none()
    return None if row is None else _shift(row)


async def _one(connection: AsyncConnection, shift: str) -> Shift:
    return _shift((await connection.execute(select(shifts).where(shifts.c.id == shift))).one())


def _shift(row: Row[Any]) -> Shift:
    return Shift(
        id=row.id,
        session=SessionId(row.session),
        operator=OperatorId(row.operator),
        channel_key=row.channel_key,
        passkey=row.passkey,
        proof=row.proof,
        began_at=row.began_at,
        lapsed_at=row.lapsed_at,
        ended_at=row.ended_at,
        because=row.because,
        at_once=row.at_once,
    )
