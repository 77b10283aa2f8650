"""The upper rungs in a running session: notices over the picture, strikes, and people who decide."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.enforcers.enforcer import Order
from monitor.orders import CutOrder
from monitor.pipeline import Pipeline
from monitor.slates import Slates
from monitor.statements import Statements
from protocols.channel.notice import Notice
from protocols.evidence import RuleName
from protocols.ladder import Rung
from protocols.measure import Measure, MeasureKind, StrikeSubject
from protocols.policy import BRISK, Policy
from protocols.session import SessionState
from protocols.verdict import Driver
from registry.case import CaseFilter
from registry.error import Unavailable
from tests.unit.monitor.broadcast import Broadcast, MediaServer, broadcast, failure, fronting
from tests.virtual_time import in_virtual_time

SLATED = Policy.model_validate(
    {
        **BRISK.model_dump(mode="json"),
        "ladder": {
            "driving": [{"rung": "notify", "seconds": 2}, {"rung": "slate", "seconds": 30}],
            "measures": {"driving": [{"from_strike": 1, "measure": "drop", "seconds": 20}]},
        },
    }
)


class Covering(MediaServer):
    """A media server that can put a notice over a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.covered: list[str] = []
        self.refuses: list[BaseException] = []

    def slates(self, order: Order) -> bool:
        return True

    async def slate(self, order: Order) -> str:
        if self.refuses:
            raise self.refuses.pop()
        self.covered.append(order.cut)
        return "Game"

    async def unslate(self, order: Order, before: str) -> None:
        assert before in ("Game", "")
        if order.cut in self.covered:
            self.covered.remove(order.cut)


@asynccontextmanager
async def covering(folder: Path) -> AsyncIterator[tuple[Broadcast, Covering, Pipeline]]:
    async with broadcast(folder, policy=SLATED) as stage:
        server = Covering()
        stage.front = fronting(stage.registry, server)
        async with stage.keeping_in_sight() as pipeline:
            yield stage, server, pipeline


@in_virtual_time
async def test_a_notice_covers_the_picture_and_goes_once_the_cause_does(tmp_path: Path) -> None:
    async with covering(tmp_path) as (stage, server, pipeline):
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        [shown] = await stage.noted("slate.shown")
        assert server.covered == [shown["slate"]]
        assert (shown["shown"], shown["before"]) == (True, "Game")
        stage.judge.says(Driver.HUMAN)
        await stage.noted("slate.lifted")
        assert server.covered == []
        assert pipeline.ladder.rung is Rung.WATCHING
        assert await stage.cuts() == ()


@in_virtual_time
async def test_the_notice_goes_after_the_cut_so_that_what_is_published_next_is_seen(tmp_path: Path) -> None:
    async with covering(tmp_path) as (stage, server, _):
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.reaches(SessionState.CUT)
        assert server.covered == []
        [cut] = await stage.cuts()
        assert (cut.measure, cut.decided_by, cut.strike) == (MeasureKind.DROP, stage.session.policy, 1)
        assert [step["rung"] for step in cut.steps] == ["notify", "slate", "drop"]
        assert cut.until is not None
        assert (cut.until - cut.decided_at).total_seconds() == pytest.approx(20)


@in_virtual_time
async def test_what_cannot_be_covered_is_told_and_climbs_on(tmp_path: Path) -> None:
    async with covering(tmp_path) as (stage, server, _):
        server.refuses = [failure()]
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.reaches(SessionState.CUT)
        [shown] = await stage.noted("slate.shown")
        assert (shown["shown"], shown["because"]) == (False, "the server does not answer")


@in_virtual_time
async def test_a_notice_is_a_case_of_its_own_with_its_reasons(tmp_path: Path) -> None:
    async with covering(tmp_path) as (stage, _, _):
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.noted("slate.shown")
        [case] = (await stage.registry.cases.list(CaseFilter())).items
        assert (case.act, case.cut, case.rule, case.driver, case.four_eyes) == ("slate", None, "driving", "AI", False)
        told = list[Notice]()
        statements = Statements(stage.registry, stage.journal, lambda _, notice: told.append(notice))
        assert await statements.send() == 1
        assert await statements.send() == 0
        assert "a notice instead of its picture" in told[0].text_en
        [issued] = await stage.entries("statement.issued")
        assert issued["dsa"]["puid"] == case.id
        missing = (await stage.registry.exhibits.keeping(case.id)).missing
        assert missing is not None
        assert "keeps no evidence of its own" in missing


