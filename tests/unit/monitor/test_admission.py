"""Who may connect to which session; who may not is not told why."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.admission import Admission
from monitor.metrics import HEARTBEATS
from monitor.operator.entry import Admission as Admitted
from monitor.operator.entry import Refusal
from monitor.pipeline import Pipeline
from protocols.channel.event import HelloReceived
from protocols.channel.violation import Closing
from protocols.session import OperatorId, SessionId, SessionState
from protocols.telemetry import TelemetryBatch
from registry.error import Unavailable
from tests.unit.monitor.broadcast import Broadcast, broadcast, clock
from tests.virtual_time import in_virtual_time


def admission(stage: Broadcast) -> tuple[Admission, Pipeline]:
    pipeline = stage.pipeline()
    running = {stage.session.id: pipeline}
    return Admission(
        stage.registry,
        lambda session: running.get(SessionId(session)),
        stage.shifts(pipeline),
        stage.breaker(pipeline),
        stage.recollection(pipeline),
    ), pipeline


@in_virtual_time
async def test_an_operator_of_the_roster_comes_in_with_every_enrolled_key(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        admitting, pipeline = admission(stage)
        second = bytes(31) + b"2"
        await stage.registry.operators.add_device_key(stage.operator, second, at=clock())
        admitted = await admitting.admit(stage.operator, stage.session.id)
        assert isinstance(admitted, Admitted)
        assert set(admitted.device_keys) == {bytes(32), second}
        assert (admitted.epoch, admitted.zero) == (1, pipeline.zero)


@in_virtual_time
async def test_every_refusal_is_the_same(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        admitting, _ = admission(stage)
        other = await stage.registry.operators.enrol(
            pseudonym="x", issuer="i", assurance="high", verified_at=clock(), device_keys=[bytes(31) + b"1"], at=clock()
        )
        refusals = [
            await admitting.admit(stage.operator, "ses_none"),
            await admitting.admit("op_none", stage.session.id),
            await admitting.admit(other.id, stage.session.id),
            await admitting.admit("", ""),
            await admitting.admit("op_" + "x" * 10_000, stage.session.id),
        ]
        assert refusals == [Refusal()] * 5


@in_virtual_time
async def test_a_revoked_operator_is_refused(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        admitting, _ = admission(stage)
        await stage.registry.operators.revoke(stage.operator, by="ann", because="left", at=clock())
        assert await admitting.admit(stage.operator, stage.session.id) == Refusal()


@in_virtual_time
async def test_a_registry_that_fails_admits_nobody_and_asks_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with broadcast(tmp_path) as stage:
        admitting, _ = admission(stage)

        async def failing(_: OperatorId) -> Any:
            raise Unavailable("The database is locked.")

        monkeypatch.setattr(stage.registry.operators, "get", failing)
        refusal = await admitting.admit(stage.operator, stage.session.id)
        assert isinstance(refusal, Refusal)
        assert refusal.code == Closing.UNAVAILABLE
        monkeypatch.setattr(stage.registry.sessions, "get", failing)
        assert await admitting.admit(stage.operator, "ses_elsewhere") == refusal


@in_virtual_time
async def test_who_comes_before_an_open_session_is_taken_up_again_is_asked_back(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        pipeline = stage.pipeline()
        early = Admission(
            stage.registry,
            lambda _: None,
            stage.shifts(pipeline),
            stage.breaker(pipeline),
            stage.recollection(pipeline),
        )
        refusal = await early.admit(stage.operator, stage.session.id)
        assert isinstance(refusal, Refusal)
        assert refusal.code == Closing.UNAVAILABLE
        await stage.registry.sessions.move(
            stage.session.id, SessionState.ENDED, because="over", epoch=stage.session.epoch, at=clock()
        )
        assert await early.admit(stage.operator, stage.session.id) == Refusal()


@in_virtual_time
async def test_what_is_said_goes_to_its_session_and_nowhere_else(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        admitting, pipeline = admission(stage)
        before = len(pipeline._inbox)
        admitting.feed(stage.session.id, stage.present())
        admitting.feed("ses_none", stage.present())
        assert pipeline._inbox[before:] == [stage.present()]


@in_virtual_time
async def test_motion_goes_to_its_session_and_is_compared_with_others(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        admitting, pipeline = admission(stage)
        told = TelemetryBatch(times=[1.0], names=("yaw",), steps=np.zeros((1, 1), dtype=np.int16))
        admitting.feed(stage.session.id, told)
        admitting.feed("ses_none", told)
        assert pipeline._inbox[-1:] == [told]
        assert admitting._recollection._tellers.keys() == {stage.session.id}


@in_virtual_time
async def test_what_is_no_observation_is_counted(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        admitting, _ = admission(stage)
        count = HEARTBEATS.labels(outcome="HelloReceived")
        before = count._value.get()
        admitting.note(stage.session.id, HelloReceived.__new__(HelloReceived))
        assert count._value.get() == before + 1
