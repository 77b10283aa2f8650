"""What comes while leases are renewed is not taken for lost; what another has taken is."""

import asyncio
from datetime import timedelta
from pathlib import Path

from monitor.leases import Leases
from protocols.session import Session, SessionId
from registry.error import Unavailable
from registry.session import Lease
from tests.unit.monitor.broadcast import broadcast, clock
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_what_another_took_is_lost_and_what_came_meanwhile_is_not(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        held: list[SessionId] = [stage.session.id]
        lost: list[SessionId] = []
        sessions, renew = stage.registry.sessions, stage.registry.sessions.renew

        async def renewing(lease: Lease) -> frozenset[SessionId]:
            ours = await renew(lease)
            held.append(SessionId("ses_new"))
            return ours

        leases = Leases(sessions, clock, seconds=15)
        await leases.claim(stage.session.id)
        other = Lease(holder="the other", until=clock() + timedelta(days=1))
        await sessions.claim(stage.session.id, other)
        sessions.renew = renewing  # type: ignore[method-assign]
        keeping = asyncio.create_task(leases.keep(held, _nothing, lost.append))
        await asyncio.sleep(6)
        keeping.cancel()
        await asyncio.wait([keeping])
        assert lost == [stage.session.id]
        assert held == [stage.session.id, "ses_new"]


@in_virtual_time
async def test_a_registry_that_is_away_loses_nothing(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        sessions, renew, lost = stage.registry.sessions, stage.registry.sessions.renew, list[SessionId]()
        failures = [Unavailable("away")]

        async def renewing(lease: Lease) -> frozenset[SessionId]:
            if failures:
                raise failures.pop()
            return await renew(lease)

        leases = Leases(sessions, clock, seconds=15)
        await leases.claim(stage.session.id)
        sessions.renew = renewing  # type: ignore[method-assign]
        keeping = asyncio.create_task(leases.keep([stage.session.id], _nothing, lost.append))
        await asyncio.sleep(11)
        keeping.cancel()
        await asyncio.wait([keeping])
        assert (lost, failures) == ([], [])


def _nothing(_: Session) -> None:
    raise AssertionError("there is nothing to take up")


@in_virtual_time
async def test_a_session_that_is_being_attached_is_not_taken_up_beside_that(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        taken: list[Session] = []
        leases = Leases(stage.registry.sessions, clock, seconds=15)
        await leases.claim(stage.session.id)  # ours in the registry, and not yet among those that run
        keeping = asyncio.create_task(leases.keep([], taken.append, _never))
        await asyncio.sleep(11)
        keeping.cancel()
        await asyncio.wait([keeping])
        assert taken == []
        await leases.take_up([], taken.append)  # after a restart it is
        assert [one.id for one in taken] == [stage.session.id]


def _never(session: SessionId) -> None:
    raise AssertionError(f"{session} was lost")
