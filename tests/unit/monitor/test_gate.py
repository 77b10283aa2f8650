"""The gate and the blocks behind it, on a real registry."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import structlog

import monitor.gate as module
from monitor.egress import EgressRefused
from monitor.enforcers.block import RegisteredBlocks
from monitor.enforcers.enforcer import EnforcerFailure
from monitor.gate import Bookable, PublishGate
from monitor.refusal import AttachLater, AttachRefused
from protocols.avatar import AvatarSignal
from protocols.backend import AttachRequest
from protocols.booking import Booking, Rostered, Shift
from protocols.session import AvatarId, CutId, OperatorId, Placement, Session
from registry.avatar import Submission
from registry.block import Blocks
from registry.error import NotFound, SessionConflict, Unavailable
from registry.reference import Reference
from registry.registry import Registry
from tests.unit.monitor.enforcers.order import PLACEMENT, an_order

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    registry = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield registry
    await registry.close()


class Desk:
    """Attaches on the registry as the supervisor does; fails as it is told."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.requests: list[AttachRequest] = []
        self.fault: Exception | None = None

    async def attach(self, request: AttachRequest, *, account: str) -> Session:
        self.requests.append(request)
        if self.fault is not None:
            raise self.fault
        return await self.registry.sessions.create(
            feed=request.feed(),
            avatar=AvatarId(request.avatar),
            operators=[OperatorId(operator) for operator in request.operators],
            policy=(await self.registry.policies.get(request.policy or "standard")).id,
            placement=request.place(),
            at=NOW,
        )


@dataclass(kw_only=True)
class Entrance:
    gate: PublishGate
    desk: Desk
    booking: Booking


def gate_of(registry: Registry, desk: Desk, *, now: datetime = NOW, refuses: bool = False) -> PublishGate:
    bookable = Bookable(watch={"main": "rtmp://main/{app}/{stream}"}, refuses_unbooked=refuses)
    return PublishGate(
        registry.blocks, registry.bookings, bookable,
        attach=desk.attach, session=registry.sessions.get, clock=lambda: now,
    )  # fmt: skip


@pytest.fixture
async def entrance(registry: Registry) -> Entrance:
    reference = Reference(digest=bytes(32), vector=np.eye(1, 8, dtype=np.float32)[0])
    submission = Submission(name="Hoshi", owner="o", references=[reference], model="m")
    avatar = await registry.avatars.register(submission, at=NOW)
    operator = await registry.operators.enrol(
        pseudonym="p", issuer="i", assurance="high", verified_at=NOW, device_keys=[bytes(32)], at=NOW
    )
    await registry.policies.put("standard", {}, at=NOW)
    booking = Booking(
        placement=PLACEMENT,
        avatar=avatar.id,
        roster=(Rostered(operator=operator.id, shifts=(Shift(begins=NOW, ends=NOW + timedelta(hours=1)),)),),
        policy="standard",
        booked_at=NOW,
        account="channel-1",
    )
    desk = Desk(registry)
    return Entrance(gate=gate_of(registry, desk), desk=desk, booking=await registry.bookings.put(booking))


async def test_a_block_refuses_with_its_reason_until_its_end(registry: Registry) -> None:
    gate = gate_of(registry, Desk(registry))
    assert await gate.may_publish(PLACEMENT) is None
    await registry.blocks.put(PLACEMENT, reason="Nobody drives.", at=NOW, until=NOW + timedelta(hours=1))
    refusal = "Nobody drives. Publishing is blocked until 2026-11-23T13:00:00+00:00."
    assert await gate.may_publish(PLACEMENT) == refusal
    assert await gate.may_go_on(PLACEMENT) == refusal
    assert await gate.may_go_on(Placement(server="other", app="live", stream="s1")) is None
    assert await gate_of(registry, Desk(registry), now=NOW + timedelta(hours=1)).may_publish(PLACEMENT) is None


async def test_a_block_without_an_end_lasts_until_it_is_lifted(registry: Registry) -> None:
    gate = gate_of(registry, Desk(registry))
    block = await registry.blocks.put(PLACEMENT, reason="Nobody drives.", at=NOW)
    assert await gate.may_publish(PLACEMENT) == "Nobody drives. Publishing is blocked until it is restored."
    await registry.blocks.lift(block.id, at=NOW)
    assert await gate.may_publish(PLACEMENT) is None


