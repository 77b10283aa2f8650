"""One stream from its first frame to its last entry: who climbs, who is asked, who is cut, and when nobody is."""

import asyncio
from concurrent.futures import Executor, Future
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.budget import WindowBudget
from monitor.sources.source import Ended, Refused, Resumed, Stalled, Watch
from protocols.backend import EventType
from protocols.challenge import ChallengeSchedule
from protocols.evidence import Finding, RuleName
from protocols.judge import Judge, Judged
from protocols.ladder import Rung
from protocols.observation import Blindness, ChallengeAsked, DigitsAsked
from protocols.policy import BRISK, Policy
from protocols.reaction import Kind
from protocols.session import SessionState
from protocols.verdict import Driver
from registry.error import Conflict, StaleEpoch, Unavailable
from registry.state import CutState
from tests.unit.monitor.broadcast import Broadcast, broadcast, failure, picture
from tests.unit.protocols.test_judge import LIKENESS  # the calibration of a made-up encoder
from tests.virtual_time import VirtualLoop, in_virtual_time

NOTIFY, CHALLENGE, GRACE = (rung.seconds for rung in BRISK.ladder.driving)
A_TICK = 0.6  # seconds between two deliberations, and a little more


async def now() -> float:
    return asyncio.get_running_loop().time()


def rungs(stage: Broadcast) -> list[Rung]:
    return [rung for rung, _ in stage.desk.told]


# ---- sight


