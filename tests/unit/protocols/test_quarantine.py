"""A stream that kills its watchers is found among many by halving, and nobody else stays with it."""

import pytest

from protocols.quarantine import RESTS, Parting, Quarantine


def test_the_first_deaths_part_nobody() -> None:
    quarantine = Quarantine(after=3, within_s=600)
    assert quarantine.died(["a", "b"], 0.0, cell=False) == Parting()
    assert quarantine.died(["a", "b"], 100.0, cell=False) == Parting()


def test_suspects_leave_in_two_groups_and_newcomers_stay() -> None:
    quarantine = Quarantine(after=2, within_s=600)
    quarantine.died(["a", "b", "c"], 0.0, cell=False)
    assert quarantine.died(["a", "b", "c", "new"], 5.0, cell=False).cells == (("a",), ("b", "c"))


def test_deaths_of_long_ago_do_not_count() -> None:
    quarantine = Quarantine(after=2, within_s=600)
    quarantine.died(["a"], 0.0, cell=False)
    assert quarantine.died(["a"], 600.0, cell=False) == Parting()
    assert quarantine.died(["a"], 700.0, cell=False).cells == (("a",),)


def test_a_cell_is_parted_by_halves_and_one_half_stays() -> None:
    quarantine = Quarantine(after=1, within_s=600)
    assert quarantine.died(["a", "b", "c", "d"], 0.0, cell=True).cells == (("c", "d"),)


def test_of_a_cell_only_those_leave_whose_deaths_still_count() -> None:
    quarantine = Quarantine(after=2, within_s=100)
    quarantine.died(["a"], 0.0, cell=False)
    assert quarantine.died(["a", "b"], 50.0, cell=True).cells == (("a",),)


def test_who_is_alone_rests_longer_and_longer_and_is_tried_again() -> None:
    quarantine = Quarantine(after=1, within_s=600)
    found = [quarantine.died(["a"], at, cell=True) for at in (0.0, 20.0, 90.0, 400.0)]
    assert [parting.rest_s for parting in found] == [*RESTS, RESTS[-1]]
    assert [parting.deaths for parting in found] == [1, 2, 3, 4]
    assert {parting.culprit for parting in found} == {"a"}
    assert quarantine.died(["a"], 2000.0, cell=True).rest_s == RESTS[0]


def test_a_long_rest_makes_nobody_unsuspected() -> None:
    quarantine = Quarantine(after=3, within_s=600)
    found = [quarantine.died(["a"], at, cell=True) for at in (0.0, 1.0, 2.0, 15.0, 80.0, 390.0, 700.0, 1010.0)]
    assert [parting.rest_s for parting in found[2:]] == [*RESTS, *RESTS[-1:] * 3]


@pytest.mark.parametrize("culprit", range(20))
def test_the_one_of_twenty_is_alone_after_seven_deaths_and_the_others_are_left_in_peace(culprit: int) -> None:
    quarantine, streams = Quarantine(after=2, within_s=600), [f"s{number}" for number in range(20)]
    places = [(streams, False)]
    for death in range(12):
        [(held, cell)] = [place for place in places if f"s{culprit}" in place[0]]
        parting = quarantine.died(held, 4.0 * death, cell=cell)
        if parting.culprit is not None:
            break
        moved = {stream for group in parting.cells for stream in group}
        places.remove((held, cell))
        places += [(list(group), True) for group in parting.cells]
        places.append(([stream for stream in held if stream not in moved], cell))
    assert parting.culprit == f"s{culprit}"
    assert parting.deaths <= 8
    assert sorted(stream for held, _ in places for stream in held) == sorted(streams)
