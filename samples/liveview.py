"""The live view: a table in the terminal, who drives each stream, what was asked, what was done."""

import time
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from protocols.ladder import Rung
from protocols.verdict import Driver
from samples.outcome import Outcome, Record

__all__ = ["live_view", "result_table"]

_COLOURS = {Driver.HUMAN: "green", Driver.AI: "red", Driver.MIXED: "yellow", Driver.UNKNOWN: "bright_black"}
_RUNGS = {
    Rung.WATCHING: "dim",
    Rung.NOTIFY: "yellow",
    Rung.CHALLENGE: "yellow",
    Rung.GRACE: "bold red",
    Rung.SLATE: "bold red",
    Rung.DROP: "red",
    Rung.FORBID: "red",
    Rung.RESTORED: "dim",
}
_BAR = 10


def live_view(records: Sequence[Record], *, began: float, ends: float, wide: bool = True) -> RenderableType:
    """The view now; ``began`` and ``ends`` are moments, seconds since the epoch.

    ``wide`` adds what happened last, for which a terminal of 110 columns is needed.
    """
    now = time.time()
    table = Table(expand=True, box=None, header_style="bold", padding=(0, 1))
    table.add_column("stream", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("who drives", width=24, no_wrap=True)
    table.add_column("ladder and gesture", width=25, no_wrap=True, overflow="ellipsis")
    if wide:
        table.add_column("last", ratio=2, overflow="ellipsis")
    for record in records:
        title = Text(f"  {record.scenario.title}", style="dim")
        done = Group(_rung(record, now), _asked(record, now))
        last = [_last(record)] if wide else []
        table.add_row(Group(_stream(record), title), _driver(record), done, *last)
    clock = Text.assemble((f"{max(0.0, now - began):4.0f} s", "bold"), (f" of {ends - began:.0f}", "dim"))
    return Panel(table, title="Nakanohito · who drives these avatars?", subtitle=clock, padding=(1, 1))


def _stream(record: Record) -> Text:
    mark, style = {"live": ("●", "green"), "cut": ("■", "red"), "blind": ("○", "yellow"), "ended": ("■", "dim")}.get(
        record.state, ("·", "cyan")
    )
    if record.cut_at is not None:
        mark, style = "■", "red"
    avatar = record.scenario.avatar
    if record.swapped_at is not None:
        avatar = f"{avatar} → {record.scenario.swap_to}"
    return Text.assemble((f"{mark} ", style), (avatar, "bold"), (f"  {record.scenario.name}", "cyan"))


def _driver(record: Record) -> Text:
    colour = _COLOURS[record.driver]
    if record.p_human is None:
        return Text("—", style="dim")
    filled = round(_BAR * record.p_human)
    return Text.assemble(
        (f"{record.driver.value:<8}", f"bold {colour}"),
        ("━" * filled, colour),
        ("━" * (_BAR - filled), "grey23"),
        f" {100 * record.p_human:3.0f} %",
    )


def _rung(record: Record, now: float) -> Text:
    if record.cut_at is not None:
        return Text(f"cut · {record.rule.value if record.rule else ''}", style="bold red")
    words = record.rung.value if record.rung_cause is None else f"{record.rung.value} · {record.rung_cause}"
    if record.rung_until is not None:
        words += f" {max(0.0, record.rung_until - now):.0f} s"
    return Text(words, style=_RUNGS[record.rung])


def _asked(record: Record, now: float) -> Text:
    if record.gesture is not None and record.gesture_until is not None and record.cut_at is None:
        left = max(0.0, record.gesture_until - now)
        return Text(f"asked: {record.gesture} {left:.0f} s", style="bold magenta")
    return Text(f"{record.passed} of {record.asked} gestures done" if record.asked else "", style="dim")


def _last(record: Record) -> Text:
    return Text(record.last, style="red" if record.cut_at is not None else "")


def result_table(outcomes: Sequence[Outcome]) -> Table:
    """What became of each stream, and whether that is right."""
    table = Table(title="What became of them", title_style="bold", header_style="bold")
    for heading in ("stream", "what it is", "verdict", "cause", "cause → cut", "as expected?"):
        right = heading == "cause → cut"
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for outcome in outcomes:
        p = "" if outcome.p_human is None else f" {100 * outcome.p_human:.0f} %"
        fate = "cut" if outcome.cut else "stays up"
        table.add_row(
            Text(outcome.scenario.name, style="cyan"),
            outcome.scenario.title,
            Text(f"{outcome.driver.value}{p}", style=_COLOURS[outcome.driver]),
            Text(f"{fate}: {outcome.rule.value}" if outcome.rule else fate, style="red" if outcome.cut else "green"),
            "" if outcome.seconds is None else f"{outcome.seconds:.1f} s",
            Text("yes", style="green") if outcome.wrong is None else Text(f"no: {outcome.wrong}", style="bold red"),
        )
    return table
