from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.avatar import STANDING, TABLE, AvatarRole, AvatarSignal, AvatarState, MoveRefused, Tenure, after

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PATHS = [
    ("clear begin suspend reinstate begin expire renew begin revoke", "revoked"),
    ("conflict approve begin", "active"),
    ("conflict reject", "revoked"),
    ("conflict revoke", "revoked"),
    ("clear expire renew", "approved"),
    ("clear begin renew begin", "active"),
    ("clear suspend revoke", "revoked"),
    ("clear expire suspend reinstate", "approved"),
    ("revoke", "revoked"),
]


@pytest.mark.parametrize(("signals", "end"), PATHS)
def test_lives(signals: str, end: str) -> None:
    state = AvatarState.SUBMITTED
    for signal in signals.split():
        state = after(state, AvatarSignal(signal))
    assert state == end


def test_what_is_not_in_the_table_is_refused_with_what_is() -> None:
    with pytest.raises(MoveRefused, match="suspended cannot be told to begin; possible: reinstate, revoke"):
        after(AvatarState.SUSPENDED, AvatarSignal.BEGIN)
    with pytest.raises(MoveRefused, match="nothing any more"):
        after(AvatarState.REVOKED, AvatarSignal.REINSTATE)


@given(st.lists(st.sampled_from(AvatarSignal), max_size=20))
def test_nobody_is_active_without_the_check_and_nobody_comes_back(signals: list[AvatarSignal]) -> None:
    state, checked, gone = AvatarState.SUBMITTED, False, False
    for signal in signals:
        try:
            state = after(state, signal)
        except MoveRefused:
            continue
        assert not gone
        checked = checked or signal in (AvatarSignal.CLEAR, AvatarSignal.APPROVE)
        gone = state is AvatarState.REVOKED
        assert checked or state not in STANDING


def test_every_state_can_be_reached_and_every_one_ends() -> None:
    reached = {AvatarState.SUBMITTED} | {state for row in TABLE.values() for state in row.values()}
    assert reached == set(AvatarState) == set(TABLE)
    assert all(AvatarSignal.REVOKE in row for state, row in TABLE.items() if state is not AvatarState.REVOKED)


def tenure(state: AvatarState = AvatarState.ACTIVE, **values: object) -> Tenure:
    given = {"role": AvatarRole.AVATAR, "valid_from": NOW - DAY, "valid_until": None}
    return Tenure(state=state, **{**given, "needs_consent": False, "has_consent": False, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "due", "bar"),
    [
        (tenure(), None, None),
        (tenure(AvatarState.APPROVED), "begin", "not valid yet"),
        (tenure(AvatarState.APPROVED, valid_from=NOW + DAY), None, "not valid yet"),
        (tenure(valid_from=NOW + DAY), None, "not valid yet"),
        (tenure(AvatarState.APPROVED, needs_consent=True), None, "no consent"),
        (tenure(AvatarState.APPROVED, needs_consent=True, has_consent=True), "begin", "not valid yet"),
        (tenure(AvatarState.APPROVED, valid_until=NOW), "expire", "not valid yet"),
        (tenure(valid_until=NOW), "expire", "expired"),
        (tenure(valid_until=NOW + DAY), None, None),
        (tenure(AvatarState.SUBMITTED), None, "being checked"),
        (tenure(AvatarState.REVIEW, valid_until=NOW), None, "review"),
        (tenure(AvatarState.SUSPENDED), None, "suspended"),
        (tenure(AvatarState.EXPIRED), None, "expired"),
        (tenure(AvatarState.REVOKED), None, "revoked"),
        (tenure(role=AvatarRole.PROTECTED), None, "never be on air"),
    ],
)
def test_time_and_consent_decide_who_may_be_on_air(of: Tenure, due: str | None, bar: str | None) -> None:
    assert of.due(NOW) == due
    said = of.bar(NOW)
    assert said is None if bar is None else bar in (said or "")


instants = st.datetimes(datetime(2026, 11, 20), datetime(2026, 11, 26), timezones=st.just(UTC))  # noqa: DTZ001
tenures = st.builds(
    Tenure,
    state=st.sampled_from(AvatarState),
    role=st.sampled_from(AvatarRole),
    valid_from=instants,
    valid_until=st.none() | instants,
    needs_consent=st.booleans(),
    has_consent=st.booleans(),
)


@given(tenures, instants)
def test_only_the_active_and_valid_may_be_on_air_and_what_is_due_can_be_done(of: Tenure, now: datetime) -> None:
    if of.bar(now) is None:
        assert of.state is AvatarState.ACTIVE
        assert of.role is AvatarRole.AVATAR
        assert of.valid_from <= now
        assert of.valid_until is None or now < of.valid_until
    if (signal := of.due(now)) is not None:
        after(of.state, signal)
