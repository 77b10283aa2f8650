"""``nakanohito simulate``: play honest and dishonest evenings under a policy, before anybody is judged by it."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from monitor.cli.policy_file import PolicyRefused, policy_named
from monitor.cli.screen import AsJson, fail, put_json, say
from monitor.simulation.measured import Measured, load
from monitor.simulation.simulation import Row, total
from monitor.simulation.simulation import simulate as run
from monitor.simulation.species import SPECIES, Species
from protocols.driving.calibration import CALIBRATION
from protocols.policy import Policy

_MOST_HOURS, _MOST_ATTACKS = 1_000_000.0, 1_000_000


def simulate(
    policy: Annotated[
        str,
        typer.Option(metavar="FILE|NAME", help="A profile (standard, brisk), or a TOML or JSON file of what differs."),
    ] = "standard",
    hours: Annotated[float, typer.Option(help="Honest broadcasts to play, in hours, over all honest species.")] = 1000,
    attacks: Annotated[int, typer.Option(help="Sessions of each species of attack.")] = 200,
    seed: Annotated[int, typer.Option(help="Another seed gives other evenings; the same, the same.")] = 0,
    species: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this species; repeatable. All of them if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play honest operators and attackers in virtual time through the live judge and ladder, and say who was cut.

    What the judge would measure on each stream is drawn from what its instruments measured on scenes of the sample
    studio (python -m samples.yardstick); windows, fusion, hysteresis, challenges, attention and ladder are the live
    ones. Method and limits: docs/simulate.md.
    """
    try:
        judged_by = policy_named(policy)
    except PolicyRefused as refusal:
        fail(f"nakanohito simulate: {refusal}", code=2)
    chosen = _chosen(species or [])
    if not (math.isfinite(hours) and 0 < hours <= _MOST_HOURS):
        fail(f"nakanohito simulate: --hours {hours:g}: give more than 0 and at most {_MOST_HOURS:g}", code=2)
    if not 0 < attacks <= _MOST_ATTACKS:
        fail(f"nakanohito simulate: --attacks {attacks}: give 1 to {_MOST_ATTACKS}", code=2)
    measured = load()
    began = time.process_time()
    with _progress(len(chosen), quiet=as_json) as tell:
        rows = list(
            run(chosen, policy=judged_by, measured=measured, seed=seed, hours=hours, attacks=attacks, tell=tell)
        )
    spent = time.process_time() - began
    if as_json:
        put_json(_document(rows, judged_by, measured, seed))
    else:
        _show(rows, judged_by, measured, seed, spent)


def _chosen(names: Sequence[str]) -> list[Species]:
    unknown = [name for name in names if name not in SPECIES]
    if unknown:
        fail(f"nakanohito simulate: there is no species '{unknown[0]}'; there are {', '.join(SPECIES)}", code=2)
    return [one for name, one in SPECIES.items() if not names or name in names]


@contextmanager
def _progress(of: int, *, quiet: bool) -> Iterator[Callable[[Species, float], None]]:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description:20}"), BarColumn(), console=console, transient=True,
        disable=quiet or not console.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=of)
        done: dict[str, float] = {}

        def tell(species: Species, share: float) -> None:
            done[species.name] = min(1.0, share)
            progress.update(task, description=species.name, completed=sum(done.values()))

        yield tell


def _document(rows: Sequence[Row], policy: Policy, measured: Measured, seed: int) -> dict[str, Any]:
    together = total(rows)
    rate = None if together is None else dict(zip(("rate", "low", "high"), together[2], strict=True))
    return {
        "policy": policy.model_dump(mode="json"),
        "seed": seed,
        "calibration": CALIBRATION.version,
        "measured_with": measured.calibration,
        "species": [row.document() for row in rows],
        "honest_hours": None if together is None else together[1],
        "wrongful_per_10000_h": rate,
    }


def _show(rows: Sequence[Row], policy: Policy, measured: Measured, seed: int, spent: float) -> None:
    console = Console(highlight=False)
    attacks = [row for row in rows if row.caught is not None]
    honest = [row for row in rows if row.wrongful is not None]
    if attacks:
        console.print(_attacks(attacks, policy))
    if honest:
        console.print(_honest(honest, policy))
    played = sum(row.hours for row in rows)
    say(
        f"seed {seed}, {played:,.0f} hours in {spent:.0f} s of CPU; bounds are exact, two-sided, 95 %;"
        " times from when nobody drives any more"
    )
    if measured.calibration != CALIBRATION.version:
        say(
            f"The table was measured with calibration {measured.calibration}, the judge's is {CALIBRATION.version}:"
            " measure anew with python -m samples.yardstick"
        )


def _attacks(rows: Sequence[Row], policy: Policy) -> Table:
    table = Table(title=f"Attacks, policy {policy.name}", box=None, header_style="bold", title_justify="left")
    for heading in ("species", "sessions", "caught", "at least", "cut after, median", "p99", "cut for"):
        table.add_column(heading, justify="left" if heading in ("species", "cut for") else "right")
    for row in rows:
        caught, low, _ = row.caught or (0.0, 0.0, 0.0)
        table.add_row(
            row.species.name, str(row.sessions), f"{caught:.1%}", f"{low:.1%}",
            _seconds(row.cut_median_s), _seconds(row.cut_p99_s), _causes(row),
        )  # fmt: skip
    return table


def _honest(rows: Sequence[Row], policy: Policy) -> Table:
    table = Table(title=f"Honest operators, policy {policy.name}", box=None, header_style="bold", title_justify="left")
    for heading in (
        "species",
        "hours",
        "HUMAN after",
        "wrongful cuts",
        "per 10,000 h",
        "at least",
        "at most",
        "cut for",
    ):
        table.add_column(heading, justify="left" if heading in ("species", "cut for") else "right")
    for row in rows:
        rate, low, high = row.wrongful or (0.0, 0.0, 0.0)
        table.add_row(
            row.species.name, f"{row.hours:,.0f}", _seconds(row.human_s), str(row.cuts),
            f"{rate:.2f}", f"{low:.2f}", f"{high:.2f}", _causes(row),
        )  # fmt: skip
    together = total(rows)
    if together is not None and len(rows) > 1:
        cuts, hours, (rate, low, high) = together
        table.add_row(
            "all", f"{hours:,.0f}", "", str(cuts), f"{rate:.2f}", f"{low:.2f}", f"{high:.2f}", "", style="bold"
        )
    return table


def _seconds(value: float | None) -> str:
    return "never" if value is None or math.isinf(value) else f"{value:.0f} s"


def _causes(row: Row) -> str:
    return ", ".join(f"{cause} {count}" for cause, count in row.causes)