@in_virtual_time
async def test_the_first_picture_brings_the_session_live_once(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        async with stage.on_air() as pipeline:
            await asyncio.sleep(3)
            assert pipeline.blind_because == "no picture has come yet"
            assert await stage.entries("session.live") == []
            stage.source.tell(picture(3.0, fresh=True), picture(3.1), picture(3.2))
            [entry] = await stage.noted("session.live")
            await stage.until(lambda: len(stage.gaze.taken) == 3)
            assert pipeline.blind_because is None
            assert pipeline.blind_s == pytest.approx(3.0, abs=0.1)
            assert entry["at"] == 3.0
            assert await stage.state() is SessionState.LIVE
            await asyncio.sleep(A_TICK)
        assert await stage.kinds() == ["verdict.changed", "session.live"]
        assert [o.blind for o in stage.judge.heard if isinstance(o, Blindness)] == [True, False]


@in_virtual_time
async def test_nobody_is_judged_before_the_first_picture(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        async with stage.on_air():
            await asyncio.sleep(120)
        assert stage.desk.told == []
        assert await stage.cuts() == ()


@in_virtual_time
async def test_a_stall_makes_blind_once_and_a_picture_sighted(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.source.tell(Stalled(at=pipeline.at(), silent_for=2.5), Stalled(at=pipeline.at(), silent_for=3.5))
        [entry] = await stage.noted("session.blind")
        assert entry["cause"] == "no picture for 2.5 s"
        await stage.reaches(SessionState.BLIND)
        await asyncio.sleep(10)
        assert len(await stage.entries("session.blind")) == 1
        stage.source.tell(Resumed(at=pipeline.at()), picture(pipeline.at(), fresh=True))
        [sighted] = await stage.noted("session.sighted")
        assert sighted["blind_s"] == pytest.approx(10, abs=1)
        await stage.reaches(SessionState.LIVE)
        assert len(await stage.entries("session.live")) == 1


@in_virtual_time
async def test_the_ladder_stands_still_while_blind_and_goes_on_with_what_was_left(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.CHALLENGE)
        began = await now()
        stage.source.tell(Stalled(at=pipeline.at(), silent_for=BRISK.watch.blind_after_s))
        await stage.until(lambda: pipeline.blind_because is not None)
        used = await now() - began
        await asyncio.sleep(300)
        assert pipeline.ladder.rung is Rung.CHALLENGE
        assert pipeline.ladder.held
        stage.source.tell(picture(pipeline.at(), fresh=True))
        await stage.until(lambda: not pipeline.ladder.held)
        again = await now()
        await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        assert used + await now() - again == pytest.approx(CHALLENGE, abs=A_TICK)


@in_virtual_time
async def test_a_stream_that_ends_ends_its_session_without_a_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        stage.source.tell(Ended(at=pipeline.at(), cause="the publisher left"))
        session = await stage.reaches(SessionState.ENDED)
        assert session.ended_because == "the publisher left"
        assert stage.source.closed
        assert stage.desk.dismissed == ["the publisher left"]
        assert await stage.cuts() == ()
        assert (await stage.entries())[-1]["because"] == "the publisher left"


@in_virtual_time
async def test_a_stream_that_is_refused_ends_its_session_without_a_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.on_air():
        stage.source.tell(Refused(at=1.0, cause="the stream carries no video"))
        session = await stage.reaches(SessionState.ENDED)
        assert session.ended_because == "the stream cannot be watched: the stream carries no video"
        assert stage.server.log == []


# ---- verdicts


@in_virtual_time
async def test_a_verdict_is_noted_when_it_changes_and_only_then(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight():
        await asyncio.sleep(30)
        assert [e["driver"] for e in await stage.entries("verdict.changed")] == ["UNKNOWN"]
        stage.judge.says(Driver.HUMAN)
        await asyncio.sleep(30)
        stage.judge.says(Driver.MIXED)
        await asyncio.sleep(30)
        assert [e["driver"] for e in await stage.entries("verdict.changed")] == ["UNKNOWN", "HUMAN", "MIXED"]
        assert stage.desk.told == []


@in_virtual_time
async def test_operators_are_noted_as_they_come_and_go(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        pipeline.observe(stage.present(at=1.0))
        await stage.noted("operator.present")
        assert pipeline.operators == {stage.operator}
        pipeline.observe(stage.present(False, at=2.0))
        [lapsed] = await stage.noted("operator.lapsed")
        assert lapsed["operator"] == stage.operator
        assert lapsed["cause"] == "as told"
        assert pipeline.operators == set()


# ---- the ladder


@in_virtual_time
async def test_an_ai_verdict_climbs_by_the_policy_and_is_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight():
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        session = await stage.reaches(SessionState.CUT)
        assert session.ended_because == "cut: driving"
        assert rungs(stage) == [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE, Rung.FORBID]
        steps = await stage.entries("ladder.step")
        ats = [step["at"] for step in steps]
        assert [later - earlier for earlier, later in pairwise(ats)] == [
            pytest.approx(seconds, abs=0.01) for seconds in (NOTIFY, CHALLENGE, GRACE)
        ]
        assert [step["ends_in"] for step in steps] == [NOTIFY, CHALLENGE, GRACE, 600.0]
        kinds = [kind for kind in await stage.kinds() if not kind.startswith(("verdict", "challenge"))]
        assert kinds == ["session.live"] + ["ladder.step"] * 4 + ["cut.intended", "cut.confirmed", "session.ended"]
        [cut] = await stage.cuts()
        assert cut.rule == "driving"
        assert cut.evidence["driver"] == "AI"
        assert [step["rung"] for step in cut.steps] == ["notify", "challenge", "grace", "forbid"]
        assert cut.until is not None
        assert (cut.until - cut.decided_at).total_seconds() == 600
        assert not stage.server.on_air


@in_virtual_time
async def test_each_cause_has_its_own_rungs(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight():
        stage.judge.says(Driver.AI, RuleName.LIKENESS)
        await stage.reaches(SessionState.CUT)
        assert stage.desk.told == [(rung, RuleName.LIKENESS) for rung in (Rung.NOTIFY, Rung.GRACE, Rung.FORBID)]


@in_virtual_time
async def test_who_mends_it_in_time_comes_down_and_starts_anew_later(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        stage.judge.says(Driver.HUMAN)
        await stage.until(lambda: pipeline.ladder.rung is Rung.WATCHING)
        await asyncio.sleep(100)
        assert rungs(stage) == [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE, Rung.WATCHING]
        assert await stage.cuts() == ()
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        await stage.reaches(SessionState.CUT)
        [cut] = await stage.cuts()
        assert [step["rung"] for step in cut.steps] == ["notify", "grace", "drop"]


@in_virtual_time
async def test_a_judge_that_takes_long_costs_nobody_their_time(tmp_path: Path) -> None:
    class Busy(Executor):
        """Threads that are all busy for a minute, once."""

        seconds = 0.0

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
            future: Future[Any] = Future()
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop.outside -= 1  # it is by the loop's time that this takes long

            def done() -> None:
                loop.outside += 1
                future.set_result(fn(*args, **kwargs))

            loop.call_later(self.seconds, done)
            self.seconds = 0.0
            return future

    async with broadcast(tmp_path) as stage:
        stage.threads = busy = Busy()
        async with stage.keeping_in_sight() as pipeline:
            stage.judge.says(Driver.AI, RuleName.DRIVING)
            await stage.until(lambda: pipeline.ladder.rung is Rung.CHALLENGE)
            busy.seconds = 60.0
            began = await now()
            await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
            assert await now() - began == pytest.approx(60 + CHALLENGE, abs=3)
            assert rungs(stage) == [Rung.NOTIFY, Rung.CHALLENGE, Rung.GRACE]


# ---- challenges


@in_virtual_time
async def test_a_challenge_is_asked_only_where_somebody_can_hear_it(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight():
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.reaches(SessionState.CUT)
        assert stage.desk.asked == []
        assert await stage.entries("challenge.asked") == []


@in_virtual_time
async def test_an_operator_who_cannot_be_reached_is_not_held_to_a_challenge(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.desk.somebody_hears = False
        pipeline.observe(stage.present())
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.reaches(SessionState.CUT)
        assert pipeline.open_challenge is None
        assert await stage.entries("challenge.asked") == []
        assert not [o for o in stage.judge.heard if isinstance(o, ChallengeAsked)]


@in_virtual_time
async def test_on_the_ladder_an_operator_is_asked_at_once_and_the_judge_is_told(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        pipeline.observe(stage.present())
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        [asked] = stage.desk.asked
        assert pipeline.open_challenge == asked
        assert asked.within == BRISK.challenge.within_s
        [entry] = await stage.entries("challenge.asked")
        assert (entry["challenge"], entry["gesture"]) == (asked.challenge, asked.gesture.value)
        assert [o for o in stage.judge.heard if isinstance(o, ChallengeAsked)] == [asked]
        assert pipeline.watching is Watch.FULL


@in_virtual_time
async def test_who_can_do_no_gesture_is_asked_to_type_digits_that_nobody_else_is_told(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        pipeline._questions._schedule = ChallengeSchedule(stage.policy.challenge, frozenset(), lambda: 0.5, now=0.0)
        stage.judge.says(Driver.HUMAN)
        pipeline.observe(stage.present())
        await stage.until(lambda: stage.desk.asked != [])
        [asked] = stage.desk.asked
        assert isinstance(asked, DigitsAsked)
        assert len(asked.digits) == 4
        assert asked.within == BRISK.challenge.digits_within_s
        [entry] = await stage.noted("challenge.asked")
        assert (entry["gesture"], entry["digits"]) == (None, True)
        typed = Judged(
            challenge=asked.challenge, at=9.0, asked_at=2.0, passed=True, score=1.0, seen_at=None, reaction=2.0
        )
        stage.judge.judged = [typed]
        [entry] = await stage.noted("challenge.judged")
        assert (entry["gesture"], entry["digits"]) == (None, True)
        assert pipeline.open_challenge is None


@in_virtual_time
async def test_questions_missed_in_a_row_are_told_to_people_and_answers_are_remembered(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.HUMAN)
        pipeline.observe(stage.present())
        for number, passed in enumerate((False, None, False, True), 1):
            await stage.until(lambda: len(stage.desk.asked) == number)  # noqa: B023 - awaited here
            stage.judge.judged = [replace(judged(stage.desk.asked[-1]), passed=passed)]
            await stage.until(lambda: pipeline.open_challenge is None)
        [entry] = await stage.entries("challenges.missed")
        assert (entry["missed"], entry["operator"]) == (2, stage.operator)
        assert pipeline.missed == 0
        assert (await stage.registry.reactions.of([stage.operator]))[stage.operator] == {Kind.GESTURE: (0.5,)}
        assert await stage.registry.habits.of(stage.operator) == stage.judge.learned()


@in_virtual_time
async def test_routine_challenges_wait_for_the_answer_to_the_one_before(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.HUMAN)
        pipeline.observe(stage.present())
        await stage.until(lambda: len(stage.desk.asked) == 1)
        await asyncio.sleep(600)
        [asked] = stage.desk.asked
        stage.judge.judged = [judged(asked)]
        [entry] = await stage.noted("challenge.judged")
        assert entry["challenge"] == asked.challenge
        await stage.until(lambda: len(stage.desk.asked) == 2)


def judged(asked: ChallengeAsked) -> Judged:
    return Judged(
        challenge=asked.challenge,
        gesture=asked.gesture,
        at=asked.at + 3,
        asked_at=asked.at,
        passed=True,
        score=0.9,
        seen_at=asked.at + 1,
        reaction=0.5,
    )


# ---- attention


@in_virtual_time
async def test_a_stream_without_a_place_stays_ambient_until_one_is_free(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        assert stage.budget.take("ses_other")
        async with stage.keeping_in_sight() as pipeline:
            await asyncio.sleep(5)
            assert pipeline.watching is Watch.AMBIENT
            assert stage.source.watched == [Watch.AMBIENT]
            stage.budget.give_back("ses_other")
            await stage.until(lambda: pipeline.watching is Watch.FULL)
            stage.source.tell(picture(pipeline.at()))
            await stage.until(lambda: stage.gaze.taken[-1])
            stage.judge.says(Driver.HUMAN)
            await stage.until(lambda: pipeline.watching is Watch.AMBIENT)
            assert stage.budget.take("ses_other")
            assert stage.source.watched == [Watch.AMBIENT, Watch.FULL, Watch.AMBIENT]


@in_virtual_time
async def test_a_session_that_is_over_gives_its_place_back(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        async with stage.keeping_in_sight() as pipeline:
            await stage.until(lambda: pipeline.watching is Watch.FULL)
        assert not stage.budget.holds(stage.session.id)


def test_a_budget_is_not_exceeded() -> None:
    budget = WindowBudget(2)
    assert [budget.take(name) for name in "aabc"] == [True, True, True, False]
    assert not budget.holds("c")
    budget.give_back("a")
    budget.give_back("a")
    assert budget.take("c")
    assert [budget.holds(name) for name in "abc"] == [False, True, True]


# ---- being cut


@in_virtual_time
async def test_an_end_while_the_cut_is_under_way_does_not_lose_the_receipt(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:

        def before(step: str) -> None:
            if step == "gone" and stage.server.log.count("gone") == 0:
                stage.source.tell(Ended(at=pipeline.at(), cause="the publisher left"))

        stage.server.before = before
        stage.server.failures["gone"] = [failure()]
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        session = await stage.reaches(SessionState.CUT)
        assert session.ended_because == "cut: presence"
        assert (await stage.kinds())[-3:] == ["cut.intended", "cut.confirmed", "session.ended"]


@in_virtual_time
async def test_a_cut_that_fails_is_tried_again_later_until_it_is_confirmed(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight():
        stage.server.failures["cut"] = [failure(retry=False), failure(retry=False)]
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        await stage.noted("cut.failed")
        assert await stage.state() is SessionState.LIVE
        began = await now()
        await stage.reaches(SessionState.CUT)
        assert await now() - began == pytest.approx(60, abs=5)
        [cut] = await stage.cuts()
        assert cut.state is CutState.CONFIRMED
        kinds = await stage.kinds()
        assert [kinds.count(f"cut.{word}") for word in ("intended", "failed", "confirmed")] == [1, 2, 1]


@in_virtual_time
async def test_a_stream_that_leaves_while_its_cut_fails_has_ended(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.server.failures["cut"] = [failure(retry=False)] * 100
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        await stage.noted("cut.failed")
        stage.source.tell(Ended(at=pipeline.at(), cause="the publisher left"))
        await stage.reaches(SessionState.ENDED)
        assert (await stage.cuts())[0].state is CutState.FAILED


@in_virtual_time
async def test_a_cut_that_a_person_restores_before_it_is_done_is_not_done(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight():
        stage.server.failures["cut"] = [failure(retry=False)]
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        await stage.noted("cut.failed")
        [cut] = await stage.cuts()
        await stage.enforcement.restore(cut.id, by="key_1", because="a mistake")
        stage.server.log.clear()
        session = await stage.reaches(SessionState.ENDED)
        assert session.ended_because == "the cut was restored before it was done"
        assert stage.server.log == []
        assert stage.server.on_air


@in_virtual_time
async def test_the_backend_ends_a_session_without_a_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        pipeline.end("the backend asked for it")
        pipeline.end("and again")
        session = await stage.reaches(SessionState.ENDED)
        assert session.ended_because == "the backend asked for it"
        assert stage.server.log == []
        assert len(await stage.entries("session.ended")) == 1


@in_virtual_time
async def test_a_service_that_stops_leaves_the_session_open_for_its_next_start(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        async with stage.keeping_in_sight() as pipeline:
            stage.judge.says(Driver.AI, RuleName.DRIVING)
            await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        assert stage.source.closed
        assert await stage.state() is SessionState.LIVE
        assert await stage.entries("session.ended") == []
        assert [s.id for s in await stage.registry.sessions.open()] == [stage.session.id]
        assert stage.desk.dismissed == []


# ---- the monitor's own trouble


@in_virtual_time
async def test_an_owner_that_lost_the_session_neither_cuts_nor_ends_it(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        pipeline = stage.pipeline()
        stage.source.tell(picture(0.1, fresh=True))
        task = asyncio.create_task(pipeline.run())
        await stage.reaches(SessionState.LIVE)
        await stage.registry.sessions.claim(stage.session.id)
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        with pytest.raises(StaleEpoch):
            await task
        assert stage.server.log == []
        assert await stage.cuts() == ()
        assert await stage.state() is SessionState.LIVE
        assert await stage.entries("session.ended") == []
        assert stage.source.closed


@in_virtual_time
async def test_an_owner_that_lost_the_session_notices_when_it_moves_it(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await stage.registry.sessions.claim(stage.session.id)
        pipeline = stage.pipeline()
        stage.source.tell(picture(0.1, fresh=True))
        with pytest.raises(StaleEpoch):
            await pipeline.run()
        assert await stage.state() is SessionState.PENDING


@in_virtual_time
async def test_a_session_that_was_ended_elsewhere_is_let_go(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.source.tell(picture(0.1, fresh=True))
        move = stage.registry.sessions.move
        await move(stage.session.id, SessionState.ENDED, because="elsewhere", epoch=1, at=stage.journal.clock())
        with pytest.raises(Conflict):
            await stage.pipeline().run()


@in_virtual_time
async def test_nobody_is_cut_while_the_ledger_fails_and_time_stands_still(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.CHALLENGE)
        pipeline.observe(stage.present())
        stage.ledger.broken = True
        began = await now()
        await asyncio.sleep(300)
        assert pipeline.ladder.rung is Rung.CHALLENGE
        assert pipeline.trouble == "The disk is full."
        assert stage.server.log == []
        stage.ledger.broken = False
        await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        assert pipeline.trouble is None
        assert await now() - began == pytest.approx(300 + CHALLENGE, abs=2)
        assert len(await stage.entries("operator.present")) == 1
        await stage.reaches(SessionState.CUT)
        assert (await stage.kinds())[-3:] == ["cut.intended", "cut.confirmed", "session.ended"]


@in_virtual_time
async def test_a_stall_during_the_ledgers_trouble_still_holds_the_ladder_after_it(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.CHALLENGE)
        stage.source.tell(Stalled(at=pipeline.at(), silent_for=BRISK.watch.blind_after_s))
        stage.ledger.broken = True
        await asyncio.sleep(30)
        stage.ledger.broken = False
        await stage.noted("session.blind")
        await asyncio.sleep(120)
        assert pipeline.ladder.held
        assert pipeline.ladder.rung is Rung.CHALLENGE


@in_virtual_time
async def test_an_intent_that_cannot_be_written_is_a_cut_that_waits(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        stage.ledger.refuses = {"cut.intended"}
        stage.judge.says(Driver.AI, RuleName.PRESENCE)
        await stage.until(lambda: pipeline.trouble is not None)
        await asyncio.sleep(60)
        assert stage.server.log == []
        assert stage.server.on_air
        stage.ledger.refuses = set()
        await stage.reaches(SessionState.CUT)
        assert len(await stage.cuts()) == 1
        assert [kind for kind in await stage.kinds() if kind.startswith("cut")] == ["cut.intended", "cut.confirmed"]


@in_virtual_time
async def test_a_registry_that_fails_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with broadcast(tmp_path) as stage:
        move, fails = stage.registry.sessions.move, [3]

        async def moving(*args: Any, **kwargs: Any) -> Any:
            if fails[0]:
                fails[0] -= 1
                raise Unavailable("The database is locked.")
            return await move(*args, **kwargs)

        monkeypatch.setattr(stage.registry.sessions, "move", moving)
        async with stage.keeping_in_sight():
            await stage.reaches(SessionState.LIVE)
            assert len(await stage.entries("session.live")) == 1


@in_virtual_time
async def test_an_observer_that_fails_stops_this_stream_and_tells_why(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.gaze.fault = ValueError("no plane of luma")
        with pytest.raises(ExceptionGroup) as raised:
            await stage.pipeline().run()
        assert raised.group_contains(ValueError)
        assert stage.source.closed
        assert await stage.state() is SessionState.PENDING


# ---- with the real judge


@in_virtual_time
async def test_a_stream_without_an_operator_is_cut_for_that_by_the_real_judge(tmp_path: Path) -> None:
    policy = Policy.model_validate(BRISK.model_dump() | {"name": "strict"})
    async with broadcast(tmp_path, policy=policy) as stage:
        stage.judge = real_judge(policy)
        async with stage.keeping_in_sight() as pipeline:
            stop = asyncio.Event()

            async def show() -> None:
                while not stop.is_set():
                    stage.source.tell(picture(pipeline.at()))
                    await asyncio.sleep(1)

            showing = asyncio.create_task(show())
            await stage.reaches(SessionState.CUT)
            stop.set()
            await showing
            assert pipeline.at() > policy.presence.connect_within_s
        [cut] = await stage.cuts()
        assert cut.rule == "presence"
        assert cut.evidence["driver"] == "AI"
        assert EventType.LADDER_STEP.value in await stage.kinds()


@in_virtual_time
async def test_an_operator_who_connects_is_not_cut_by_the_real_judge(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.judge = real_judge(BRISK)
        async with stage.keeping_in_sight() as pipeline:
            pipeline.observe(stage.present())
            await asyncio.sleep(BRISK.presence.connect_within_s + 60)
            assert pipeline.verdict is not None
            assert pipeline.verdict.finding(RuleName.PRESENCE) is Finding.PASS
        assert await stage.cuts() == ()


def real_judge(policy: Policy) -> Judge:
    return Judge(
        policy=policy, policy_id="brisk@1", claimed=np.eye(1, 8, dtype=np.float32), gallery={}, likeness=LIKENESS
    )
