import asyncio
from datetime import timedelta

import pytest

from protocols.case import CaseAct, CaseDecision, CaseState
from protocols.session import CutId
from registry.case import Case, CaseFilter
from registry.error import Conflict, NotFound, Refused
from tests.unit.registry.conftest import NOW, PLACEMENT, Studio
from tests.unit.registry.test_cut import intend

SOON = NOW + timedelta(hours=1)


async def opened(studio: Studio, number: int = 0, **values: object) -> Case:
    session = await studio.attach(f"rtmp://edge/{number}")
    cut = await intend(studio, session, **{"until": SOON, **values})
    return await studio.registry.cases.of_cut(cut.id)


async def decide(studio: Studio, case: Case, decision: CaseDecision, by: str = "ann", version: int = 1) -> Case:
    return await studio.registry.cases.decide(
        case.id, decision, by=by, because="I looked at it", version=version, at=SOON
    )


async def test_a_case_is_opened_with_its_cut(studio: Studio) -> None:
    session = await studio.attach(placement=PLACEMENT)
    cut = await intend(studio, session, until=SOON, id=CutId("cut_mine"))
    case = await studio.registry.cases.of_cut(cut.id)
    assert case.id == "case_mine"
    assert (case.act, case.state, case.version) == (CaseAct.FORBID, CaseState.OPEN, 1)
    assert (case.session, case.avatar, case.avatar_name) == (session.id, studio.avatar, "Hoshino")
    assert (case.operators, case.placement) == ((studio.operator,), PLACEMENT)
    assert (case.rule, case.p_human, case.driver, case.policy) == ("driving", 0.01, None, studio.policy)
    assert case.opened_at == NOW
    assert await studio.registry.cases.get(case.id) == case


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        (CaseDecision.UPHOLD, CaseState.UPHELD),
        (CaseDecision.OVERTURN, CaseState.OVERTURNED),
        (CaseDecision.ASK_MORE, CaseState.MORE_ASKED),
    ],
)
async def test_a_moderator_decides_with_a_reason(studio: Studio, decision: CaseDecision, state: CaseState) -> None:
    case = await opened(studio)
    with pytest.raises(Refused, match="needs a reason"):
        await studio.registry.cases.decide(case.id, decision, by="ann", because="  ", version=1, at=SOON)
    decided = await decide(studio, case, decision)
    assert (decided.state, decided.version) == (state, 2)
    who = ("ann", "I looked at it", SOON) if decision is not CaseDecision.ASK_MORE else (None, None, None)
    assert (decided.decided_by, decided.because, decided.decided_at) == who


async def test_of_two_who_decide_at_once_one_is_told(studio: Studio) -> None:
    case = await opened(studio)
    results = await asyncio.gather(
        *(decide(studio, case, CaseDecision.UPHOLD, by) for by in ("ann", "ben")), return_exceptions=True
    )
    [done] = [result for result in results if isinstance(result, Case)]
    [told] = [result for result in results if isinstance(result, Conflict)]
    assert done.version == 2
    assert "changed meanwhile" in str(told)
    assert told.other == case.id
    assert (await studio.registry.cases.get(case.id)).decided_by == done.decided_by


async def test_a_long_block_needs_two(studio: Studio) -> None:
    case = await opened(studio, until=None)
    assert case.four_eyes
    proposed = await decide(studio, case, CaseDecision.OVERTURN)
    assert (proposed.state, proposed.version) == (CaseState.OPEN, 2)
    assert proposed.proposal is not None
    assert (proposed.proposal.by, proposed.proposal.decision) == ("ann", CaseDecision.OVERTURN)
    with pytest.raises(Conflict, match="another moderator must confirm"):
        await decide(studio, case, CaseDecision.OVERTURN, version=2)
    done = await decide(studio, case, CaseDecision.OVERTURN, by="ben", version=2)
    assert (done.state, done.proposal, done.decided_by) == (CaseState.OVERTURNED, None, "ben")


async def test_what_was_overturned_is_known_until_it_is_undone(studio: Studio) -> None:
    case = await decide(studio, await opened(studio), CaseDecision.OVERTURN)
    assert await studio.registry.cases.unrestored() == (case,)
    undone = await studio.registry.cases.note_restored(case.id, at=SOON)
    assert undone.restored_at == SOON
    assert (await studio.registry.cases.note_restored(case.id, at=NOW)).restored_at == SOON
    assert await studio.registry.cases.unrestored() == ()


