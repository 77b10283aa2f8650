"""Whole populations on a table of clear-cut scenes: who is cut, who is not, and that dice decide nothing twice."""

import math
from dataclasses import replace
from random import Random

import pytest

from monitor.simulation.session import Outcome
from monitor.simulation.simulation import Row, play, row, simulate, total
from monitor.simulation.species import ATTACKS, HONEST, SPECIES, Species
from protocols.evidence import RuleName
from protocols.policy import STANDARD, FusionPolicy, Policy
from tests.unit.monitor.simulation.table import scene, table, window

MEASURED = table()


def rows(*names: str, policy: Policy = STANDARD, seed: int = 1, hours: float = 0.1, attacks: int = 5) -> dict[str, Row]:
    chosen = [SPECIES[name] for name in names]
    found = simulate(chosen, policy=policy, measured=MEASURED, seed=seed, hours=hours, attacks=attacks)
    return {one.species.name: one for one in found}


def test_clear_attacks_are_cut_for_what_they_are() -> None:
    found = rows("no_one", "heartbeat_bot", "recorded_loop", "replayed_telemetry", "matching_bot", "swapped_avatar")
    assert {name: one.cuts for name, one in found.items()} == dict.fromkeys(found, 5)
    causes = {name: one.causes[0][0] for name, one in found.items()}
    assert causes["recorded_loop"] == RuleName.REPETITION
    assert causes["matching_bot"] == RuleName.AUTHENTICITY
    assert causes["swapped_avatar"] == RuleName.LIKENESS
    assert all((one.cut_p99_s or math.inf) < 180 for one in found.values())


def test_motion_that_was_told_before_is_cut_for_that() -> None:
    found = rows("replayed_broadcast", "replayed_evening", attacks=10)
    assert {name: one.cuts for name, one in found.items()} == dict.fromkeys(found, 10)
    assert RuleName.ORIGINALITY in dict(found["replayed_broadcast"].causes)
    assert RuleName.ORIGINALITY not in dict(found["replayed_evening"].causes)
    assert (found["replayed_broadcast"].cut_p99_s or math.inf) < 180


def test_one_person_cannot_drive_many_streams() -> None:
    found = rows("many_streams", attacks=10)["many_streams"]
    assert found.cuts == 10
    assert (found.cut_p99_s or math.inf) < 300  # of an engine that never repeats itself


def test_honest_evenings_without_trouble_are_not_cut() -> None:
    found = rows(*(species.name for species in HONEST), hours=1.0)
    assert {name: one.cuts for name, one in found.items()} == dict.fromkeys(found, 0)
    assert all(one.human_s is not None and one.human_s < 60 for one in found.values())
    cuts, hours, (rate, low, high) = total(list(found.values())) or (None, 0.0, (0.0, 0.0, 0.0))
    assert (cuts, rate, low) == (0, 0.0, 0.0)
    assert high == pytest.approx(3.689 * 10_000 / hours, rel=1e-3)


def test_the_same_seed_gives_the_same_table_and_another_another() -> None:
    one, again, other = (rows("replayed_telemetry", "swapped_avatar", seed=seed, attacks=3) for seed in (1, 1, 2))
    assert [r.document() for r in one.values()] == [r.document() for r in again.values()]
    assert [r.document() for r in one.values()] != [r.document() for r in other.values()]


def test_a_session_is_the_same_whatever_else_is_played() -> None:
    alone = rows("heartbeat_bot")["heartbeat_bot"]
    among = rows("no_one", "heartbeat_bot", "swapped_driver")["heartbeat_bot"]
    assert alone.document() == among.document()


def test_a_policy_that_asks_for_more_cuts_later() -> None:
    strict = Policy(name="strict", fusion=FusionPolicy(ai_at=1.5, ai_until=1.0))
    lax = Policy(name="lax", fusion=FusionPolicy(ai_at=8.0))
    early, usual, late = (rows("replayed_telemetry", policy=p)["replayed_telemetry"] for p in (strict, STANDARD, lax))
    assert (early.cut_median_s or 0) < (usual.cut_median_s or 0) < (late.cut_median_s or math.inf)


def test_a_bad_night_is_a_wrongful_cut_and_is_counted() -> None:
    unlucky = table(
        driven_lively=scene("driven lively", window(-3.0)), driven_average=scene("driven average", window(-3.0))
    )
    [found] = simulate([SPECIES["restless"]], policy=STANDARD, measured=unlucky, seed=1, hours=0.5, attacks=1)
    assert found.cuts == found.sessions > 0
    rate, low, high = found.wrongful or (0.0, 0.0, 0.0)
    assert 0 < low < rate < high


def test_jumps_of_time_change_neither_who_is_cut_nor_much_of_when(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.simulation import simulation

    calm = [play(SPECIES["swapped_avatar"], n, policy=STANDARD, measured=MEASURED, seed=3) for n in range(2)]
    full = simulation.Play
    monkeypatch.setattr(simulation, "Play", lambda *made: full(*made, calm=False))
    every = [play(SPECIES["swapped_avatar"], n, policy=STANDARD, measured=MEASURED, seed=3) for n in range(2)]
    assert [one.cause for one in calm] == [one.cause for one in every]
    for one, other in zip(calm, every, strict=True):
        assert (one.cut_at or 0) == pytest.approx(
            other.cut_at or 0, abs=STANDARD.watch.look_every_s + 20
        )  # other glances


def test_a_row_counts_from_when_nobody_drives() -> None:
    outcome = Outcome(
        species="swapped_driver", seconds=400.0, wrong_from=300.0, cut_at=400.0, cause=RuleName.DRIVING, human_at=12.0
    )
    missed = replace(outcome, seconds=1200.0, cut_at=None, cause=None)
    found = row(SPECIES["swapped_driver"], [outcome, outcome, outcome, missed])
    assert (found.cut_median_s, found.cut_p99_s) == (100.0, math.inf)
    assert found.document()["cut_p99_s"] is None
    assert found.caught == pytest.approx((0.75, 0.1941, 0.9937), abs=1e-3)
    assert found.causes == (("driving", 3),)


@pytest.mark.parametrize("species", SPECIES.values(), ids=SPECIES)
def test_every_species_writes_scripts_that_can_be_played(species: Species) -> None:
    for number in range(5):
        script = species.write(MEASURED, Random(number))
        assert script.species == species.name
        assert (script.wrong_from is None) == species.honest
        assert [act.start for act in script.acts] == sorted(act.start for act in script.acts)
        assert [event.at for event in script.events] == sorted(event.at for event in script.events)
        assert script.acts[0].start == 0.0
        assert script.length > (script.wrong_from or 0.0)


def test_every_species_is_named_once() -> None:
    assert len(SPECIES) == len(HONEST) + len(ATTACKS)
