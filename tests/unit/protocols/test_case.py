from datetime import UTC, datetime, timedelta

import pytest

from protocols.case import CaseDecision, CaseRefused, CaseState, Proposal, Ruling, needs_two, rule

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def says(decision: CaseDecision, by: str = "ann") -> Proposal:
    return Proposal(decision=decision, by=by, because="seen")


UPHOLD, OVERTURN = says(CaseDecision.UPHOLD), says(CaseDecision.OVERTURN)


@pytest.mark.parametrize(
    ("until", "two"),
    [(None, True), (NOW + timedelta(hours=1), False), (NOW + timedelta(hours=24, seconds=1), True)],
)
def test_a_long_block_is_a_matter_for_two(until: datetime | None, two: bool) -> None:
    assert needs_two(decided_at=NOW, until=until) is two


@pytest.mark.parametrize(
    ("spoken", "state"), [(UPHOLD, CaseState.UPHELD), (OVERTURN, CaseState.OVERTURNED)], ids=["uphold", "overturn"]
)
@pytest.mark.parametrize("before", [CaseState.OPEN, CaseState.MORE_ASKED])
def test_one_person_decides_a_short_block(spoken: Proposal, state: CaseState, before: CaseState) -> None:
    ruling = rule(before, None, spoken, four_eyes=False)
    assert ruling == Ruling(state=state, proposal=None)
    assert ruling.decided


def test_two_people_decide_a_long_one() -> None:
    first = rule(CaseState.OPEN, None, OVERTURN, four_eyes=True)
    assert not first.decided
    assert first == Ruling(state=CaseState.OPEN, proposal=OVERTURN)
    with pytest.raises(CaseRefused, match="another moderator must confirm"):
        rule(CaseState.OPEN, OVERTURN, OVERTURN, four_eyes=True)
    second = rule(CaseState.OPEN, OVERTURN, says(CaseDecision.OVERTURN, "ben"), four_eyes=True)
    assert second == Ruling(state=CaseState.OVERTURNED, proposal=None)


def test_who_disagrees_proposes_anew() -> None:
    other = says(CaseDecision.UPHOLD, "ben")
    assert rule(CaseState.OPEN, OVERTURN, other, four_eyes=True) == Ruling(state=CaseState.OPEN, proposal=other)


def test_more_may_be_asked_until_it_is_decided() -> None:
    more = says(CaseDecision.ASK_MORE)
    assert rule(CaseState.OPEN, None, more, four_eyes=True) == Ruling(state=CaseState.MORE_ASKED, proposal=None)
    with pytest.raises(CaseRefused, match="decide otherwise"):
        rule(CaseState.UPHELD, None, more, four_eyes=False)


def test_what_was_appealed_against_is_decided_by_another() -> None:
    with pytest.raises(CaseRefused, match="another moderator must"):
        rule(CaseState.OPEN, None, UPHOLD, four_eyes=False, decided_by="ann")
    assert rule(CaseState.OPEN, None, says(CaseDecision.UPHOLD, "ben"), four_eyes=False, decided_by="ann").decided


def test_a_decision_is_turned_round_by_two_others() -> None:
    with pytest.raises(CaseRefused, match="upheld already"):
        rule(CaseState.UPHELD, None, UPHOLD, four_eyes=False)
    with pytest.raises(CaseRefused, match="another moderator must"):
        rule(CaseState.UPHELD, None, OVERTURN, four_eyes=False, decided_by="ann")
    ben, eve = says(CaseDecision.OVERTURN, "ben"), says(CaseDecision.OVERTURN, "eve")
    first = rule(CaseState.UPHELD, None, ben, four_eyes=False, decided_by="ann")
    assert first == Ruling(state=CaseState.UPHELD, proposal=ben)
    assert rule(CaseState.UPHELD, ben, eve, four_eyes=False, decided_by="ann").state is CaseState.OVERTURNED
