"""Blocked places are watched until their blocks end."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from monitor.vigil import Vigil
from registry.cut import Cut
from registry.error import Unavailable
from tests.unit.monitor.broadcast import Broadcast, broadcast, clock, failure
from tests.unit.monitor.test_enforcement import cut
from tests.virtual_time import in_virtual_time


class Watch:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return clock() + self.ahead


async def a_blocked_cut(stage: Broadcast) -> Cut:
    """A cut that is confirmed, its place blocked in the registry."""
    made = await cut(stage)
    assert await stage.registry.blocks.list(now=clock())
    stage.server.log.clear()
    return made


@in_virtual_time
async def test_a_stream_that_stays_gone_is_only_looked_at(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await a_blocked_cut(stage)
        await Vigil(stage.registry, stage.enforcement, clock).round()
        assert stage.server.log == ["gone"]


@in_virtual_time
async def test_a_stream_that_returns_within_its_block_is_cut_again_and_told(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await a_blocked_cut(stage)
        stage.server.on_air = True
        await Vigil(stage.registry, stage.enforcement, clock).round()
        assert stage.server.log == ["gone", "block", "cut", "gone"]
        assert not stage.server.on_air
        assert await stage.kinds() == ["cut.intended", "cut.confirmed", "cut.returned"]


@in_virtual_time
async def test_a_block_whose_end_has_come_is_lifted_on_the_server_once(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await a_blocked_cut(stage)
        watch = Watch()
        watch.ahead = timedelta(seconds=600)
        vigil = Vigil(stage.registry, stage.enforcement, watch)
        await vigil.round()
        await vigil.round()
        assert stage.server.log == ["restore"]
        assert await stage.registry.blocks.lapsed(now=watch()) == ()


@in_virtual_time
async def test_a_server_that_does_not_answer_is_asked_again_in_the_next_round(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await a_blocked_cut(stage)
        watch = Watch()
        vigil = Vigil(stage.registry, stage.enforcement, watch)
        stage.server.failures["gone"] = [failure()]
        await vigil.round()
        stage.server.failures["restore"] = [failure()]
        watch.ahead = timedelta(seconds=600)
        await vigil.round()
        assert len(await stage.registry.blocks.lapsed(now=watch())) == 1
        await vigil.round()
        assert await stage.registry.blocks.lapsed(now=watch()) == ()


@in_virtual_time
async def test_blocks_are_put_anew_once_a_day(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await cut(stage, block_s=3 * 86_400)
        stage.server.log.clear()
        watch = Watch()
        vigil = Vigil(stage.registry, stage.enforcement, watch)
        await vigil.round()
        watch.ahead = timedelta(days=1)
        await vigil.round()
        await vigil.round()
        assert stage.server.log == ["gone", "block", "gone", "gone"]


@in_virtual_time
async def test_what_an_administrator_blocked_ends_by_itself(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        assert stage.session.placement is not None
        until = clock() + timedelta(seconds=60)
        await stage.registry.blocks.put(stage.session.placement, reason="maintenance", at=clock(), until=until)
        watch = Watch()
        vigil = Vigil(stage.registry, stage.enforcement, watch)
        await vigil.round()
        watch.ahead = timedelta(seconds=60)
        await vigil.round()
        assert await stage.registry.blocks.lapsed(now=watch()) == ()
        assert stage.server.log == []


@in_virtual_time
async def test_more_places_than_one_round_looks_at_are_looked_at_in_turn(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        made = await a_blocked_cut(stage)
        [block] = await stage.registry.blocks.list(now=clock())
        vigil = Vigil(stage.registry, stage.enforcement, clock)
        many = [
            type(block)(**{**{name: getattr(block, name) for name in block.__slots__}, "id": str(n)}) for n in range(45)
        ]
        seen: list[str] = []
        for _ in range(5):
            chosen = vigil._next(many)
            vigil._seen = chosen[-1].id
            seen += [each.id for each in chosen]
        assert seen[:90] == [str(n % 45) for n in range(90)]
        assert made.id == block.cut


@in_virtual_time
async def test_our_own_database_in_trouble_stops_nothing(tmp_path: Path) -> None:

    async with broadcast(tmp_path) as stage:
        await a_blocked_cut(stage)
        vigil = Vigil(stage.registry, stage.enforcement, clock)
        lapsed, troubles = stage.registry.blocks.lapsed, [Unavailable("locked")]

        async def failing(*, now: datetime) -> object:
            if troubles:
                raise troubles.pop()
            return await lapsed(now=now)

        stage.registry.blocks.lapsed = failing  # type: ignore[method-assign,assignment]
        keeping = asyncio.create_task(vigil.run())
        await asyncio.sleep(11)
        keeping.cancel()
        await asyncio.wait([keeping])
        assert stage.server.log == ["gone"]


@in_virtual_time
async def test_a_fault_about_one_place_leaves_the_others_watched(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await a_blocked_cut(stage)
        vigil = Vigil(stage.registry, stage.enforcement, clock)
        stage.server.failures["gone"] = [KeyError("a server of another version")]
        await vigil.round()
        stage.server.on_air = True
        await vigil.round()
        assert not stage.server.on_air


@in_virtual_time
async def test_a_server_that_refuses_for_good_is_asked_again_some_minutes_later(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await a_blocked_cut(stage)
        watch = Watch()
        vigil = Vigil(stage.registry, stage.enforcement, watch)
        stage.server.failures["gone"] = [failure(retry=False)]
        await vigil.round()
        await vigil.round()
        assert stage.server.log == ["gone"]
        watch.ahead = timedelta(minutes=5)
        await vigil.round()
        assert stage.server.log == ["gone", "gone"]
