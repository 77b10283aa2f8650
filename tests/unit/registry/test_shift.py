import asyncio
from datetime import timedelta

import pytest

from protocols.session import SessionState
from registry.error import NotFound, Refused
from registry.registry import Registry
from registry.shift import Elsewhere
from tests.unit.registry.conftest import NOW, Studio

KEY, OTHER = bytes(32), bytes(31) + b"1"
LATER = NOW + timedelta(minutes=1)


async def two(studio: Studio) -> tuple[str, str]:
    return (await studio.attach("rtmp://edge/live/a")).id, (await studio.attach("rtmp://edge/live/b")).id


async def test_a_shift_begins_lapses_resumes_and_ends(studio: Studio) -> None:
    shifts, session = studio.registry.shifts, (await studio.attach()).id
    assert await shifts.open(session, studio.operator) is None
    assert await shifts.resume(session, studio.operator) is None
    proof = {"nonce": "AA", "credential": {"id": "x"}}
    shift = await shifts.begin(session, studio.operator, KEY, passkey="pk_1", proof=proof, at=NOW)
    assert (shift.session, shift.operator, shift.passkey, shift.proof) == (session, studio.operator, "pk_1", proof)
    await shifts.lapse(session, studio.operator, at=LATER)
    lapsed = await shifts.open(session, studio.operator)
    assert lapsed is not None
    assert lapsed.lapsed_at == LATER
    assert await shifts.resume(session, studio.operator) == shift
    assert await shifts.begin(session, studio.operator, KEY, at=LATER) == shift
    await shifts.end(session, studio.operator, because="left", at=LATER)
    assert await shifts.open(session, studio.operator) is None
    assert [(one.ended_at, one.because) for one in (await shifts.of(studio.operator)).items] == [(LATER, "left")]


async def test_one_person_is_in_one_live_session_in_the_whole_registry(studio: Studio) -> None:
    shifts = studio.registry.shifts
    first, second = await two(studio)
    begun = await asyncio.gather(
        shifts.begin(first, studio.operator, KEY, at=NOW),
        shifts.begin(second, studio.operator, OTHER, at=NOW),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, Elsewhere) for one in begun) == [False, True]
    won, lost = (first, second) if isinstance(begun[1], Elsewhere) else (second, first)
    with pytest.raises(Elsewhere) as refused:
        await shifts.begin(lost, studio.operator, KEY, at=LATER)
    assert refused.value.other == won


async def test_who_lapsed_may_begin_elsewhere_and_then_not_come_back(studio: Studio) -> None:
    shifts = studio.registry.shifts
    first, second = await two(studio)
    await shifts.begin(first, studio.operator, KEY, at=NOW)
    await shifts.lapse(first, studio.operator, at=NOW)
    await shifts.begin(second, studio.operator, KEY, at=NOW)
    with pytest.raises(Elsewhere):
        await shifts.resume(first, studio.operator)
    await shifts.abandon(second, at=LATER)
    assert await shifts.resume(first, studio.operator) is not None


async def test_another_key_begins_a_shift_anew(studio: Studio) -> None:
    shifts, session = studio.registry.shifts, (await studio.attach()).id
    first = await shifts.begin(session, studio.operator, KEY, at=NOW)
    second = await shifts.begin(session, studio.operator, OTHER, at=LATER)
    assert second.id != first.id
    page = await shifts.of(studio.operator, limit=1)
    assert page.items == (second,)
    older = await shifts.of(studio.operator, cursor=page.next)
    assert [(one.id, one.because) for one in older.items] == [(first.id, "the operator began anew")]


async def test_a_session_that_is_over_holds_nobody(studio: Studio) -> None:
    shifts = studio.registry.shifts
    first, second = await two(studio)
    await shifts.begin(first, studio.operator, KEY, at=NOW)
    await studio.registry.sessions.move(first, SessionState.ENDED, because="over", epoch=1, at=LATER)
    await shifts.begin(second, studio.operator, KEY, at=LATER)
    with pytest.raises(NotFound):
        await shifts.begin(first, studio.operator, KEY, at=LATER)
    await shifts.end(second, because="all of it", at=LATER)
    assert {one.because for one in (await shifts.of(studio.operator)).items} == {"the session is over", "all of it"}


async def test_a_key_that_is_none_is_refused(studio: Studio, registry: Registry) -> None:
    with pytest.raises(Refused, match="32 bytes"):
        await registry.shifts.begin((await studio.attach()).id, studio.operator, b"short", at=NOW)


async def test_a_person_is_in_as_many_sessions_as_all_of_their_policies_allow(studio: Studio) -> None:
    shifts, sessions = studio.registry.shifts, [(await studio.attach(f"rtmp://edge/live/{n}")).id for n in range(3)]
    first = await shifts.begin(sessions[0], studio.operator, KEY, at_once=2, at=NOW)
    second = await shifts.begin(sessions[1], studio.operator, KEY, at_once=3, at=NOW)
    assert (first.at_once, second.at_once) == (2, 3)
    with pytest.raises(Elsewhere):  # the first one's policy allows no third
        await shifts.begin(sessions[2], studio.operator, KEY, at_once=3, at=NOW)
    await shifts.lapse(sessions[0], studio.operator, at=LATER)
    assert (await shifts.begin(sessions[2], studio.operator, KEY, at_once=2, at=LATER)).session == sessions[2]
    with pytest.raises(Elsewhere):
        await shifts.resume(sessions[0], studio.operator)
    await shifts.end(sessions[1], studio.operator, because="left", at=LATER)
    assert await shifts.resume(sessions[0], studio.operator) is not None


async def test_who_is_alone_in_a_session_by_its_policy_goes_to_no_second_one(studio: Studio) -> None:
    shifts, (first, second) = studio.registry.shifts, await two(studio)
    await shifts.begin(first, studio.operator, KEY, at=NOW)
    with pytest.raises(Elsewhere):
        await shifts.begin(second, studio.operator, KEY, at_once=9, at=NOW)
