"""Prints are remembered once, found by number in every session, told of in numbers only, and forgotten in time."""

from datetime import timedelta

from protocols.session import SessionId
from registry.print import Kept
from registry.registry import Registry
from tests.unit.registry.conftest import NOW, PLACEMENT, Studio

DAY = 86_400.0


async def test_what_was_told_is_found_by_its_number(registry: Registry, studio: Studio) -> None:
    one, other = await studio.attach("rtmp://edge/live/one"), await studio.attach("rtmp://edge/live/other", PLACEMENT)
    kept = [
        Kept(key=7, session=one.id, at=NOW.timestamp() + 1.25),
        Kept(key=7, session=other.id, at=NOW.timestamp() + 2.5),
        Kept(key=8, session=one.id, at=NOW.timestamp() + 3.0),
        Kept(key=2**24 - 1, session=one.id, at=NOW.timestamp() + 4.0),
    ]
    await registry.prints.add(kept)
    await registry.prints.add(kept[:2])  # told once more, as after a restart
    await registry.prints.add([])
    assert sorted(await registry.prints.alike([7, 9]), key=lambda one: one.at) == kept[:2]
    assert await registry.prints.alike([2**24 - 1]) == (kept[3],)
    assert await registry.prints.alike([]) == ()


async def test_many_numbers_are_looked_up_at_once(registry: Registry, studio: Studio) -> None:
    session = await studio.attach()
    kept = [Kept(key=n, session=session.id, at=NOW.timestamp() + n) for n in range(12_000)]
    await registry.prints.add(kept)
    assert len(await registry.prints.alike(range(20_000))) == 12_000


async def test_what_is_old_is_forgotten(registry: Registry, studio: Studio) -> None:
    session = await studio.attach()
    ages = [Kept(key=1, session=session.id, at=NOW.timestamp() - days * DAY) for days in (0, 29, 31, 400)]
    await registry.prints.add(ages)
    assert await registry.prints.forget(before=NOW - timedelta(days=30)) == 2
    assert sorted(one.at for one in await registry.prints.alike([1])) == sorted(one.at for one in ages[:2])
    assert await registry.prints.forget(before=NOW - timedelta(days=30)) == 0


async def test_an_operator_is_told_how_much_is_remembered(registry: Registry, studio: Studio) -> None:
    session = await studio.attach()
    operator = session.operators[0]
    nothing = await registry.prints.of_operator(operator)
    assert (nothing.count, nothing.oldest, nothing.newest) == (0, None, None)
    times = [NOW.timestamp() + n for n in range(3)]
    await registry.prints.add([Kept(key=1, session=SessionId(session.id), at=at) for at in times])
    told = await registry.prints.of_operator(operator)
    assert (told.count, told.oldest, told.newest) == (3, times[0], times[-1])
