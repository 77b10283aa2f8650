import asyncio
from datetime import timedelta

import pytest

from protocols.session import CutId, Session, SessionId, SessionState
from registry.cut import MOST_STEPS, Cut
from registry.error import Conflict, CutConflict, NotFound, Refused, StaleEpoch
from registry.state import CutState
from tests.unit.registry.conftest import NOW, PLACEMENT, Studio

LATER = NOW + timedelta(hours=1)


async def intend(studio: Studio, session: Session, epoch: int = 1, **values: object) -> Cut:
    return await studio.registry.cuts.intend(
        session=session.id,
        epoch=epoch,
        rule="driving",
        cause="Nobody drives the avatar.",
        evidence={"p_human": 0.01},
        enforcer="nginx",
        at=NOW,
        **values,  # type: ignore[arg-type]
    )


async def test_a_cut_is_intended_and_found_again(studio: Studio) -> None:
    session = await studio.attach(placement=PLACEMENT)
    cut = await intend(studio, session, until=LATER, steps=[{"rung": "notify"}], id=CutId("cut_mine"))
    assert cut == Cut(
        id=CutId("cut_mine"),
        session=session.id,
        avatar=studio.avatar,
        epoch=1,
        rule="driving",
        cause="Nobody drives the avatar.",
        evidence={"p_human": 0.01},
        decided_at=NOW,
        state=CutState.INTENDED,
        confirmed_at=None,
        seconds=None,
        until=LATER,
        enforcer="nginx",
        steps=({"rung": "notify"},),
        placement=PLACEMENT,
    )
    assert await studio.registry.cuts.get(cut.id) == cut
    assert await studio.registry.cuts.intended() == (cut,)


async def test_a_session_is_cut_once(studio: Studio) -> None:
    session = await studio.attach()
    results = await asyncio.gather(*(intend(studio, session) for _ in range(6)), return_exceptions=True)
    (cut,) = [result for result in results if isinstance(result, Cut)]
    conflicts = [result for result in results if isinstance(result, CutConflict)]
    assert len(conflicts) == 5
    assert {conflict.other for conflict in conflicts} == {cut.id}
    await studio.registry.sessions.claim(session.id)
    with pytest.raises(CutConflict, match=cut.id):
        await intend(studio, session, epoch=2)


async def test_after_a_cut_that_failed_a_new_owner_may_cut_again(studio: Studio) -> None:
    session = await studio.attach()
    cut = await intend(studio, session)
    await studio.registry.cuts.fail(cut.id, epoch=1)
    with pytest.raises(CutConflict):
        await intend(studio, session)
    await studio.registry.sessions.claim(session.id)
    assert (await intend(studio, session, epoch=2)).epoch == 2


async def test_a_stale_owner_can_neither_begin_nor_finish_a_cut(studio: Studio) -> None:
    session = await studio.attach()
    cut = await intend(studio, session)
    await studio.registry.sessions.claim(session.id)
    cuts = studio.registry.cuts
    for command in (
        cuts.confirm(cut.id, epoch=1, at=LATER, seconds=1),
        cuts.fail(cut.id, epoch=1),
        cuts.step(cut.id, {}, epoch=1),
        intend(studio, session, epoch=1),
    ):
        with pytest.raises(StaleEpoch):
            await command
    assert (await cuts.confirm(cut.id, epoch=2, at=LATER, seconds=1.5)).seconds == 1.5


async def test_confirming_is_done_once(studio: Studio) -> None:
    cuts = studio.registry.cuts
    cut = await intend(studio, await studio.attach())
    confirmed = await cuts.confirm(cut.id, epoch=1, at=LATER, seconds=0.5)
    assert (confirmed.state, confirmed.confirmed_at, confirmed.seconds) == (CutState.CONFIRMED, LATER, 0.5)
    assert await cuts.confirm(cut.id, epoch=1, at=LATER + timedelta(1), seconds=9) == confirmed
    with pytest.raises(Conflict, match="cannot become failed"):
        await cuts.fail(cut.id, epoch=1)
    assert await cuts.intended() == ()