async def test_what_is_not_booked_is_permitted_unwatched_or_refused_as_the_settings_say(registry: Registry) -> None:
    desk = Desk(registry)
    assert await gate_of(registry, desk).may_publish(PLACEMENT) is None
    refusal = await gate_of(registry, desk, refuses=True).may_publish(PLACEMENT)
    assert refusal == "Nothing is booked at this place; book it first."
    assert desk.requests == []


async def test_what_is_booked_attaches_by_itself(entrance: Entrance) -> None:
    assert await entrance.gate.may_publish(PLACEMENT) is None
    (request,) = entrance.desk.requests
    assert request.url == "rtmp://main/live/s1"
    assert request.place() == PLACEMENT
    assert (request.avatar, request.account) == (entrance.booking.avatar, "channel-1")
    (session,) = await entrance.desk.registry.sessions.open()
    assert session.operators == (entrance.booking.roster[0].operator,)


async def test_a_booking_may_say_itself_where_it_is_watched(entrance: Entrance) -> None:
    await entrance.desk.registry.bookings.put(replace(entrance.booking, url="http://cdn/x.m3u8"))
    assert await entrance.gate.may_publish(PLACEMENT) is None
    assert entrance.desk.requests[0].url == "http://cdn/x.m3u8"


async def test_a_hook_that_comes_twice_or_out_of_order_changes_nothing(entrance: Entrance) -> None:
    await entrance.gate.ended(PLACEMENT)
    for _ in range(3):
        assert await entrance.gate.may_publish(PLACEMENT) is None
    await entrance.gate.ended(PLACEMENT)
    assert len(await entrance.desk.registry.sessions.open()) == 1


async def test_two_servers_with_the_same_stream_name_are_two_streams(entrance: Entrance) -> None:
    elsewhere = replace(PLACEMENT, server="other")
    await entrance.desk.registry.bookings.put(
        replace(entrance.booking, placement=elsewhere, url="rtmp://other/live/s1")
    )
    assert await entrance.gate.may_publish(PLACEMENT) is None
    assert await entrance.gate.may_publish(elsewhere) is None
    assert {each.placement for each in await entrance.desk.registry.sessions.open()} == {PLACEMENT, elsewhere}


async def test_two_streams_watched_at_one_address_are_not_both_let_on_air(entrance: Entrance) -> None:
    elsewhere = replace(PLACEMENT, server="other")
    await entrance.desk.registry.bookings.put(replace(entrance.booking, placement=elsewhere, url="rtmp://main/live/s1"))
    assert await entrance.gate.may_publish(PLACEMENT) is None
    assert "watches another stream at the same address" in (await entrance.gate.may_publish(elsewhere) or "")


async def test_a_booking_without_a_policy_leaves_it_to_the_avatar(entrance: Entrance) -> None:
    await entrance.desk.registry.bookings.put(replace(entrance.booking, policy=None))
    assert await entrance.gate.may_publish(PLACEMENT) is None
    assert [request.policy for request in entrance.desk.requests] == [None]


async def test_nobody_on_shift_and_strangers_are_refused_before_anything_is_attached(entrance: Entrance) -> None:
    late = gate_of(entrance.desk.registry, entrance.desk, now=NOW + timedelta(hours=1))
    assert await late.may_publish(PLACEMENT) == "No operator of this stream's roster is on shift."
    refusal = await entrance.gate.may_publish(PLACEMENT, operator="op_eve")
    assert refusal == "This operator is not on the roster of this stream."
    assert entrance.desk.requests == []


