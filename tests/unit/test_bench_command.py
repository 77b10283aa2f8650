"""The bench command: what is measured, kept, left out and said."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.bench import __main__ as bench


def a_bench(figures: tuple[str, ...], measured: dict[str, Any] | Exception) -> ModuleType:
    module = ModuleType("a bench")

    def measure() -> dict[str, Any]:
        if isinstance(measured, BaseException):
            raise measured
        return measured

    module.FIGURES, module.figures = figures, measure  # type: ignore[attr-defined]
    return module


def a_figure(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "s", "limit": 1.0, "how": "by hand", "runs": 5, "min": value, "max": value}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / ".bench" / "results.json"
    monkeypatch.setattr(bench, "RESULTS", path)
    return path


def use(monkeypatch: pytest.MonkeyPatch, **benches: ModuleType) -> None:
    monkeypatch.setattr(bench, "benches", lambda: benches)


def test_every_file_says_what_it_measures_and_no_two_the_same() -> None:
    figures = [figure for module in bench.benches().values() for figure in module.FIGURES]
    assert len(figures) == len(set(figures)) > 5


def test_runs_are_merged(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, cut=a_bench(("cut_s",), {"cut_s": a_figure(0.1)}), other=a_bench(("o",), {"o": a_figure(2.0)}))
    assert bench.main(["cut"]) == 0
    assert list(json.loads(results.read_text())) == ["cut_s"]
    assert bench.main(["o"]) == 0
    assert json.loads(results.read_text()) == {"cut_s": a_figure(0.1), "o": a_figure(2.0)}


def test_what_needs_a_missing_program_is_left_out_with_the_reason(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, cut=a_bench(("cut_s",), {"cut_s": a_figure(0.1)}))
    assert bench.main([]) == 0
    use(monkeypatch, cut=a_bench(("cut_s",), pytest.skip.Exception("nginx is missing")))
    assert bench.main([]) == 0
    assert json.loads(results.read_text()) == {}
    assert "nginx is missing" in capsys.readouterr().out


def test_a_measurement_that_fails_is_told_and_the_others_go_on(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, bad=a_bench(("b",), RuntimeError("broken")), good=a_bench(("g",), {"g": a_figure(0.5)}))
    assert bench.main([]) == 1
    assert list(json.loads(results.read_text())) == ["g"]


def test_an_unknown_name_is_refused(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["nothing"]) == 2
    assert "cut_p99_s" in capsys.readouterr().err
    assert not results.exists()
