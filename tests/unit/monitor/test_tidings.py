"""An operator who was away when their cut was undone hears of it when they come again, alone, and once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from monitor.pipeline import Pipeline
from monitor.tidings import Tidings
from protocols.channel.notice import Notice
from protocols.evidence import RuleName
from protocols.verdict import Driver
from registry.error import Unavailable
from tests.unit.monitor.broadcast import Broadcast, broadcast, clock, forbid, verdict
from tests.virtual_time import in_virtual_time


class Operators:
    """Who is where, whether they hear, and what they were told."""

    def __init__(self) -> None:
        self.present: dict[str, set[str]] = {}
        self.hear = True
        self.told: list[tuple[str, str, Notice]] = []

    def pipelines(self) -> Sequence[Pipeline]:
        found: list[Any] = [
            SimpleNamespace(session=SimpleNamespace(id=session), operators=there)
            for session, there in self.present.items()
        ]
        return cast("Sequence[Pipeline]", found)

    def tell(self, session: str, operator: str, notice: Notice) -> bool:
        if self.hear:
            self.told.append((session, operator, notice))
        return self.hear


async def undone(stage: Broadcast) -> None:
    saw = verdict(Driver.AI, RuleName.DRIVING, 30.0)
    cut = await stage.enforcement.cut(stage.session, saw, RuleName.DRIVING, measure=forbid(600), steps=[])
    await stage.enforcement.restore(cut.id, by="key_1", because="the appeal was upheld")


@in_virtual_time
async def test_they_are_told_in_the_session_that_they_come_to_once_they_hear(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await undone(stage)
        there = Operators()
        tidings = Tidings(stage.registry, there.pipelines, there.tell, clock)
        there.present = {"ses_later": {"op_other"}}
        assert await tidings.bring() == 0
        there.present["ses_later"].add(stage.operator)
        there.hear = False
        assert await tidings.bring() == 0
        there.hear = True
        assert [await tidings.bring(), await tidings.bring()] == [1, 0]
        [(session, operator, notice)] = there.told
        assert (session, operator, notice.code) == ("ses_later", stage.operator, "restored")
        assert "undone" in notice.text_en
        assert "已撤销" in notice.text_zh


@in_virtual_time
async def test_a_database_that_is_away_is_waited_for(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await undone(stage)
        there = Operators()
        there.present = {"ses_later": {stage.operator}}
        waiting, failures = stage.registry.undoings.waiting, [Unavailable("away")]

        async def failing(operators: Any) -> Any:
            if failures:
                raise failures.pop()
            return await waiting(operators)

        stage.registry.undoings.waiting = failing  # type: ignore[method-assign]
        running = asyncio.create_task(Tidings(stage.registry, there.pipelines, there.tell, clock).run())
        async with asyncio.timeout(60):
            while not there.told:  # noqa: ASYNC110 - the time is virtual
                await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.wait([running])