async def test_an_avatar_that_may_not_be_on_air_is_refused(entrance: Entrance) -> None:
    await entrance.desk.registry.avatars.move(
        entrance.booking.avatar, AvatarSignal.REVOKE, by="key_1", because="a complaint", at=NOW
    )
    assert "is revoked (a complaint); it may not go on air" in (await entrance.gate.may_publish(PLACEMENT) or "")
    await entrance.desk.registry.operators.revoke(entrance.booking.roster[0].operator, by="ann", because="left", at=NOW)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (NotFound("There is no policy standard."), "no policy"),
        (AttachRefused("register its pictures anew"), "pictures anew"),
        (EgressRefused("the address is not public"), "not public"),
        (SessionConflict("just now"), "being attached"),
    ],
)
async def test_what_cannot_be_attached_is_refused_with_the_reason(
    entrance: Entrance, fault: Exception, says: str
) -> None:
    entrance.desk.fault = fault
    assert says in (await entrance.gate.may_publish(PLACEMENT) or "")


@pytest.mark.parametrize("fault", [Unavailable("locked"), AttachLater("the service is stopping")])
async def test_our_own_trouble_is_no_refusal(entrance: Entrance, fault: Exception) -> None:
    entrance.desk.fault = fault
    with pytest.raises(type(fault)):
        await entrance.gate.may_publish(PLACEMENT)


async def test_a_media_server_that_does_not_wait_leaves_no_session_half_attached(entrance: Entrance) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    attach = entrance.desk.attach

    async def slowly(request: AttachRequest, *, account: str) -> Session:
        begun.set()
        await go_on.wait()
        return await attach(request, account=account)

    entrance.gate._attach = slowly
    asking = asyncio.create_task(entrance.gate.may_publish(PLACEMENT))
    await begun.wait()
    asking.cancel()
    await asyncio.wait([asking])
    go_on.set()
    await asyncio.wait(set(entrance.gate._tasks))
    assert len(await entrance.desk.registry.sessions.open()) == 1


async def test_what_was_let_on_air_unseen_is_attached_as_soon_as_it_can_be(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CATCH_UP_EVERY", 0.01)
    entrance.desk.fault = Unavailable("locked")
    entrance.gate.unseen(PLACEMENT)
    async with asyncio.timeout(5):
        while len(entrance.desk.requests) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    entrance.desk.fault = None
    await asyncio.wait(set(entrance.gate._tasks))
    assert len(await entrance.desk.registry.sessions.open()) == 1


@pytest.mark.parametrize("reason", ["blocked", "never"])
async def test_what_stays_undecided_or_is_refused_too_late_is_said(
    entrance: Entrance, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CATCH_UP_EVERY", 0.01)
    monkeypatch.setattr(module, "_CATCH_UP_FOR", 0.05)
    if reason == "blocked":
        await entrance.desk.registry.blocks.put(PLACEMENT, reason="Nobody drives.", at=NOW)
    else:
        entrance.desk.fault = Unavailable("locked")
    with structlog.testing.capture_logs() as said:
        entrance.gate.unseen(PLACEMENT)
        await asyncio.wait(set(entrance.gate._tasks), timeout=5)
    assert said[-1]["event"] == "publish.unwatched"


async def test_what_is_to_be_decided_is_left_when_the_service_stops(entrance: Entrance) -> None:
    entrance.gate.unseen(PLACEMENT)
    await entrance.gate.close()
    assert entrance.desk.requests == []


async def test_an_order_whose_time_has_passed_blocks_nothing(registry: Registry) -> None:
    blocks = RegisteredBlocks(registry.blocks, lambda: NOW)
    await blocks.put(an_order(until=NOW))
    await blocks.put(an_order(placement=None))
    assert await registry.blocks.list(now=NOW) == ()
    await blocks.lift(an_order())


async def test_a_cut_that_the_registry_does_not_know_cannot_block(registry: Registry) -> None:
    with pytest.raises(EnforcerFailure, match="cannot be written") as failure:
        await RegisteredBlocks(registry.blocks, lambda: NOW).put(an_order(cut=CutId("cut_unknown")))
    assert not failure.value.retry


async def test_a_database_that_fails_is_tried_again() -> None:
    class Failing(Blocks):
        def __init__(self) -> None:
            pass

        async def lift_for(self, cut: CutId, *, at: datetime) -> int:
            raise Unavailable("The database is locked.")

    with pytest.raises(EnforcerFailure, match="locked") as failure:
        await RegisteredBlocks(Failing(), lambda: NOW).lift(an_order())
    assert failure.value.retry
