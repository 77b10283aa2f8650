"""Who may go on air under a booking, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from protocols.booking import Booking, Rostered, Shift
from protocols.session import AvatarId, OperatorId, Placement

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN, BO = OperatorId("op_ann"), OperatorId("op_bo")
MORNING = Shift(begins=NOON - 2 * HOUR, ends=NOON)
AFTERNOON = Shift(begins=NOON, ends=NOON + 2 * HOUR)


def booked(*roster: Rostered) -> Booking:
    placement = Placement(server="edge", app="live", stream="hoshi")
    return Booking(placement=placement, avatar=AvatarId("av_1"), roster=roster, policy="standard", booked_at=NOON)


@pytest.mark.parametrize(
    ("shift", "covers", "over"),
    [
        (Shift(), True, False),
        (MORNING, False, True),
        (AFTERNOON, True, False),
        (Shift(begins=NOON + HOUR), False, False),
        (Shift(ends=NOON + HOUR), True, False),
    ],
)
def test_a_shift_begins_with_its_first_moment_and_ends_before_its_last(shift: Shift, covers: bool, over: bool) -> None:
    assert (shift.covers(NOON), shift.over(NOON)) == (covers, over)


def test_a_shift_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        Shift(begins=NOON, ends=NOON)


def test_who_does_not_say_who_it_is_needs_somebody_on_shift() -> None:
    assert booked(Rostered(operator=ANN)).refusal(None, NOON) is None
    assert booked(Rostered(operator=ANN, shifts=(MORNING, AFTERNOON))).refusal(None, NOON) is None
    refusal = booked(Rostered(operator=ANN, shifts=(MORNING,))).refusal(None, NOON)
    assert refusal == "No operator of this stream's roster is on shift."
    later = booked(Rostered(operator=ANN, shifts=(MORNING,)), Rostered(operator=BO, shifts=(AFTERNOON,)))
    assert later.refusal(None, NOON - 3 * HOUR) == (
        "No operator of this stream's roster is on shift. The next shift begins at 2026-11-26T10:00:00+00:00."
    )


def test_who_says_so_must_be_on_the_roster_and_on_shift() -> None:
    booking = booked(Rostered(operator=ANN, shifts=(MORNING,)), Rostered(operator=BO, shifts=(AFTERNOON,)))
    assert booking.refusal(BO, NOON) is None
    assert booking.refusal(ANN, NOON) == "This operator is not on shift."
    assert booking.refusal(BO, NOON - HOUR) == (
        "This operator is not on shift. The next shift begins at 2026-11-26T12:00:00+00:00."
    )
    assert booking.refusal("op_eve", NOON) == "This operator is not on the roster of this stream."


def test_a_broadcast_has_those_on_shift_and_those_to_come() -> None:
    booking = booked(
        Rostered(operator=ANN, shifts=(MORNING,)),
        Rostered(operator=BO, shifts=(Shift(begins=NOON + HOUR),)),
        Rostered(operator=OperatorId("op_cy")),
    )
    assert booking.operators(NOON) == (BO, "op_cy")
