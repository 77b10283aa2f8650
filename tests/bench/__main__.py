"""``python -m tests.bench [NAME…]``: measure, write .bench/results.json, show a table.

NAME is a figure, or a file without its ``bench_``; without one everything is measured. Each file of this folder whose
name begins with ``bench_`` says in FIGURES what it measures, and ``figures()`` measures it. Figures of other runs stay
in the results; a figure that cannot be measured here is left out, with the reason, and no old one stands in for it.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

RESULTS = Path(".bench") / "results.json"
HIGHER = frozenset(
    {
        "streams_per_core",
        "timeline_frames",
        "replay_speed",
        "heartbeats_ratio",
        "ledger_group_ratio",
        "simulate_hours_per_minute",
    }
)
"""Figures of which more is better; of all others less is."""

Figure = dict[str, Any]


def main(names: list[str]) -> int:
    """Measure what is asked for; 0, or 1 where a measurement failed, 2 where a name is none."""
    console = Console(stderr=True)
    chosen = chosen_files(benches(), names)
    if isinstance(chosen, str):
        console.print(chosen, markup=False)
        return 2
    results, left_out, failed = read(RESULTS), dict[str, str](), False
    for name, module in chosen.items():
        console.print(f"measuring {name}: {', '.join(module.FIGURES)}", markup=False, highlight=False)
        try:
            measured = module.figures()
        except pytest.skip.Exception as missing:
            measured, why = {}, str(missing)
        except Exception as fault:  # one that fails must not take the others with it
            console.print_exception()
            measured, why, failed = {}, f"failed: {type(fault).__name__}: {fault}", True
        results |= measured
        for figure in (figure for figure in module.FIGURES if figure not in measured):
            results.pop(figure, None)
            left_out[figure] = why
        write(RESULTS, results)
    show({name: figure for name, figure in results.items() if wanted(name, chosen)}, left_out)
    return 1 if failed else 0


def benches() -> dict[str, ModuleType]:
    """Every file that measures, by its name without ``bench_``."""
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    return {file.stem.removeprefix("bench_"): importlib.import_module(f"tests.bench.{file.stem}") for file in files}


def chosen_files(all_of_them: dict[str, ModuleType], names: list[str]) -> dict[str, ModuleType] | str:
    """Those that ``names`` mean, all where there are none; a sentence where one means nothing."""
    chosen: dict[str, ModuleType] = {}
    for name in names or list(all_of_them):
        found = {key: module for key, module in all_of_them.items() if name == key or name in module.FIGURES}
        if not found:
            known = sorted({figure for module in all_of_them.values() for figure in module.FIGURES} | set(all_of_them))
            return f"nothing measures {name!r}; there are {', '.join(known)}"
        chosen |= found
    return chosen


def wanted(figure: str, chosen: dict[str, ModuleType]) -> bool:
    """Whether one of the chosen files measures the figure."""
    return any(figure in module.FIGURES for module in chosen.values())


def read(path: Path) -> dict[str, Figure]:
    """The results of earlier runs; none where the file is missing or broken."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(path: Path, results: dict[str, Figure]) -> None:
    """Write the results; a run that is stopped half-way leaves a whole file."""
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
    fresh.replace(path)


def show(results: dict[str, Figure], left_out: dict[str, str]) -> None:
    """The same as a table, on standard output."""
    table = Table("figure", "value", "limit", "runs", "range", "how")
    for name, figure in sorted(results.items()):
        within = figure["value"] >= figure["limit"] if name in HIGHER else figure["value"] <= figure["limit"]
        colour, sign = ("green", "≥") if within and name in HIGHER else ("green", "≤") if within else ("red", "✗")
        table.add_row(
            name, f"[{colour}]{figure['value']:.4g}[/] {figure['unit']}", f"{sign} {figure['limit']:g}",
            str(figure["runs"]), f"{figure['min']:.3g} … {figure['max']:.3g}", figure["how"],
        )  # fmt: skip
    for name, why in left_out.items():
        table.add_row(name, "[dim]left out[/]", "", "", "", why)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
