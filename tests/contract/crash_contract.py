"""Killed at every step of a cut: none is lost, none doubled, none without its record. For every enforcer."""

from pathlib import Path

import pytest

from protocols.measure import StrikeSubject
from protocols.session import Placement, Session
from registry.cut import Cut
from registry.registry import Registry
from registry.state import CutState
from tests.contract.crash import STEPS, Death, Killed, Service, a_session, finish, registry_of
from tests.contract.enforcer_contract import Stage, an_order, refused


def _killed() -> None:
    raise Killed


class CrashContract:
    """Subclasses give a fixture ``stage``."""

    async def test_killed_at_every_step_no_cut_is_lost_doubled_or_without_its_record(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        """One stream after the other: its cut dies at the next step, and a new service over the same record goes on."""
        async with registry_of(tmp_path) as registry:
            for number, step in enumerate(STEPS):
                session = await a_session(
                    registry, Placement(server=stage.server, app=stage.app, stream=f"crash{number}")
                )
                await _crash(stage, registry, session, step)
        assert await stage.disconnections() == len(STEPS)


async def _crash(stage: Stage, registry: Registry, session: Session, step: str) -> None:
    assert session.placement is not None
    stream = session.id if stage.server == "whip" else session.placement.stream
    assert await stage.publish(stream), step
    server, blocks = stage.enforcer.server, stage.blocks
    with pytest.raises(Killed):
        await Service(registry=registry, server=server, blocks=blocks, death=Death(step, _killed)).cut(session)
    after = Service(registry=registry, server=server, blocks=blocks)
    made = await finish(after, session)
    again = await finish(after, session)
    assert (made.state, again) == (CutState.CONFIRMED, made), step
    assert not await stage.on_air(stream), step
    await _recorded_once(registry, made, step)
    assert not await stage.publish(stream), step
    stale = an_order(stage, stream=session.placement.stream, epoch=session.epoch, cut=made.id, session=session.id)
    for command in (after.front.block, after.front.cut, after.front.gone, after.front.restore):
        assert "epoch" in str(await refused(command, stale))


async def _recorded_once(registry: Registry, made: Cut, step: str) -> None:
    entries = await registry.ledger.read(session=made.session)
    assert [entry.kind for entry in entries] == ["cut.intended", "cut.confirmed"], step
    assert {entry.subject for entry in entries} == {made.id}
    assert len((await registry.cuts.list(session=made.session)).items) == 1
    struck = (await registry.strikes.list(cut=made.id)).items
    assert [strike.kind for strike in struck] == [StrikeSubject.AVATAR], step
