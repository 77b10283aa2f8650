"""Time on a ladder stands still for the monitor's own reasons, however they overlap."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.standstill import Standstill
from protocols.evidence import RuleName
from protocols.ladder import Ladder, Rung
from protocols.policy import STANDARD
from tests.virtual_time import in_virtual_time

NOTIFY = STANDARD.ladder.driving[0].seconds


class Clock:
    """Stands where it is put."""

    now = 0.0

    def at(self) -> float:
        return self.now


def test_two_reasons_hold_until_both_are_over() -> None:
    clock, ladder = Clock(), Ladder(STANDARD.ladder)
    standstill = Standstill(ladder, clock.at)
    ladder.suspect(RuleName.DRIVING, 0.0)
    clock.now = 1.0
    standstill.begin()
    standstill.begin()
    clock.now = 100.0
    standstill.end()
    assert ladder.held
    assert ladder.tick(100.0) == []
    clock.now = 200.0
    standstill.end()
    assert not ladder.held
    assert ladder.next_deadline() == pytest.approx(200.0 + NOTIFY - 1.0)
    assert ladder.rung is Rung.NOTIFY


@given(st.lists(st.tuples(st.sampled_from(["begin", "end", "wait"]), st.floats(0, 50)), max_size=40))
def test_the_ladder_is_held_exactly_while_a_reason_stands(moves: list[tuple[str, float]]) -> None:
    clock, ladder = Clock(), Ladder(STANDARD.ladder)
    standstill, reasons, free = Standstill(ladder, clock.at), 0, 0.0
    ladder.suspect(RuleName.DRIVING, 0.0)
    deadline = ladder.next_deadline()
    assert deadline is not None
    for move, seconds in moves:
        match move:
            case "begin":
                standstill.begin()
                reasons += 1
            case "end" if reasons:
                standstill.end()
                reasons -= 1
            case _:
                clock.now += seconds
                free += 0.0 if reasons else seconds
        assert ladder.held == (reasons > 0)
    for _ in range(reasons):
        standstill.end()
    assert ladder.next_deadline() == pytest.approx(deadline + clock.now - free)


@in_virtual_time
async def test_what_takes_long_is_taken_off_the_time_and_what_does_not_is_not() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    ladder = Ladder(STANDARD.ladder)
    standstill = Standstill(ladder, lambda: loop.time() - began)
    ladder.suspect(RuleName.DRIVING, 0.0)
    await standstill.during(asyncio.sleep(1.0))
    assert ladder.next_deadline() == pytest.approx(NOTIFY)
    await standstill.during(asyncio.sleep(60.0))
    assert ladder.next_deadline() == pytest.approx(NOTIFY + 60.0)
    assert not ladder.held


@in_virtual_time
async def test_work_that_fails_late_is_taken_off_too() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    ladder = Ladder(STANDARD.ladder)
    ladder.suspect(RuleName.DRIVING, 0.0)

    async def fails() -> None:
        await asyncio.sleep(10.0)
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - which one does not matter
        await Standstill(ladder, lambda: loop.time() - began).during(fails())
    assert ladder.next_deadline() == pytest.approx(NOTIFY + 10.0)