@in_virtual_time
async def test_a_server_without_notices_says_so(tmp_path: Path) -> None:
    async with broadcast(tmp_path, policy=SLATED) as stage, stage.keeping_in_sight():
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        [shown] = await stage.noted("slate.shown")
        assert "cannot put a notice" in shown["because"]
        assert await stage.entries("slate.asked") == []


@in_virtual_time
async def test_a_restart_takes_away_the_notice_that_it_finds(tmp_path: Path) -> None:
    async with covering(tmp_path) as (stage, server, _):
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.noted("slate.shown")
    async with broadcast(tmp_path / "again", policy=SLATED) as other:
        assert other.registry is not stage.registry  # another service: nothing is shared but the record
    again = await type(stage.registry).open(f"sqlite:///{tmp_path / 'registry.sqlite'}", tmp_path / "ledger.sqlite")
    try:
        session = await again.sessions.claim(stage.session.id)
        front = fronting(again, server)
        stage.journal._ledger = again.ledger
        slates = Slates(again, stage.journal, lambda of: ("edge", front))
        await slates.lift(session)
        assert server.covered == []
        await slates.lift(session)
    finally:
        await again.close()


@in_virtual_time
async def test_strikes_make_the_next_measure_harder_and_a_restore_takes_them_back(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        async with stage.keeping_in_sight() as pipeline:
            pipeline.observe(stage.present())
            await stage.noted("operator.present")
            stage.judge.says(Driver.AI, RuleName.PRESENCE)
            await stage.reaches(SessionState.CUT)
            [first] = await stage.cuts()
        assert (first.measure, first.strike) == (MeasureKind.DROP, 1)
        struck = (await stage.registry.strikes.list(cut=first.id)).items
        assert {strike.kind for strike in struck} == set(StrikeSubject)
        assert await stage.enforcement.strikes(stage.session, BRISK.ladder.strikes) == 1
        again = await stage.attach("again")
        assert BRISK.ladder.measure(RuleName.PRESENCE, await stage.enforcement.strikes(again, BRISK.ladder.strikes), "")
        assert await stage.enforcement.strikes(again, BRISK.ladder.strikes) == 1
        await stage.enforcement.restore(first.id, by="key_1", because="appeal")
        assert await stage.enforcement.strikes(again, BRISK.ladder.strikes) == 0


@in_virtual_time
async def test_an_operator_who_never_came_is_not_struck(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight():
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        await stage.reaches(SessionState.CUT)
        [cut] = await stage.cuts()
        kinds = {strike.kind for strike in (await stage.registry.strikes.list(cut=cut.id)).items}
        assert kinds == {StrikeSubject.AVATAR, StrikeSubject.ACCOUNT}


@in_virtual_time
async def test_a_person_s_order_cuts_whatever_is_seen_and_says_who_and_why(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.HUMAN)
        measure = Measure(kind=MeasureKind.FORBID, seconds=7200, by="key_7")
        pipeline.order(CutOrder(rule=RuleName.LIKENESS, measure=measure, because="a child's face"))
        pipeline.order(CutOrder(rule=RuleName.DRIVING, measure=measure, because="and again"))
        await stage.reaches(SessionState.CUT)
        [cut] = await stage.cuts()
        assert (cut.rule, cut.cause, cut.decided_by) == ("likeness", "a child's face", "key_7")
        assert cut.until is not None
        assert (cut.until - cut.decided_at).total_seconds() == pytest.approx(7200)
        assert (await stage.entries("ladder.step"))[-1]["by"] == "key_7"


@in_virtual_time
async def test_a_registry_that_cannot_count_strikes_holds_the_ladder_and_cuts_nobody_meanwhile(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        counting, troubles = stage.registry.strikes.against, [Unavailable("locked")] * 5

        async def failing(*args: object, **kwargs: object) -> object:
            if troubles:
                raise troubles.pop()
            return await counting(*args, **kwargs)  # type: ignore[arg-type]

        stage.registry.strikes.against = failing  # type: ignore[method-assign, assignment]
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        await stage.until(lambda: pipeline.trouble is not None)
        assert pipeline.ladder.rung is Rung.WATCHING
        await stage.reaches(SessionState.CUT)
