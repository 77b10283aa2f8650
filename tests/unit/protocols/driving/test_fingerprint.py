"""The same motion has the same prints however it is told; another has others, and stillness has none."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.driving.fingerprint import BITS, PROBES, prints
from protocols.driving.track import TelemetryTrack
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.driving.wandering import changed, person, track


def taken(told, begin=0.0, end=100.0):
    return list(prints(track(told), begin, end))


ORIGINAL = taken(person(1))


def met(original, copy, *, later=0.0, clock=1.0, mirrored=False):
    """The share of ``copy`` whose number, or one that it may have elsewhere, was told at the same place."""

    def same(one):
        keys = one.mirrored if mirrored else one.alike
        return any(abs(later + clock * then.at - one.at) < 0.3 and then.key in keys for then in original)

    return sum(same(one) for one in copy) / len(copy)


def test_a_print_is_a_small_number_and_what_it_may_be_elsewhere():
    assert len(ORIGINAL) >= 10
    for one in ORIGINAL:
        assert one.alike[0] == one.key
        assert len(set(one.alike)) == len(set(one.mirrored)) == PROBES
        assert all(0 <= key < 2**BITS for key in (*one.alike, *one.mirrored))


def test_prints_keep_their_distance():
    gaps = [after.at - before.at for before, after in pairwise(ORIGINAL)]
    assert min(gaps) >= 2.0


def test_the_numbers_never_change():
    # They are compared with those of last month, made by whatever NumPy there was.
    assert [one.key for one in ORIGINAL[:3]] == [9005745, 11908498, 7796770]


@settings(max_examples=8, deadline=None)
@given(gain=st.floats(0.5, 3.0), offset=st.floats(-20.0, 20.0), later=st.floats(0.0, 1e6))
def test_size_offset_and_time_change_nothing(gain, offset, later):
    copy = taken(changed(person(1), gain=gain, offset=offset, later=later), later, later + 100.0)
    assert met(ORIGINAL, copy, later=later) >= 0.95


@pytest.mark.parametrize(
    ("change", "least"),
    [({"noise": 0.3}, 0.7), ({"clock": 1.01}, 0.7), ({"mirrored": True}, 0.95), ({"noise": 0.3, "clock": 0.99}, 0.6)],
)
def test_noise_clocks_and_mirrors_change_little(change, least):
    clock = change.get("clock", 1.0)
    copy = taken(changed(person(1), **change), end=100.0 * clock)
    assert met(ORIGINAL, copy, clock=clock, mirrored=change.get("mirrored", False)) >= least


def test_a_slower_camera_and_holes_change_little():
    fewer = [sample for n, sample in enumerate(person(1)) if n % 2 and not 40.0 < sample.at < 41.0]
    assert met(ORIGINAL, taken(fewer)) >= 0.7


def test_another_person_has_others():
    others = [one for seed in range(2, 5) for one in taken(person(seed))]
    alike = sum(then.key in (*one.alike, *one.mirrored) for one in others for then in ORIGINAL)
    assert alike / (len(others) * len(ORIGINAL)) < 1e-3


@pytest.mark.parametrize(
    "told",
    [
        [],
        [TelemetrySample(at=n / 30) for n in range(3000)],
        [TelemetrySample(at=n / 30, yaw=0.5) for n in range(3000)],
        [TelemetrySample(at=-0.5, pitch=60.0), *changed(person(1), gain=0.02)],  # degrees, no doubt
        [replace(sample, yaw=None) for sample in person(1)],
    ],
    ids=["nothing", "no channel", "stillness", "hardly any motion", "no yaw"],
)
def test_where_nothing_turns_there_is_no_print(told):
    assert taken(told) == []


def test_what_was_not_told_around_a_turn_has_no_print():
    torn = [sample for sample in person(1) if sample.at % 2.0 < 0.5]
    assert taken(torn) == []


def test_a_head_that_holds_still_at_its_turn_is_no_fault():
    told = [TelemetrySample(at=n / 30, yaw=20.0 * min(1, abs((n / 30) % 8 - 4) / 2)) for n in range(1200)]
    assert all(one.key >= 0 for one in taken(told, end=40.0))


def test_pitch_and_roll_may_be_missing():
    alone = TelemetryTrack(horizon=1e9)
    for sample in person(1):
        alone.add(replace(sample, pitch=None, roll=None))
    assert len(list(prints(alone, 0.0, 100.0))) >= 10
