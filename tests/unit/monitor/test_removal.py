"""Whoever may not be on air any more is off air within a minute: seen or not, watched or not, whatever fails first."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.observers.likeness.sight import Sight
from monitor.pipeline import Pipeline
from monitor.registrar import Registrar
from protocols.avatar import AvatarSignal
from protocols.evidence import RuleName
from protocols.judge import Judge
from protocols.ladder import Rung
from protocols.observation import Deregistered
from protocols.policy import BRISK
from protocols.session import Session, SessionState
from registry.avatar import Submission
from registry.error import Unavailable
from registry.reference import Reference
from registry.search import MemorySearch
from tests.unit.monitor.api.world import FakeSight
from tests.unit.monitor.broadcast import BlankGaze, Broadcast, broadcast, clock, failure, picture
from tests.unit.monitor.test_supervisor import House, house, service
from tests.unit.protocols.test_judge import LIKENESS
from tests.virtual_time import in_virtual_time

WITHIN = 60.0  # seconds
CONSENT: dict[str, Any] = {"subject": "p1", "purpose": "live", "scope": "here", "guardian": None}


def judge() -> Judge:
    claimed = np.eye(1, 8, dtype=np.float32)
    return Judge(policy=BRISK, policy_id="brisk@1", claimed=claimed, gallery={}, likeness=LIKENESS)


def registrar(running: House) -> Registrar:
    sight = cast("Sight", FakeSight())
    return Registrar(
        registry=running.stage.registry,
        sight=sight,
        search=MemorySearch(8),
        remove_barred=running.supervisor.remove_barred,
        forget=running.supervisor.forget,
        clock=clock,
    )


async def suspend(stage: Broadcast) -> None:
    await stage.registry.avatars.move(stage.avatar, AvatarSignal.SUSPEND, by="key_1", because="a complaint", at=clock())


@pytest.mark.parametrize("seen", [True, False])
def test_a_suspended_avatar_is_cut_at_once_whether_it_is_seen_or_not(seen: bool, tmp_path: Path) -> None:
    @in_virtual_time
    async def test() -> None:
        async with broadcast(tmp_path) as stage:
            stage.judge = judge()
            async with stage.on_air() as pipeline:
                if seen:
                    stage.source.tell(picture(0.1, fresh=True))
                    await stage.until(lambda: pipeline.blind_because is None)
                pipeline.remove("the avatar is suspended (a complaint)")
                began = asyncio.get_running_loop().time()
                ended = await stage.reaches(SessionState.CUT)
                assert asyncio.get_running_loop().time() - began < 5
            assert (ended.ended_because, stage.server.on_air) == ("cut: registration", False)
            [cut] = await stage.cuts()
            assert (cut.rule, cut.cause) == ("registration", "the avatar may not be on air any more")
            facts = [e["facts"] for e in cut.evidence["evidence"] if e["rule"] == "registration"]
            assert facts == [{"because": "the avatar is suspended (a complaint)"}]
            assert stage.desk.told[-1] == (Rung.FORBID, RuleName.REGISTRATION)
            kinds = await stage.kinds()
            assert kinds.index("cut.intended") < kinds.index("cut.confirmed") < kinds.index("session.ended")

    test()


@in_virtual_time
async def test_only_a_session_of_that_avatar_is_removed_and_it_is_told_once(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        session = await running.attach()
        heard = running.supervisor._pipelines[session.id]._judge.heard  # type: ignore[attr-defined]
        await running.supervisor.remove_barred()
        await suspend(running.stage)
        await running.supervisor.remove_barred()
        await running.supervisor.remove_barred()
        await asyncio.sleep(3)
        reasons = [o.because for o in heard if isinstance(o, Deregistered)]
        assert reasons == ["the avatar is suspended (a complaint)"]


@in_virtual_time
async def test_a_withdrawn_consent_reaches_the_streams_by_itself(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        desk = registrar(running)
        await desk.load()
        consent = await desk.consent(running.stage.avatar, **CONSENT, obtained_at=clock(), by="key_1")
        session = await running.attach()
        running.supervisor._pipelines[session.id]._judge = judge()
        purged = await desk.withdraw(consent.id, by="key_1", because="asked by letter")
        assert purged.proof.vectors == 1
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is None, within=WITHIN)
        standing = await running.stage.registry.sessions.get(session.id)
        assert standing.state is SessionState.CUT


@in_virtual_time
async def test_whoever_is_purged_leaves_every_judge_at_once_one_that_is_being_made_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as running:
        desk, registry = registrar(running), running.stage.registry
        vector = np.eye(8, dtype=np.float32)[3]
        reference = Reference(digest=b"r" * 32, vector=vector)
        rival = await registry.avatars.register(
            Submission(name="Kage", owner="o2", references=[reference], model="m"), at=clock()
        )
        first = await running.attach()
        held = running.supervisor._pipelines[first.id]
        held._judge = judging(rival.id, vector)
        make, fetched, purged = running.assembly.pipeline, asyncio.Event(), asyncio.Event()

        async def slowly(session: Session) -> Pipeline:
            pipeline = await make(session)
            pipeline._judge = judging(rival.id, vector)
            fetched.set()
            await purged.wait()
            return pipeline

        monkeypatch.setattr(running.assembly, "pipeline", slowly)
        second = asyncio.create_task(running.attach("another"))
        await fetched.wait()
        await desk.purge(rival.id, by="key_1", because="asked by letter")
        purged.set()
        late = running.supervisor._pipelines[(await second).id]
        await asyncio.sleep(0.6)
        for pipeline in (held, late):
            track = pipeline._judge.likeness.track
            assert track.standing() == {}
            assert cast("BlankGaze", pipeline.gaze).forgotten == [rival.id]


def judging(rival: str, vector: NDArray[np.float32]) -> Judge:
    claimed, gallery = np.eye(1, 8, dtype=np.float32), {rival: vector[None]}
    return Judge(policy=BRISK, policy_id="brisk@1", claimed=claimed, gallery=gallery, likeness=LIKENESS)


@in_virtual_time
async def test_what_ends_by_the_calendar_is_off_air_within_a_minute(tmp_path: Path) -> None:
    async with house(tmp_path) as running:
        desk = registrar(running)
        until = clock() + timedelta(seconds=100)
        await desk.renew(running.stage.avatar, valid_from=None, valid_until=until, by="key_1")
        session = await running.attach()
        running.supervisor._pipelines[session.id]._judge = judge()
        keeping = asyncio.create_task(desk.keep())
        await asyncio.sleep(99)
        assert running.supervisor.pipeline(session.id) is not None
        await running.stage.until(lambda: running.supervisor.pipeline(session.id) is None, within=WITHIN)
        keeping.cancel()
        await asyncio.wait({keeping})
        assert (await running.stage.registry.avatars.get(running.stage.avatar)).state == "expired"


@in_virtual_time
async def test_a_registry_that_fails_for_a_while_does_not_end_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as running:
        desk, failures = registrar(running), [1, 2]
        settle = running.stage.registry.avatars.settle

        async def frail(**when: Any) -> Any:
            if failures:
                raise Unavailable(f"gone {failures.pop()}")
            return await settle(**when)

        monkeypatch.setattr(running.stage.registry.avatars, "settle", frail)
        keeping = asyncio.create_task(desk.keep())
        await asyncio.sleep(20)
        assert not keeping.done()
        assert failures == []
        keeping.cancel()
        await asyncio.wait({keeping})


@in_virtual_time
async def test_a_restart_cuts_what_was_barred_while_nobody_watched_even_where_its_vectors_are_purged(
    tmp_path: Path,
) -> None:
    async with broadcast(tmp_path) as stage:
        stage.server.failures["cut"] = [failure(retry=False)]  # and the first try fails
        await stage.registry.avatars.purge(stage.avatar, salt=bytes(32), by="key_1", because="asked", at=clock())
        async with service(stage):
            ended = await stage.reaches(SessionState.CUT, within=WITHIN)
        assert ended.ended_because == "cut: registration"
        assert not stage.server.on_air
        kinds = await stage.kinds()
        assert kinds.count("cut.confirmed") == 1
        assert kinds[-1] == "session.ended"
