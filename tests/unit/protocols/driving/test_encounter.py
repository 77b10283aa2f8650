"""Turns on one line in time are a copy; chance, swaying and idle animations are none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.driving.encounter import ENOUGH, PATIENCE, Encounters, Hit
from protocols.driving.fingerprint import Print, prints
from tests.unit.protocols.driving.wandering import changed, person, track

TURNS = (3.0, 9.5, 14.0, 21.5, 26.0, 33.5, 41.0)


def turns(times=TURNS, key=None):
    numbers = [n if key is None else key for n in range(len(times))]
    return [Print(at=at, key=k, alike=(k,), mirrored=()) for at, k in zip(times, numbers, strict=True)]


def hits(apart=1000.0, times=TURNS, session="other", clock=1.0, mirrored=False):
    return [Hit(at=at, session=session, then=clock * at - apart, mirrored=mirrored) for at in times]


def looked_up(told, before):
    """As the monitor looks up: all at once."""
    encounters = Encounters()
    worth = encounters.tell(told)
    found = [
        Hit(at=one.at, session=name, then=then.at, mirrored=mirrored)
        for one in worth
        for name, remembered in before.items()
        for then in remembered
        for keys, mirrored in ((one.alike, False), (one.mirrored, True))
        if then.key in keys
    ]
    return encounters.meet(found, told[-1].at)


@pytest.mark.parametrize("clock", [1.0, 0.99, 1.01])
def test_turns_on_one_line_are_a_copy(clock):
    encounters = Encounters()
    encounters.tell(turns())
    met = encounters.meet(hits(clock=clock), 42.0)
    assert met is not None
    assert (met.session, met.since, met.at, met.turns) == ("other", 3.0, 41.0, len(TURNS))
    assert met.then == pytest.approx(clock * 41.0 - 1000.0)


def test_it_is_met_as_soon_as_there_are_enough():
    encounters = Encounters()
    found = []
    for at, hit, told in zip(TURNS, hits(), turns(), strict=True):
        encounters.tell([told])
        found.append(encounters.meet([hit], at) is not None)
    assert found == [n >= ENOUGH for n in range(1, len(TURNS) + 1)]


def test_what_was_met_is_no_news_until_more_is():
    encounters = Encounters()
    encounters.tell(turns())
    assert encounters.meet(hits(), 42.0) is not None
    assert encounters.meet(hits(), 42.0) is None


def test_one_that_agrees_more_goes_before_one_that_was_first():
    encounters = Encounters()
    encounters.tell(turns())
    both = [*hits(apart=9000.0, times=TURNS[:5], session="first"), *hits(session="more")]
    met = encounters.meet(both, 42.0)
    assert met is not None
    assert met.session == "more"


def test_of_two_that_agree_as_much_the_first_is_named():
    encounters = Encounters()
    encounters.tell(turns())
    met = encounters.meet([*hits(apart=10.0, session="later"), *hits(apart=9000.0, session="first")], 42.0)
    assert met is not None
    assert met.session == "first"


@pytest.mark.parametrize(
    "found",
    [
        [],
        hits(times=TURNS[: ENOUGH - 1]),
        hits(times=(1.0, 1.5, 2.0, 2.5, 3.0)),
        hits(clock=1.1),
        hits(clock=-1.0),
        [*hits(times=TURNS[:3]), *hits(times=TURNS[3:], mirrored=True)],
        [*hits(times=TURNS[:3]), *hits(times=TURNS[3:], apart=1003.0)],
    ],
    ids=["nothing", "too few", "too close", "another pace", "backwards", "half mirrored", "two places"],
)
def test_anything_else_is_none(found):
    encounters = Encounters()
    encounters.tell(turns())
    assert encounters.meet(found, 42.0) is None


def test_few_of_many_turns_are_none():
    encounters = Encounters()
    encounters.tell(turns(tuple(np.arange(2.0, 42.0, 2.0))))
    assert encounters.meet(hits(times=(2.0, 12.0, 22.0, 32.0, 40.0)), 42.0) is None


def test_a_turn_counts_once_however_often_it_is_alike():
    encounters = Encounters()
    encounters.tell(turns())
    few = TURNS[: ENOUGH - 1]
    twice = [*hits(times=few), *(Hit(at=at, session="other", then=at - 1000.0 + 0.05) for at in few)]
    assert encounters.meet(twice, 42.0) is None


def test_a_long_time_ago_counts_no_more():
    encounters = Encounters()
    encounters.tell(turns())
    encounters.meet(hits(times=TURNS[:4]), 42.0)
    late = 41.0 + PATIENCE + 10.0
    assert encounters.meet([Hit(at=late, session="other", then=late - 1000.0)], late) is None


def test_what_one_session_shows_again_and_again_says_nothing():
    swaying = [Hit(at=at, session="other", then=at - 1000.0 + 4.0 * n) for at in TURNS for n in range(3)]
    encounters = Encounters()
    encounters.tell(turns())
    assert encounters.meet(swaying, 42.0) is None


def test_an_idle_animation_is_not_looked_for():
    encounters = Encounters()
    idle = turns(tuple(np.arange(0.0, 60.0, 4.0)), key=7)
    assert len(encounters.tell(idle)) == 2
    assert len(encounters.tell(turns((1000.0,), key=7))) == 1  # and forgotten in time


def test_copies_of_people_are_met_and_people_are_not():
    remembered = {f"ses_{seed}": list(prints(track(person(seed)), 0.0, 100.0)) for seed in range(1, 7)}
    for seed in range(1, 7):
        others = {name: told for name, told in remembered.items() if name != f"ses_{seed}"}
        assert looked_up(remembered[f"ses_{seed}"], others) is None


@settings(max_examples=8, deadline=None)
@given(
    gain=st.floats(0.6, 2.0), offset=st.floats(-20.0, 20.0), later=st.floats(0.0, 1e5), clock=st.floats(0.99, 1.01),
    mirrored=st.booleans(),
)  # fmt: skip
def test_a_copy_is_met_however_it_is_told(gain, offset, later, clock, mirrored):
    remembered = {"ses_1": list(prints(track(person(1)), 0.0, 100.0)), "ses_2": []}
    copy = changed(person(1), gain=gain, offset=offset, later=later, clock=clock, mirrored=mirrored, noise=0.1)
    met = looked_up(list(prints(track(copy), later, later + 100.0)), remembered)
    assert met is not None
    assert (met.session, met.mirrored) == ("ses_1", mirrored)
    assert met.at - met.then == pytest.approx(later + (clock - 1.0) * met.then, abs=0.3)


def test_the_same_dance_again_is_no_copy():
    """Somebody who does the same once more does it nearly so: alike at 0.8, and a little off in time."""
    again = []
    for sample, other in zip(person(1), person(9), strict=True):
        axes = {
            name: 0.8 * getattr(sample, name) + 0.6 * getattr(other, name) for name in ("yaw", "pitch", "roll")
        }  # fmt: skip
        again.append(type(sample)(at=sample.at + 0.06 * float(np.sin(1.7 * sample.at)), **axes))
    remembered = {"ses_1": list(prints(track(person(1)), 0.0, 100.0))}
    assert looked_up(list(prints(track(again), 0.0, 100.0)), remembered) is None
