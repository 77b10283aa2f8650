"""Sessions are attached, held, taken up again and ended; a stream dies alone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from monitor.egress import EgressPolicy, EgressRefused
from monitor.leases import Leases
from monitor.orders import CutOrder, Orders
from monitor.pipeline import Pipeline
from monitor.refusal import AttachRefused
from monitor.sources.source import Ended
from monitor.supervisor import Supervisor
from protocols.backend import AttachRequest
from protocols.evidence import RuleName
from protocols.gesture import Gesture
from protocols.ladder import Rung
from protocols.measure import Measure, MeasureKind
from protocols.observation import ChallengeAsked
from protocols.session import Session, SessionId, SessionState
from protocols.verdict import Driver
from registry.avatar import Avatar, Submission
from registry.error import Conflict, LedgerFailure, NotFound, Refused, SessionConflict
from registry.reference import Reference
from registry.session import Lease
from registry.state import CutState
from tests.unit.monitor.broadcast import (
    BlankGaze,
    Broadcast,
    Killed,
    RecordingDesk,
    ScriptedJudge,
    ScriptedSource,
    broadcast,
    clock,
    failure,
    forbid,
    picture,
    returning,
    verdict,
)
from tests.virtual_time import in_virtual_time

LOOPBACK = EgressPolicy(
    schemes=frozenset({"http", "https", "rtmp"}), allowed_networks=(ip_network("127.0.0.0/8"),), ports=None
)


@dataclass
class ScriptedAssembly:
    """Puts pipelines together of what is written by hand; fails as it is told."""

    stage: Broadcast
    faults: list[Exception] = field(default_factory=list)
    made: dict[SessionId, list[Pipeline]] = field(default_factory=dict)
    stages: dict[SessionId, Broadcast] = field(default_factory=dict)

    async def check(self, avatar: Avatar) -> None:
        pass

    async def pipeline(self, session: Session) -> Pipeline:
        if self.faults:
            raise self.faults.pop(0)
        of = self.stage
        for fresh in ("desk", "judge", "gaze", "source"):
            kinds = {"desk": RecordingDesk, "judge": ScriptedJudge, "gaze": BlankGaze, "source": ScriptedSource}
            setattr(of, fresh, kinds[fresh]())
        made = of.pipeline(session)
        self.made.setdefault(session.id, []).append(made)
        return made

    def source(self, session: Session) -> ScriptedSource:
        return cast("ScriptedSource", self.made[session.id][-1].source)


@dataclass(kw_only=True)
class House:
    stage: Broadcast
    assembly: ScriptedAssembly
    supervisor: Supervisor
    leases: Leases

    def request(self, stream: str = "kuro", **changes: Any) -> AttachRequest:
        wish = {
            "url": f"rtmp://127.0.0.1/live/{stream}",
            "avatar": self.stage.avatar,
            "operators": [self.stage.operator],
            "policy": "brisk",
            "placement": {"server": "edge", "app": "live", "stream": stream},
        }
        return AttachRequest.model_validate({k: v for k, v in (wish | changes).items() if v is not None})

    async def attach(self, stream: str = "kuro", **changes: Any) -> Session:
        attached = await self.supervisor.attach(self.request(stream, **changes), account="key_1")
        await self.running(attached)
        return attached

    async def running(self, session: Session) -> Pipeline:
        await self.stage.until(lambda: self.supervisor.pipeline(session.id) is not None)
        pipeline = self.supervisor.pipeline(session.id)
        assert pipeline is not None
        return pipeline

    async def kinds(self, session: Session) -> list[str]:
        return [entry.kind for entry in await self.stage.ledger.read(session=session.id)]


@contextlib.asynccontextmanager
async def service(stage: Broadcast, *, holder: str = "the one service") -> AsyncIterator[House]:
    """The supervisor, running on what the registry holds; stopped at the end."""
    assembly = ScriptedAssembly(stage)
    supervisor = Supervisor(
        registry=stage.registry,
        journal=stage.journal,
        enforcement=stage.enforcement,
        returns=returning(stage.registry, stage.journal),
        feed=stage.feed,
        assembly=assembly,
        egress=LOOPBACK,
        servers=frozenset({"edge"}),
        clock=clock,
        leases=(leases := Leases(stage.registry.sessions, clock, holder=holder)),
    )
    started = asyncio.Event()
    task = asyncio.create_task(supervisor.run(started.set), name="supervisor")
    try:
        await asyncio.wait_for(started.wait(), 60)
        yield House(stage=stage, assembly=assembly, supervisor=supervisor, leases=leases)
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


@contextlib.asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """A service with no session yet."""
    async with broadcast(folder) as stage:
        move = stage.registry.sessions.move
        await move(stage.session.id, SessionState.ENDED, because="before", epoch=1, at=clock())
        async with service(stage) as running:
            yield running


# ---- attaching


@in_virtual_time
async def test_what_is_attached_is_entered_in_the_ledger_and_watched(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach(account="channel-7")
        assert (session.state, session.epoch, session.account) == (SessionState.PENDING, 1, "channel-7")
        assert (await running.kinds(session))[0] == "session.attached"
        running.assembly.source(session).tell(picture(0.1, fresh=True))
        pipeline = await running.running(session)
        await running.stage.until(lambda: pipeline.blind_because is None)
        await running.stage.until(lambda: pipeline.session.state is SessionState.LIVE)
        status = await running.supervisor.status(session.id)
        assert (status.state, status.rung, status.watch) == (SessionState.LIVE, Rung.WATCHING, "full")
        assert status.publishing is None


@in_virtual_time
async def test_the_account_is_that_of_the_key_where_none_is_given(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        assert (await running.attach()).account == "key_1"


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"placement": {"server": "other", "app": "a", "stream": "s"}}, AttachRefused, r"no server 'other'.*edge"),
        ({"placement": None}, AttachRefused, "say where to cut this stream"),
        ({"url": "rtmp://169.254.169.254/live/x"}, EgressRefused, "."),
        ({"url": "rtmp://10.0.0.1/live/x"}, EgressRefused, "."),
        ({"url": "rtmp://[::1]/live/x"}, EgressRefused, "."),
        ({"callback_url": "http://10.0.0.1/hook"}, EgressRefused, "."),
        ({"callback_url": "http://[fd00::1]/hook"}, EgressRefused, "."),
        ({"policy": "unheard"}, NotFound, "policy"),
        ({"policy": "brisk@99"}, NotFound, "policy"),
        ({"avatar": "av_0000000000000"}, NotFound, "avatar"),
        ({"avatar": "Nobody"}, NotFound, "No avatar 'Nobody' is registered"),
        ({"operators": ["op_0000000000000"]}, NotFound, "operator"),
    ],
)
def test_what_cannot_be_attached_is_refused_and_leaves_nothing(
    changes: dict[str, Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    @in_virtual_time
    async def test() -> None:
        async with house(tmp_path) as running:
            with pytest.raises(error, match=words):
                await running.supervisor.attach(running.request(**changes), account="key_1")
            assert await running.stage.registry.sessions.open() == ()
            assert running.assembly.made == {}

    test()


@in_virtual_time
async def test_an_avatar_is_found_by_its_name_unless_two_have_it(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        assert (await running.attach(avatar="Hoshi")).avatar == running.stage.avatar
        reference = Reference(digest=bytes(31) + b"1", vector=np.eye(1, 8, 3, dtype=np.float32)[0])
        submission = Submission(name="Hoshi", owner="another", references=[reference], model="m")
        await running.stage.registry.avatars.register(submission, at=clock())
        with pytest.raises(Refused, match="2 avatars are called 'Hoshi'"):
            await running.supervisor.attach(running.request("shiro", avatar="Hoshi"), account="key_1")


@in_virtual_time
async def test_an_avatars_own_profile_judges_where_the_request_names_none(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        registry = running.stage.registry
        await registry.policies.put("gentle", {}, at=clock())
        reference = Reference(digest=b"p" * 32, vector=np.eye(1, 8, dtype=np.float32)[0])
        submission = Submission(name="Sora", owner="o9", references=[reference], model="m", policy="gentle")
        sora = await registry.avatars.register(submission, at=clock())
        own = await running.attach("own", avatar=sora.id, policy=None)
        told = await running.attach("told", avatar=sora.id, policy="brisk")
        assert [own.policy, told.policy.partition("@")[0]] == ["gentle@1", "brisk"]


@in_virtual_time
async def test_a_stream_is_attached_once(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        with pytest.raises(SessionConflict) as raised:
            await running.supervisor.attach(running.request(), account="key_1")
        assert raised.value.other == session.id
        elsewhere = {"server": "edge", "app": "live", "stream": "elsewhere"}
        with pytest.raises(SessionConflict):  # the same URL in other letters
            await running.supervisor.attach(
                running.request(url="RTMP://127.0.0.1/live/kuro", placement=elsewhere), account="key_1"
            )
        assert len(running.assembly.made) == 1
        await running.supervisor.end(session.id, "over")
        again = await running.attach()
        assert again.id != session.id


@in_virtual_time
async def test_a_session_that_cannot_be_entered_in_the_ledger_is_not_attached(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        running.stage.ledger.broken = True
        with pytest.raises(LedgerFailure):
            await running.supervisor.attach(running.request(), account="key_1")
        assert await running.stage.registry.sessions.open() == ()
        running.stage.ledger.broken = False
        await running.attach()


@in_virtual_time
async def test_a_service_that_stops_attaches_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        pass
    with pytest.raises(AttachRefused, match="stopping"):
        await running.supervisor.attach(running.request(), account="key_1")
    assert running.supervisor.health().reasons == ["the service is starting or stopping"]
    assert not running.supervisor.health().ready
    assert running.supervisor.health().live


# ---- ending


@in_virtual_time
async def test_a_session_is_ended_once_and_stays_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        ended = await running.supervisor.end(session.id, "the show is over")
        assert (ended.state, ended.ended_because) == (SessionState.ENDED, "the show is over")
        assert running.supervisor.pipeline(session.id) is None
        assert await running.supervisor.end(session.id, "again") == ended
        assert (await running.kinds(session)).count("session.ended") == 1
        status = await running.supervisor.status(session.id)
        assert (status.at, status.verdict, status.watch) == (None, None, None)
        with pytest.raises(NotFound):
            await running.supervisor.end(SessionId("ses_none"), "x")


@in_virtual_time
async def test_a_session_that_runs_nowhere_is_ended_and_that_is_entered(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.stage.attach("kuro")
        ended = await running.supervisor.end(session.id, "forgotten")
        assert (ended.state, ended.ended_because) == (SessionState.ENDED, "forgotten")
        assert await running.kinds(session) == ["session.ended"]


@in_virtual_time
async def test_a_session_that_keeps_failing_can_be_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        running.assembly.faults = [ValueError("broken")] * 1000
        session = await running.supervisor.attach(running.request(), account="key_1")
        await asyncio.sleep(60)
        assert not running.supervisor.health().ready
        ended = await running.supervisor.end(session.id, "enough")
        assert ended.state is SessionState.ENDED
        await running.stage.until(lambda: running.supervisor.health().ready)


@in_virtual_time
async def test_a_session_whose_cut_fails_can_be_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        running.stage.server.failures["cut"] = [failure(retry=False)] * 1000
        session = await running.attach()
        judge = running.stage.judge
        running.assembly.source(session).tell(picture(0.1, fresh=True))
        judge.says(Driver.AI, RuleName.PRESENCE)
        async with asyncio.timeout(600):
            while "cut.failed" not in await running.kinds(session):  # noqa: ASYNC110 - the time is virtual
                await asyncio.sleep(0.1)
        async with asyncio.timeout(10):
            ended = await running.supervisor.end(session.id, "enough")
        assert ended.state is SessionState.ENDED


# ---- a stream dies alone


@in_virtual_time
async def test_a_pipeline_that_raises_is_taken_up_again_and_the_others_go_on(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        one, other = await running.attach("kuro"), await running.attach("shiro")
        [before] = running.assembly.made[other.id]
        broken = running.assembly.made[one.id][0]
        assert running.supervisor.health().ready
        broken._judge = cast("Any", None)
        await running.stage.until(lambda: not running.supervisor.health().ready)
        assert running.supervisor.health().reasons == ["a session is not watched: ExceptionGroup"]
        await running.stage.until(lambda: running.supervisor.health().ready)
        assert len(running.assembly.made[one.id]) == 2
        assert running.assembly.made[one.id][1].session.epoch == 2
        assert running.assembly.made[other.id] == [before]
        assert running.supervisor.pipeline(other.id) is before
        assert {s.id for s in await running.stage.registry.sessions.open()} == {one.id, other.id}
        assert "session.ended" not in await running.kinds(one)


@in_virtual_time
async def test_one_that_cannot_be_put_together_is_tried_again_ever_less_often(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        running.assembly.faults = [NotFound("no such avatar")] * 6
        session = await running.supervisor.attach(running.request(), account="key_1")
        began = asyncio.get_running_loop().time()
        await running.stage.until(lambda: not running.supervisor.health().ready)
        assert running.supervisor.health().reasons == ["a session is not watched: NotFound"]
        pipeline = await running.running(session)
        assert asyncio.get_running_loop().time() - began == pytest.approx(1 + 2 + 5 + 15 * 3, abs=1)
        assert pipeline.session.epoch == 7
        assert running.supervisor.health().ready


@in_virtual_time
async def test_a_session_that_another_owner_takes_is_left_to_it(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        lease = Lease(holder="the other", until=clock() + timedelta(days=1))
        await running.stage.registry.sessions.claim(session.id, lease)
        running.assembly.source(session).tell(picture(0.1, fresh=True))
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is None)
        await asyncio.sleep(60)
        assert running.supervisor.pipeline(session.id) is None
        assert (await running.stage.registry.sessions.get(session.id)).epoch == 2
        assert running.supervisor.health().ready
        assert "session.ended" not in await running.kinds(session)


@in_virtual_time
async def test_the_ledgers_trouble_shows_in_the_services_health(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        await running.stage.until(lambda: running.assembly.made[session.id][0].verdict is not None)
        running.stage.ledger.broken = True
        running.assembly.source(session).tell(picture(1.0, fresh=True))
        await running.stage.until(lambda: not running.supervisor.health().ready)
        assert running.supervisor.health().reasons == ["The disk is full."]
        running.stage.ledger.broken = False
        await running.stage.until(lambda: running.supervisor.health().ready)


@in_virtual_time
async def test_a_stream_that_ends_is_held_no_longer(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        running.assembly.source(session).tell(picture(0.1, fresh=True), Ended(at=1.0, cause="the publisher left"))
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is None)
        await running.stage.until(lambda: session.id not in running.supervisor._tasks)


# ---- restarts


@in_virtual_time
async def test_a_restart_takes_up_every_open_session_with_a_higher_epoch(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        second = await stage.attach("kuro")
        async with service(stage) as before:
            for session in (stage.session, second):
                assert (await before.running(session)).session.epoch == 2
                before.assembly.source(session).tell(picture(0.1, fresh=True))
                pipeline = await before.running(session)
                await stage.until(lambda pipeline=pipeline: pipeline.session.state is SessionState.LIVE)
        async with service(stage) as after:
            for session in (stage.session, second):
                pipeline = await after.running(session)
                assert (pipeline.session.epoch, pipeline.session.state) == (3, SessionState.LIVE)
                assert pipeline.ladder.rung is Rung.WATCHING
                assert pipeline.blind_because is not None
                after.assembly.source(session).tell(picture(0.1, fresh=True))
                await stage.until(lambda pipeline=pipeline: pipeline.blind_because is None)
        assert (await stage.kinds()).count("session.live") == 1
        assert await stage.cuts() == ()


@in_virtual_time
async def test_an_outage_of_the_service_is_not_held_against_operators(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        async with service(stage) as before:
            pipeline = await before.running(stage.session)
            stage.source.tell(picture(0.1, fresh=True))
            await stage.until(lambda: pipeline.blind_because is None)
            stage.judge.says(Driver.AI, RuleName.PRESENCE)
            await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        await asyncio.sleep(3600)
        async with service(stage) as after:
            pipeline = await after.running(stage.session)
            stage.source.tell(picture(0.1, fresh=True))
            await asyncio.sleep(30)
            assert pipeline.ladder.rung is Rung.WATCHING
            assert pipeline.verdict is not None
        assert await stage.cuts() == ()


@pytest.mark.parametrize("where", ["+cut.intended", "cut.confirmed", "+cut.confirmed"])
def test_a_restart_finishes_an_interrupted_cut_and_ends_its_session_as_cut(where: str, tmp_path: Path) -> None:
    @in_virtual_time
    async def test() -> None:
        async with broadcast(tmp_path) as stage:
            await interrupted(stage, where)
            async with service(stage) as after:
                session = await stage.reaches(SessionState.CUT)
                assert session.ended_because == "cut: presence"
                assert after.assembly.made == {}
                assert after.supervisor.health().ready
            [cut] = await stage.cuts()
            assert cut.state is CutState.CONFIRMED
            assert not stage.server.on_air
            assert await stage.kinds() == ["cut.intended", "cut.confirmed", "session.ended"]

    test()


async def interrupted(stage: Broadcast, where: str) -> None:
    stage.ledger.stops_at = where
    saw = verdict(Driver.AI, RuleName.PRESENCE)
    with pytest.raises(Killed):
        await stage.enforcement.cut(stage.session, saw, RuleName.PRESENCE, measure=forbid(3600), steps=[])
    stage.ledger.stops_at = ""


@in_virtual_time
async def test_a_cut_that_was_confirmed_just_before_the_restart_ends_its_session(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        saw = verdict(Driver.AI, RuleName.PRESENCE)
        await stage.enforcement.cut(stage.session, saw, RuleName.PRESENCE, measure=forbid(3600), steps=[])
        async with service(stage):
            await stage.reaches(SessionState.CUT)
        assert await stage.kinds() == ["cut.intended", "cut.confirmed", "session.ended"]


@in_virtual_time
async def test_an_interrupted_cut_that_fails_after_the_restart_leaves_the_stream_watched(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await interrupted(stage, "+cut.intended")
        stage.server.failures["cut"] = [failure(retry=False)]
        async with service(stage) as after:
            pipeline = await after.running(stage.session)
            stage.source.tell(picture(0.1, fresh=True))
            await stage.until(lambda: pipeline.blind_because is None)
            stage.judge.says(Driver.AI, RuleName.PRESENCE)
            await stage.reaches(SessionState.CUT)
        assert [cut.state for cut in await stage.cuts()] == [CutState.CONFIRMED, CutState.FAILED]


@in_virtual_time
async def test_an_interrupted_cut_of_a_session_that_is_over_is_finished_too(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await interrupted(stage, "+cut.intended")
        move = stage.registry.sessions.move
        await move(stage.session.id, SessionState.ENDED, because="over", epoch=1, at=clock())
        async with service(stage):
            await stage.settles(CutState.CONFIRMED)
        assert await stage.kinds() == ["cut.intended", "cut.confirmed"]


# ---- status


@in_virtual_time
async def test_the_status_tells_where_a_session_stands(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        stage, pipeline = running.stage, await running.running(session)
        stage.source.tell(picture(0.1, fresh=True))
        stage.source.dropped, stage.gaze.dropped, stage.gaze.seen = 3, 4, 5
        pipeline.observe(stage.present())
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.CHALLENGE and pipeline.open_challenge is not None)
        status = await running.supervisor.status(session.id)
        assert status.verdict is not None
        assert (status.verdict.driver, status.rung, status.cause) == (Driver.AI, Rung.CHALLENGE, RuleName.DRIVING)
        assert status.rung_ends_in is not None
        assert 0 < status.rung_ends_in <= 8
        assert (status.frames_seen, status.frames_dropped) == (5, 7)
        assert status.operators_present == [stage.operator]
        assert status.challenge is not None
        asked: ChallengeAsked = stage.desk.asked[0]
        assert (status.challenge.id, status.challenge.gesture) == (asked.challenge, Gesture(asked.gesture))
        assert status.watch == "full"
        assert not status.held
        assert running.supervisor.whip(session.id) is None
        with pytest.raises(NotFound):
            await running.supervisor.status(SessionId("ses_none"))


@in_virtual_time
async def test_a_revoked_operator_is_not_attached(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        await running.stage.registry.operators.revoke(running.stage.operator, by="ann", because="left", at=clock())
        with pytest.raises(Refused, match="revoked"):
            await running.supervisor.attach(running.request(), account="key_1")


@in_virtual_time
async def test_a_person_s_order_reaches_the_session_that_is_on_air_and_no_other(tmp_path: Path) -> None:
    order = CutOrder(rule=RuleName.DRIVING, measure=forbid(60), because="nobody drives it")
    async with house(tmp_path) as running:
        session = await running.attach()
        running.assembly.source(session).tell(picture(0.1, fresh=True))
        with pytest.raises(NotFound):
            await running.supervisor.order(SessionId("ses_none"), order)
        await running.supervisor.order(session.id, order)
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is None)
        [cut] = (await running.stage.registry.cuts.list(session=session.id)).items
        assert (cut.state, cut.cause) == (CutState.CONFIRMED, "nobody drives it")
        with pytest.raises(Conflict, match="not on air here"):
            await running.supervisor.order(session.id, order)


@in_virtual_time
async def test_an_order_is_taken_while_what_watches_the_session_is_still_being_put_together(tmp_path: Path) -> None:
    order = CutOrder(rule=RuleName.DRIVING, measure=forbid(60), because="nobody drives it")
    async with house(tmp_path) as running:
        session = await running.supervisor.attach(running.request(), account="key_1")
        assert running.supervisor.pipeline(session.id) is None
        await running.supervisor.order(session.id, order)
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is not None)
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is None)
        [cut] = (await running.stage.registry.cuts.list(session=session.id)).items
        assert (cut.state, cut.cause) == (CutState.CONFIRMED, "nobody drives it")


BY_A_PERSON = Measure(kind=MeasureKind.FORBID, seconds=60, by="key_1")


@in_virtual_time
async def test_an_order_that_was_taken_is_carried_out_once_over_a_restart(tmp_path: Path) -> None:
    order = CutOrder(rule=RuleName.DRIVING, measure=BY_A_PERSON, because="nobody drives it")
    async with broadcast(tmp_path) as stage:
        orders = Orders(stage.registry, stage.journal)
        async with service(stage) as running:
            session = await running.attach()
            await orders.write(session, order)  # and then it is killed
        assert await orders.open(session) == order
        async with service(stage) as after:
            await after.stage.until(lambda: after.supervisor.pipeline(session.id) is not None)
            await after.stage.until(lambda: after.supervisor.pipeline(session.id) is None)
        [cut] = (await stage.registry.cuts.list(session=session.id)).items
        assert (cut.state, cut.cause, cut.measure) == (CutState.CONFIRMED, "nobody drives it", "forbid")
        assert await orders.open(session) is None


@in_virtual_time
async def test_two_services_over_one_registry_watch_each_session_once_and_one_takes_over_from_the_other(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as first:
        session = await first.attach()
        async with service(first.stage, holder="the other") as second:
            await asyncio.sleep(60)
            assert second.supervisor.pipeline(session.id) is None
            assert first.supervisor.pipeline(session.id) is not None
            run_out = Lease(holder="the one service", until=clock())
            first.leases.lease = lambda: run_out  # type: ignore[method-assign]
            await first.stage.until(lambda: second.supervisor.pipeline(session.id) is not None, within=30)
            taken = second.supervisor.pipeline(session.id)
            assert taken is not None
            assert taken.session.epoch == 2
            await first.stage.until(lambda: first.supervisor.pipeline(session.id) is None, within=30)


@in_virtual_time
async def test_a_session_that_another_has_taken_is_let_go(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        lease = Lease(holder="the other", until=clock() + timedelta(days=1))
        await running.stage.registry.sessions.claim(session.id, lease)
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is None, within=30)
        await asyncio.sleep(30)
        assert running.supervisor.pipeline(session.id) is None
        assert "session.ended" not in await running.kinds(session)
