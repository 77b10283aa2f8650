"""When a copy is met in a simulation: as it was measured, again if it was missed, and never where nobody copies."""

from dataclasses import replace

from monitor.simulation.copies import Copies
from monitor.simulation.script import Act, Script
from protocols.observation import Compared
from tests.unit.monitor.simulation.table import scene, window

SCENE = scene("engine stranger", window(-1.6))


def compared(met: tuple[float | None, ...], dice: list[float], copied: float | None = 0.0) -> list[Compared]:
    act = Act(start=0.0, scene=replace(SCENE, met=met))
    copies = Copies(Script(species="many_streams", length=900.0, acts=[act], copied=copied), lambda: dice.pop(0))
    return [one for tick in range(600) for one in copies.compared(tick / 2)]


def met_at(found: list[Compared]) -> float | None:
    return next((one.at for one in found if one.found is not None), None)


def test_it_is_met_when_it_was_measured_and_from_then_on() -> None:
    found = compared((30.0, 50.0), [0.1], copied=86_400.0)
    assert met_at(found) == 30.0
    assert [one.at for one in found] == [float(at) for at in range(0, 300, 5)]
    assert {one.found.apart for one in found if one.found is not None} == {86_400.0}
    assert sum(one.found is not None for one in found) == 54


def test_what_was_missed_is_looked_for_anew() -> None:
    assert met_at(compared((30.0, None), [0.6, 0.6, 0.1])) == 210.0


def test_what_is_never_met_is_never_found() -> None:
    assert met_at(compared((None,), [])) is None
    assert met_at(compared((), [])) is None


def test_where_nobody_copies_nothing_is_compared() -> None:
    assert compared((30.0,), [], copied=None) == []
