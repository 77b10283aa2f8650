"""Bookings: which avatar goes on air at which place, driven by whom and when. One place has one booking."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.booking import LARGEST_ROSTER, Booking, Rostered, Shift
from protocols.session import AvatarId, OperatorId, Placement
from registry.database import Database
from registry.error import NotFound, Refused
from registry.identity import fresh
from registry.name import short_text
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import avatars, bookings, operators


class Bookings:
    """The bookings of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, booking: Booking) -> Booking:
        """Keep the booking of its place, in the place of the one that it had.

        Raises NotFound for an avatar or an operator that is not registered, Refused for a roster that is empty, names
        somebody twice or is too long. Whether they may be on air is decided when somebody publishes.
        """
        roster = [each.operator for each in booking.roster]
        if not 1 <= len(roster) <= LARGEST_ROSTER or len(set(roster)) != len(roster):
            raise Refused(f"A booking's roster names 1 to {LARGEST_ROSTER} operators, each once.")
        values = _values(booking)
        async with self._database.writing() as connection:
            await _registered(connection, booking)
            changed = await connection.execute(update(bookings).where(*_at(booking.placement)).values(values))
            if not changed.rowcount:
                try:
                    await connection.execute(insert(bookings).values(id=fresh("bk"), **values))
                except IntegrityError as error:  # another server of a shared database was first
                    raise Refused("This place has just been booked by another request.") from error
            return await _one(connection, booking.placement)

    async def get(self, placement: Placement) -> Booking:
        """The booking of a place, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, placement)

    async def of(self, placement: Placement) -> Booking | None:
        """The booking of a place, None where it has none."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(bookings).where(*_at(placement)))).one_or_none()
        return None if row is None else _booking(row)

    async def remove(self, placement: Placement) -> Booking:
        """Take the booking of a place back; its broadcast, if there is one, goes on. NotFound where it has none."""
        async with self._database.writing() as connection:
            gone = await _one(connection, placement)
            await connection.execute(delete(bookings).where(*_at(placement)))
        return gone

    async def list(self, *, limit: int = 100, cursor: str | None = None) -> Page[Booking]:
        """Bookings, newest first."""
        query = select(bookings).order_by(bookings.c.seq.desc()).limit(page_size(limit) + 1)
        if cursor is not None:
            query = query.where(bookings.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_booking(row) for row in rows[:limit]), next=more)


async def _registered(connection: AsyncConnection, booking: Booking) -> None:
    if await connection.scalar(select(avatars.c.id).where(avatars.c.id == booking.avatar)) is None:
        raise NotFound(f"No avatar {booking.avatar} is registered; register it before its stream is booked.")
    roster = [each.operator for each in booking.roster]
    known = set(await connection.scalars(select(operators.c.id).where(operators.c.id.in_(roster))))
    for operator in roster:
        if operator not in known:
            raise NotFound(f"No operator {operator} is enrolled; enrol the person before the stream is booked.")


async def _one(connection: AsyncConnection, placement: Placement) -> Booking:
    row = (await connection.execute(select(bookings).where(*_at(placement)))).one_or_none()
    if row is None:
        raise NotFound(f"Nothing is booked at {placement.server}/{placement.app}/{placement.stream}.")
    return _booking(row)


def _at(placement: Placement) -> list[Any]:
    return [
        bookings.c.server == placement.server,
        bookings.c.app == placement.app,
        bookings.c.stream == placement.stream,
    ]


def _values(booking: Booking) -> dict[str, Any]:
    placement = booking.placement
    return {
        "server": placement.server,
        "app": placement.app,
        "stream": placement.stream,
        "avatar": booking.avatar,
        "roster": [_written(each) for each in booking.roster],
        "policy": booking.policy or "",
        "url": booking.url,
        "callback_url": booking.callback_url,
        "account": short_text(booking.account, what="account") if booking.account else "",
        "booked_at": booking.booked_at,
    }


def _written(rostered: Rostered) -> dict[str, Any]:
    shifts = [{"begins": _text(shift.begins), "ends": _text(shift.ends)} for shift in rostered.shifts]
    return {"operator": rostered.operator, "shifts": shifts}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(entry: Mapping[str, Any]) -> Rostered:
    shifts = tuple(Shift(begins=_moment(each["begins"]), ends=_moment(each["ends"])) for each in entry["shifts"])
    return Rostered(operator=OperatorId(entry["operator"]), shifts=shifts)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _booking(row: Row[Any]) -> Booking:
    return Booking(
        placement=Placement(server=row.server, app=row.app, stream=row.stream),
        avatar=AvatarId(row.avatar),
        roster=tuple(_read(entry) for entry in row.roster),
        policy=row.policy or None,
        booked_at=row.booked_at,
        url=row.url,
        callback_url=row.callback_url,
        account=row.account,
    )
