from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.booking import Booking, Rostered, Shift
from protocols.session import AvatarId, OperatorId, Placement
from registry.error import NotFound, Refused
from tests.unit.registry.conftest import NOW, PLACEMENT, Studio

HOUR = timedelta(hours=1)


def booked(studio: Studio, placement: Placement = PLACEMENT) -> Booking:
    shifts = (Shift(begins=NOW, ends=NOW + HOUR), Shift(begins=NOW + 2 * HOUR), Shift(ends=NOW - HOUR))
    return Booking(
        placement=placement,
        avatar=studio.avatar,
        roster=(Rostered(operator=studio.operator, shifts=shifts),),
        policy="standard",
        booked_at=NOW,
        url="rtmp://edge/live/hoshino",
        callback_url="https://b.example/x",
        account="channel-1",
    )


async def test_a_booking_comes_back_as_it_was_put(studio: Studio) -> None:
    bookings, booking = studio.registry.bookings, booked(studio)
    assert await bookings.of(PLACEMENT) is None
    assert await bookings.put(booking) == booking
    assert await bookings.of(PLACEMENT) == await bookings.get(PLACEMENT) == booking


async def test_one_place_has_one_booking_the_newest(studio: Studio) -> None:
    bookings, changed = studio.registry.bookings, replace(booked(studio), policy=None, url=None, account="")
    await bookings.put(booked(studio))
    assert await bookings.put(changed) == changed
    assert (await bookings.list()).items == (changed,)


async def test_the_same_names_on_another_server_are_another_place(studio: Studio) -> None:
    await studio.registry.bookings.put(booked(studio))
    assert await studio.registry.bookings.of(replace(PLACEMENT, server="other")) is None


async def test_bookings_are_listed_newest_first_in_pages(studio: Studio) -> None:
    bookings = studio.registry.bookings
    for stream in ("a", "b", "c"):
        await bookings.put(booked(studio, replace(PLACEMENT, stream=stream)))
    first = await bookings.list(limit=2)
    second = await bookings.list(limit=2, cursor=first.next)
    assert [each.placement.stream for each in (*first.items, *second.items)] == ["c", "b", "a"]
    assert second.next is None


async def test_what_is_taken_back_is_gone(studio: Studio) -> None:
    bookings = studio.registry.bookings
    booking = await bookings.put(booked(studio))
    assert await bookings.remove(PLACEMENT) == booking
    for asking in (bookings.get, bookings.remove):
        with pytest.raises(NotFound, match="Nothing is booked at nginx/live/hoshino"):
            await asking(PLACEMENT)


async def test_only_who_is_registered_can_be_booked(studio: Studio) -> None:
    booking = booked(studio)
    with pytest.raises(NotFound, match="No avatar av_none"):
        await studio.registry.bookings.put(replace(booking, avatar=AvatarId("av_none")))
    with pytest.raises(NotFound, match="No operator op_none"):
        await studio.registry.bookings.put(replace(booking, roster=(Rostered(operator=OperatorId("op_none")),)))


@pytest.mark.parametrize("count", [0, 2, 17])
async def test_rosters_that_cannot_be(studio: Studio, count: int) -> None:
    roster = (Rostered(operator=studio.operator),) * count
    with pytest.raises(Refused, match="1 to 16 operators, each once"):
        await studio.registry.bookings.put(replace(booked(studio), roster=roster))
