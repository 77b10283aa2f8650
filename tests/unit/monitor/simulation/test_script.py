"""What a script says is on, who comes back when called, and who drives for as long as something is asked."""

from monitor.simulation.script import Act, Script
from tests.unit.monitor.simulation.table import scene, window

HERE, GONE, BACK = (scene(kind, window(5.0)) for kind in ("driven calm", "idle", "driven lively"))


def script(**more: object) -> Script:
    acts = [Act(start=0.0, scene=HERE), Act(start=100.0, scene=GONE, away=True), Act(start=400.0, scene=BACK)]
    return Script(species="breaks", length=1000.0, acts=acts, **more)  # type: ignore[arg-type]


def test_an_act_lasts_until_the_next() -> None:
    assert [script().act(at).scene.kind for at in (0.0, 99.9, 100.0, 399.0, 400.0, 900.0)] == [
        "driven calm", "driven calm", "idle", "idle", "driven lively", "driven lively",
    ]  # fmt: skip


def test_who_is_away_comes_back_when_called_and_who_is_there_stays() -> None:
    played = script(heeds=0.9)
    played.call(50.0, lambda: 0.5)
    assert played.act(100.0).away
    played.call(150.0, lambda: 0.5)
    assert played.act(161.9).away
    assert not played.act(162.0).away


def test_who_does_not_hear_stays_away() -> None:
    played = script(heeds=0.3)
    played.call(150.0, lambda: 0.5)
    assert played.act(399.0).away


def test_who_was_just_warned_looks_at_what_is_asked() -> None:
    played = script(heeds=0.9)
    tired = Act(start=0.0, scene=HERE, answers=0.5)
    assert played.willing(40.0, tired) == 0.5
    played.call(50.0, lambda: 0.5)
    assert [played.willing(at, tired) for at in (60.0, 120.0)] == [0.9, 0.5]
    assert played.willing(60.0, Act(start=0.0, scene=GONE, away=True)) == 0.0


def test_somebody_drives_for_as_long_as_something_is_asked() -> None:
    played = Script(
        species="many_streams",
        length=900.0,
        acts=[Act(start=0.0, scene=GONE)],
        stand_in=Act(start=0.0, scene=HERE, answers=0.8),
    )
    played.ask(20.0, lambda: 0.9)
    assert played.act(25.0).scene is GONE
    played.ask(60.0, lambda: 0.1)
    assert [played.act(at).scene for at in (60.5, 61.0, 68.9, 69.0)] == [GONE, HERE, HERE, GONE]
    played.ask(65.0, lambda: 0.1)  # the next question, before the first is over: not for ever
    assert [played.act(at).scene for at in (69.0, 73.9, 74.0, 800.0)] == [HERE, HERE, GONE, GONE]