async def test_looks_are_kept_and_the_longest_time_counts(studio: Studio) -> None:
    cases, case = studio.registry.cases, await opened(studio)
    look = await cases.look(case.id, by="ann", at=NOW)
    await cases.looked(look.id, by="ann", seconds=30.0, at=SOON, left=False)
    assert (await cases.looked(look.id, by="ann", seconds=12.0, at=SOON, left=True)).seconds == 30.0
    [kept] = await cases.looks(case.id)
    assert (kept.by, kept.seconds) == ("ann", 30.0)
    with pytest.raises(NotFound, match="of yours"):
        await cases.looked(look.id, by="ben", seconds=1.0, at=SOON, left=False)
    with pytest.raises(Refused, match="0 to 86400"):
        await cases.looked(look.id, by="ann", seconds=-1.0, at=SOON, left=False)


async def test_notes_are_kept_in_order_and_found(studio: Studio) -> None:
    cases, case = studio.registry.cases, await opened(studio)
    await cases.note(case.id, "asked the studio", by="ann", at=NOW)
    await cases.note(case.id, "<script>alert(1)</script>", by="ben", at=SOON)
    assert [(note.by, note.text) for note in await cases.notes(case.id)] == [
        ("ann", "asked the studio"),
        ("ben", "<script>alert(1)</script>"),
    ]
    assert await found(studio, text="studio asked") == [case.id]


async def found(studio: Studio, **wanted: object) -> list[str]:
    return [case.id for case in (await studio.registry.cases.list(CaseFilter(**wanted))).items]  # type: ignore[arg-type]


async def test_cases_are_filtered(studio: Studio) -> None:
    first = await opened(studio, 1)
    session = await studio.attach("rtmp://edge/2", placement=PLACEMENT)
    cut = await intend(studio, session, until=SOON)
    second = await studio.registry.cases.of_cut(cut.id)
    await decide(studio, first, CaseDecision.UPHOLD)
    both = [second.id, first.id]
    assert await found(studio) == both
    assert await found(studio, states=(CaseState.OPEN,)) == [second.id]
    assert await found(studio, states=(CaseState.OPEN, CaseState.UPHELD)) == both
    assert await found(studio, rule="driving", avatar=studio.avatar, account="") == both
    assert await found(studio, rule="presence") == []
    assert await found(studio, operator=studio.operator) == both
    assert await found(studio, operator="op_x") == []
    assert await found(studio, server="nginx") == [second.id]
    assert await found(studio, session=first.session) == [first.id]
    assert await found(studio, since=NOW, before=SOON) == both
    assert await found(studio, since=SOON) == []


async def test_cases_are_found_by_words(studio: Studio) -> None:
    case = await opened(studio)
    for text in ("hoshino", "HOSH", "nobody drives", case.id, case.id[:9], case.session, "nobody hosh", "  "):
        assert await found(studio, text=text) == [case.id], text
    for text in ("hosh nobody", "hoshinox", "somebody drives", "!!!", "%"):
        assert await found(studio, text=text) == [], text


async def test_a_word_that_very_many_have_is_found_too(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.case_list._FEW", 2)
    made = [(await opened(studio, number)).id for number in range(5)]
    page = await studio.registry.cases.list(CaseFilter(text="nobody dri"), limit=3)
    rest = await studio.registry.cases.list(CaseFilter(text="nobody dri"), limit=3, cursor=page.next)
    assert [case.id for case in (*page.items, *rest.items)] == made[::-1]
    assert rest.next is None


async def test_what_is_not_there_is_not_found(studio: Studio) -> None:
    with pytest.raises(NotFound, match="no case"):
        await studio.registry.cases.get("case_x")
    with pytest.raises(NotFound, match="has no case"):
        await studio.registry.cases.of_cut(CutId("cut_x"))
    with pytest.raises(NotFound):
        await studio.registry.cases.note("case_x", "t", by="ann", at=NOW)


async def test_a_statement_is_due_once_the_cut_is_confirmed(studio: Studio) -> None:
    case = await opened(studio)
    assert await studio.registry.cases.unstated() == ()
    assert case.cut is not None
    await studio.registry.cuts.confirm(case.cut, epoch=1, at=SOON, seconds=1.0)
    assert [one.id for one in await studio.registry.cases.unstated()] == [case.id]
    await studio.registry.cases.note_stated(case.id, at=SOON)
    assert await studio.registry.cases.unstated() == ()