async def test_a_failed_cut_may_be_confirmed_late(studio: Studio) -> None:
    cuts = studio.registry.cuts
    cut = await intend(studio, await studio.attach())
    assert (await cuts.fail(cut.id, epoch=1)).state is CutState.FAILED
    assert (await cuts.fail(cut.id, epoch=1)).state is CutState.FAILED
    assert (await cuts.confirm(cut.id, epoch=1, at=LATER, seconds=9)).state is CutState.CONFIRMED


async def test_a_cut_is_restored_and_stays_on_record(studio: Studio) -> None:
    cuts = studio.registry.cuts
    cut = await intend(studio, await studio.attach())
    with pytest.raises(Conflict, match="still being made"):
        await cuts.restore(cut.id, at=LATER)
    await cuts.confirm(cut.id, epoch=1, at=LATER, seconds=1)
    assert (await cuts.restore(cut.id, at=LATER)).state is CutState.RESTORED
    assert (await cuts.restore(cut.id, at=LATER)).confirmed_at == LATER
    with pytest.raises(Conflict):
        await cuts.confirm(cut.id, epoch=1, at=LATER, seconds=1)


async def test_steps_are_added_up_to_a_bound(studio: Studio) -> None:
    cut = await intend(studio, await studio.attach(), steps=[{"rung": "notify"}] * (MOST_STEPS - 1))
    cut = await studio.registry.cuts.step(cut.id, {"rung": "drop", "at": 12.5}, epoch=1)
    assert cut.steps[-1] == {"rung": "drop", "at": 12.5}
    with pytest.raises(Refused, match="the most"):
        await studio.registry.cuts.step(cut.id, {}, epoch=1)


async def test_a_session_that_has_ended_is_not_cut_but_its_cut_is_finished(studio: Studio) -> None:
    first, second = await studio.attach("rtmp://edge/1"), await studio.attach("rtmp://edge/2")
    cut = await intend(studio, first)
    for session in (first, second):
        await studio.registry.sessions.move(session.id, SessionState.ENDED, epoch=1, at=LATER)
    assert (await studio.registry.cuts.confirm(cut.id, epoch=1, at=LATER, seconds=1)).state is CutState.CONFIRMED
    with pytest.raises(Conflict, match="nothing to cut"):
        await intend(studio, second)


async def test_a_cut_does_not_end_before_it_begins(studio: Studio) -> None:
    session = await studio.attach()
    with pytest.raises(Refused, match="before it begins"):
        await intend(studio, session, until=NOW)


async def test_what_is_not_there_is_not_found(studio: Studio) -> None:
    with pytest.raises(NotFound):
        await studio.registry.cuts.get(CutId("cut_x"))
    with pytest.raises(NotFound):
        await studio.registry.cuts.restore(CutId("cut_x"), at=LATER)
    with pytest.raises(NotFound):
        await studio.registry.cuts.intend(
            session=SessionId("ses_x"), epoch=1, rule="r", cause="c", evidence={}, enforcer="e", at=NOW
        )


async def test_a_listing_is_paged_and_filtered(studio: Studio) -> None:
    cuts = studio.registry.cuts
    sessions = [await studio.attach(f"rtmp://edge/{n}") for n in range(3)]
    made = [(await intend(studio, session)).id for session in sessions]
    await cuts.confirm(made[0], epoch=1, at=LATER, seconds=1)
    first = await cuts.list(limit=2)
    second = await cuts.list(limit=2, cursor=first.next)
    assert [cut.id for cut in (*first.items, *second.items)] == made[::-1]
    assert second.next is None
    chosen = await cuts.list(session=sessions[0].id, avatar=studio.avatar, state=CutState.CONFIRMED, account="")
    assert [cut.id for cut in chosen.items] == [made[0]]
    assert (await cuts.list(account="somebody")).items == ()
