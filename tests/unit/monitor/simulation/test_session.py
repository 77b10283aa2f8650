"""The simulator's loop and the live pipeline: the same observations make the same steps on the ladder."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.simulation.drawn import DrawnInstruments
from monitor.simulation.eyes import Eyes
from monitor.simulation.script import Act, Script
from monitor.simulation.session import Play
from monitor.sources.source import Watch
from protocols.gesture import Ability
from protocols.judge import Judge
from protocols.observation import Blindness, Look, Motion, Observation, Presence
from protocols.policy import BRISK
from protocols.telemetry import TelemetrySample
from tests.unit.monitor.broadcast import broadcast
from tests.unit.monitor.simulation.table import scene, table, window
from tests.unit.protocols.test_judge import LIKENESS
from tests.virtual_time import in_virtual_time

DRIVEN, ENGINE = table().of("driven lively")[0], table().of("engine stranger")[0]
HERE = Presence(at=1.0, operator="op", connected=True, cause="hello")
TICK = 0.5
A_WHILE = BRISK.watch.window_s + 2.0  # seconds: a window that begins a moment later may tell of a change one later


def dice() -> float:
    return 0.5


def script(*acts: Act, length: float = 200.0) -> Script:
    head = frozenset({Ability.HEAD})
    return Script(species="scripted", length=length, acts=list(acts), events=(HERE,), wrong_from=0.0, abilities=head)


SCRIPTS = {
    "an engine with a stranger's telemetry": script(Act(start=0.0, scene=ENGINE)),
    "a person who is followed by an engine": script(
        Act(start=0.0, scene=DRIVEN, answers=1.0), Act(start=60.0, scene=ENGINE)
    ),
    "a person": script(Act(start=0.0, scene=DRIVEN, answers=1.0), length=90.0),
    "another avatar": script(
        Act(start=0.0, scene=DRIVEN, answers=1.0), Act(start=40.0, scene=DRIVEN, answers=1.0, foreign=True)
    ),
}


def copied(one: Script) -> Script:
    return replace(one, acts=list(one.acts))


def seen(now: float, full: bool, eyes: Eyes) -> Iterator[Observation]:
    """What a live stream of the script would deliver at ``now``."""
    yield TelemetrySample(at=now)
    yield from (look for look in eyes.looks(now, full=full) if isinstance(look, Look))
    if full:
        nothing = Motion.__new__(Motion)
        for name, value in (("at", now), ("interval", 0.1)):
            object.__setattr__(nothing, name, value)
        yield nothing


def named(cause: str | None) -> str | None:
    """The cause; which of motion and answers weighs a little more may turn on when a window began."""
    return "who drives" if cause in ("driving", "challenge") else cause


def stood(rung: str) -> str:
    """The rung; a cut for one of the two forbids, for the other it does not."""
    return "cut" if rung in ("drop", "forbid") else rung


@pytest.mark.parametrize("name", SCRIPTS)
@in_virtual_time
async def test_the_live_pipeline_takes_the_same_steps(tmp_path: Path, name: str) -> None:
    played = Play(copied(SCRIPTS[name]), BRISK, LIKENESS, dice, calm=False)
    outcome = played.run()
    live = copied(SCRIPTS[name])
    eyes = Eyes(live, BRISK.watch, dice)
    async with broadcast(tmp_path) as stage:
        stage.judge = Judge(
            policy=BRISK, policy_id="brisk@1", claimed=eyes.claimed, gallery=eyes.gallery, likeness=LIKENESS,
            instruments=DrawnInstruments(live, dice),
        )  # fmt: skip
        async with stage.keeping_in_sight() as pipeline:
            pipeline.observe(replace(HERE, at=pipeline.at()))
            while pipeline.at() < outcome.seconds + 2 * A_WHILE and not pipeline.ladder.cut:
                for observation in seen(pipeline.at(), pipeline.watching is Watch.FULL, eyes):
                    pipeline.observe(observation)
                await asyncio.sleep(TICK)
            steps = await stage.entries("ladder.step")
    assert [stood(step["rung"]) for step in steps] == [stood(step.rung.value) for step in played.steps]
    assert [named(step["cause"]) for step in steps] == [named(step.cause) for step in played.steps]
    for step, simulated in zip(steps, played.steps, strict=True):
        assert step["at"] == pytest.approx(simulated.now, abs=2 * A_WHILE)  # and so may the answer after it


def test_blindness_is_nobodys_fault_and_uses_up_no_time_on_the_ladder() -> None:
    steady = script(Act(start=0.0, scene=ENGINE))
    blind = replace(
        copied(steady),
        events=(
            HERE,
            Blindness(at=60.0, blind=True, cause="no picture"),
            Blindness(at=90.0, blind=False, cause="the picture is there"),
        ),
    )
    one, other = (Play(copied(s), BRISK, LIKENESS, dice, calm=False).run() for s in (steady, blind))
    assert one.cut_at is not None
    assert one.cut_at < 60.0 or (other.cut_at or 0) == pytest.approx(one.cut_at + 30.0, abs=2.0)


def test_a_person_who_pauses_where_the_avatar_breathes_on_is_not_cut() -> None:
    idle = scene("idle", window(silent=True, liveliness=0.05))
    acts = (
        Act(start=0.0, scene=DRIVEN, answers=1.0),
        Act(start=40.0, scene=idle, told=False, away=True),
        Act(start=60.0, scene=DRIVEN, answers=1.0),
    )
    assert Play(script(*acts, length=120.0), BRISK, LIKENESS, dice).run().cut_at is None


def test_a_stream_that_nobody_looks_at_is_cut_for_want_of_presence() -> None:
    still = scene("engine silent", window(silent=True, liveliness=0.0))
    alone = replace(script(Act(start=0.0, scene=still, told=False)), events=())
    outcome = Play(alone, BRISK, LIKENESS, dice).run()
    assert outcome.cause is not None
    assert outcome.cause.value == "presence"
    ladder = sum(rung.seconds for rung in BRISK.ladder.presence)
    assert outcome.cut_at == pytest.approx(BRISK.presence.connect_within_s + ladder, abs=1.0)
