"""The table that comes with the package, and its way to a file and back."""

from pathlib import Path

import pytest

from monitor.simulation.measured import load, read, save
from monitor.simulation.species import SPECIES
from protocols.driving.lag import LAGS
from protocols.gesture import Gesture
from tests.unit.monitor.simulation.table import table


def test_it_comes_back_from_a_file_as_it_went(tmp_path: Path) -> None:
    save(table(), tmp_path / "measured.json")
    assert read((tmp_path / "measured.json").read_text()) == table()


def test_a_kind_that_nobody_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="'a dog' was measured"):
        table().of("a dog")


def test_what_comes_with_the_package_is_all_that_the_species_ask_for() -> None:
    kinds = {scene.kind for scene in load().scenes}
    assert kinds >= {scene.kind for scene in table().scenes}
    assert len(SPECIES) == 22


@pytest.mark.parametrize("scene", load().scenes, ids=lambda scene: f"{scene.kind} {scene.name}")
def test_every_scene_of_the_package_is_whole(scene: object) -> None:
    from monitor.simulation.measured import Scene

    assert isinstance(scene, Scene)
    assert len(scene.windows) >= 6
    assert all(len(window.profile) == len(LAGS) for window in scene.windows)
    assert all(window.silent for window in scene.windows) == (scene.kind in ("engine silent", "idle"))
    assert scene.glances
    assert set(scene.ignored) == set(Gesture)
    assert all(set(known) == set(Gesture) for _, known in scene.habits)
    turned_there_already = {gesture for gesture, habit in scene.habits[-1][1].items() if habit.held}
    assert not scene.kind.startswith("driven") or set(scene.done) == set(Gesture) - turned_there_already
