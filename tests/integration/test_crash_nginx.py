"""A real process is killed by SIGKILL at each step of a cut on a real nginx; the next one finishes it, once."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from protocols.session import Placement
from registry.state import CutState
from tests.contract.crash import Service, a_session, finish, now, registry_of
from tests.contract.stages import NginxStage
from tests.servers.publisher import draw_test_card

pytestmark = pytest.mark.integration

STEPS = ("cut.intended", "+cut.intended", "+block", "cut", "+cut", "+gone", "+cut.confirmed", "confirm")
"""Of the steps of the crash contract those between which something durable, or something at the server, happens."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_test_card(tmp_path_factory.mktemp("card") / "card.mp4", seconds=3)


@pytest.fixture
async def stage(tmp_path: Path, card: Path) -> AsyncIterator[NginxStage]:
    async with NginxStage(tmp_path, card) as stage:
        yield stage


async def killed(stage: NginxStage, folder: Path, deaths: Sequence[tuple[str, str]]) -> None:
    """Have another process cut the sessions and die, each at its step."""
    told = {
        "folder": str(folder),
        "deaths": deaths,
        "server": {"name": stage.server, "control_url": stage.nginx.control_url, "stat_url": stage.nginx.stat_url},
        "login": stage.LOGIN,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.servers.cutter", json.dumps(told))
    try:
        async with asyncio.timeout(120):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_killed_at_each_step_the_cut_is_finished_by_the_next_process(stage: NginxStage, tmp_path: Path) -> None:
    streams = [f"crash{number}" for number in range(len(STEPS))]
    assert all(await asyncio.gather(*(stage.publish(stream) for stream in streams)))
    async with registry_of(tmp_path) as registry:
        places = [Placement(server=stage.server, app=stage.app, stream=stream) for stream in streams]
        sessions = [await a_session(registry, place) for place in places]
    await killed(stage, tmp_path, [(session.id, step) for step, session in zip(STEPS, sessions, strict=True)])
    async with registry_of(tmp_path) as registry:
        after = Service(registry=registry, server=stage.enforcer.server, blocks=stage.blocks)
        for step, session in zip(STEPS, sessions, strict=True):
            made = await finish(after, session)
            assert made.state is CutState.CONFIRMED, step
            kinds = [entry.kind for entry in await registry.ledger.read(session=session.id)]
            assert kinds == ["cut.intended", "cut.confirmed"], step
            assert (await registry.cuts.list(session=session.id)).items == (made,)
            assert len((await registry.strikes.list(cut=made.id)).items) == 1
        for publisher in stage.publishers:
            assert await publisher.ended(20) != 0
        for block in await registry.blocks.list(now=now()):  # what the hooks of a service would ask
            stage.blocks.held_by[block.placement] = str(block.cut)
        assert not any(await asyncio.gather(*(stage.publish(stream) for stream in streams)))
    assert await stage.disconnections() == len(STEPS)
