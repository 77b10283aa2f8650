import asyncio
from datetime import timedelta

import pytest

from protocols.case import CaseDecision, CaseState
from registry.appeal import Appeal, AppealTimes
from registry.case import Case
from registry.error import Conflict, NotFound, Refused
from registry.state import AppealOutcome
from tests.unit.registry.conftest import NOW, Studio
from tests.unit.registry.test_case import opened

TIMES = AppealTimes()
SOON = NOW + timedelta(minutes=5)


async def appeal(studio: Studio, case: Case, *, after: timedelta = timedelta(minutes=5)) -> Appeal:
    return await studio.registry.appeals.file(case.id, "I was there.", by="op_1", at=NOW + after, times=TIMES)


async def decide(studio: Studio, case: Case, decision: CaseDecision, by: str) -> Case:
    version = (await studio.registry.cases.get(case.id)).version
    return await studio.registry.cases.decide(case.id, decision, by=by, because="seen", version=version, at=SOON)


async def test_an_appeal_is_in_the_fast_lane_while_the_show_is_on(studio: Studio) -> None:
    first, second = await opened(studio, 1), await opened(studio, 2)
    slow = await appeal(studio, second, after=timedelta(hours=2))
    fast = await appeal(studio, first)
    assert (fast.fast, fast.due_at) == (True, SOON + timedelta(minutes=10))
    assert (slow.fast, slow.due_at) == (False, NOW + timedelta(hours=2, days=7))
    assert await studio.registry.appeals.waiting() == (fast, slow)
    page = await studio.registry.appeals.list(limit=1)
    rest = await studio.registry.appeals.list(limit=1, cursor=page.next)
    assert [*page.items, *rest.items] == [fast, slow]


async def test_it_is_decided_by_another_than_the_first(studio: Studio) -> None:
    case = await opened(studio)
    await decide(studio, case, CaseDecision.UPHOLD, "ann")
    await appeal(studio, case)
    assert (await studio.registry.cases.get(case.id)).state is CaseState.OPEN
    with pytest.raises(Conflict, match="another moderator must"):
        await decide(studio, case, CaseDecision.UPHOLD, "ann")
    await decide(studio, case, CaseDecision.OVERTURN, "ben")
    found = await studio.registry.appeals.of(case.id)
    assert found is not None
    assert (found.outcome, found.decided_at) == (AppealOutcome.GRANTED, SOON)
    assert await studio.registry.appeals.waiting() == ()


async def test_upholding_rejects_it_and_asking_for_more_lets_it_wait(studio: Studio) -> None:
    case = await opened(studio)
    await appeal(studio, case)
    await decide(studio, case, CaseDecision.ASK_MORE, "ann")
    assert len(await studio.registry.appeals.waiting()) == 1
    await decide(studio, case, CaseDecision.UPHOLD, "ann")
    found = await studio.registry.appeals.of(case.id)
    assert found is not None
    assert found.outcome is AppealOutcome.REJECTED


async def test_an_appeal_twice_is_one_clear_error(studio: Studio) -> None:
    case = await opened(studio)
    results = await asyncio.gather(*(appeal(studio, case) for _ in range(3)), return_exceptions=True)
    [made] = [one for one in results if isinstance(one, Appeal)]
    refused = [one for one in results if isinstance(one, Conflict)]
    assert len(refused) == 2
    assert {one.other for one in refused} == {made.id}


async def test_what_cannot_be_appealed_against(studio: Studio) -> None:
    with pytest.raises(NotFound):
        await studio.registry.appeals.file("case_x", "t", by="op", at=NOW, times=TIMES)
    old, undone = await opened(studio, 1), await opened(studio, 2)
    with pytest.raises(Refused, match="six months"):
        await appeal(studio, old, after=timedelta(days=185))
    await decide(studio, undone, CaseDecision.OVERTURN, "ann")
    with pytest.raises(Conflict, match="nothing to appeal"):
        await appeal(studio, undone)
    assert await studio.registry.appeals.of(old.id) is None
