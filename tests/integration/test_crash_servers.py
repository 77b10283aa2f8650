"""A real process is killed by SIGKILL at each step of a cut on a real media server; the next one finishes it, once."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from protocols.session import Placement, Session
from registry.cut import Cut
from registry.registry import Registry
from registry.state import CutState
from tests.contract.crash import Service, a_session, finish, now, registry_of
from tests.contract.stages import JanusStage, NginxStage, NodeMediaServerStage
from tests.servers.publisher import draw_test_card

pytestmark = pytest.mark.integration

STEPS = ("cut.intended", "+cut.intended", "+block", "cut", "+cut", "+gone", "+cut.confirmed", "confirm")
"""Of the steps of the crash contract those between which something durable, or something at the server, happens."""

STREAMS = tuple(f"crash{number}" for number in range(len(STEPS)))

Stage = NginxStage | JanusStage | NodeMediaServerStage


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_test_card(tmp_path_factory.mktemp("card") / "card.mp4", seconds=3)


@pytest.fixture(params=["nginx-rtmp", "janus", "node-media-server"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path, card: Path) -> AsyncIterator[Stage]:
    match request.param:
        case "nginx-rtmp":
            async with NginxStage(tmp_path, card) as nginx:
                yield nginx
        case "janus":
            async with JanusStage(tmp_path) as janus:
                await janus.admit(*STREAMS)
                yield janus
        case _:
            async with NodeMediaServerStage(tmp_path, card) as node:
                yield node


async def killed(stage: Stage, folder: Path, deaths: Sequence[tuple[str, str]]) -> None:
    """Have another process cut the sessions and die, each at its step."""
    told = {"folder": str(folder), "deaths": deaths, "servers": {stage.server: stage.section()}}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.servers.cutter", json.dumps(told))
    try:
        async with asyncio.timeout(120):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_killed_at_each_step_the_cut_is_finished_by_the_next_process(stage: Stage, tmp_path: Path) -> None:
    assert all(await asyncio.gather(*(stage.publish(stream) for stream in STREAMS)))
    async with registry_of(tmp_path) as registry:
        places = [Placement(server=stage.server, app=stage.app, stream=stream) for stream in STREAMS]
        sessions = [await a_session(registry, place) for place in places]
    await killed(stage, tmp_path, [(session.id, step) for step, session in zip(STEPS, sessions, strict=True)])
    async with registry_of(tmp_path) as registry:
        after = Service(registry=registry, server=stage.enforcer.server, blocks=stage.blocks)
        made = await asyncio.gather(*(finish(after, session) for session in sessions))
        for step, session, cut in zip(STEPS, sessions, made, strict=True):
            await _recorded_once(registry, session, cut, step)
        for block in await registry.blocks.list(now=now()):  # what the hooks of a service would ask
            stage.blocks.held_by[block.placement] = str(block.cut)
    async with asyncio.timeout(30):
        while await stage.disconnections() < len(STEPS):
            pass
    assert not any(await asyncio.gather(*(stage.publish(stream) for stream in STREAMS)))
    assert await stage.disconnections() == len(STEPS)


async def _recorded_once(registry: Registry, session: Session, cut: Cut, step: str) -> None:
    assert cut.state is CutState.CONFIRMED, step
    kinds = [entry.kind for entry in await registry.ledger.read(session=session.id)]
    assert kinds == ["cut.intended", "cut.confirmed"], step
    assert (await registry.cuts.list(session=session.id)).items == (cut,)
    assert len((await registry.strikes.list(cut=cut.id)).items) == 1
