"""The screen: tables for people, JSON for programs, errors on standard error."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]

COLOURS = {
    "HUMAN": "green", "MIXED": "yellow", "AI": "red", "UNKNOWN": "dim",
    "live": "green", "blind": "yellow", "cut": "red", "pending": "cyan", "ended": "dim",
    "confirmed": "red", "failed": "bold red", "intended": "yellow", "restored": "green",
    "active": "green", "suspended": "yellow", "revoked": "red",
    "pass": "green", "warn": "yellow", "fail": "red", "unknown": "dim",
}  # fmt: skip


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong and leave: 1 where it failed, 2 where what was given cannot be used."""
    Console(stderr=True, highlight=False).print(f"[red]{escape(message)}[/red]", soft_wrap=True)
    raise typer.Exit(code)


def say(message: str) -> None:
    """A line for people, on standard error, so that standard output stays for results."""
    Console(stderr=True, highlight=False).print(escape(message), soft_wrap=True)


def put_json(document: Any) -> None:
    """A document as JSON, indented."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def put_line(document: Any) -> None:
    """A document as one line of JSON."""
    typer.echo(json.dumps(document, ensure_ascii=False))


def put_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, nothing: str) -> None:
    """``columns``: heading → key of the row. ``nothing`` is said where there are no rows."""
    if not rows:
        say(nothing)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for position, heading in enumerate(columns):
        table.add_column(heading, overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*(shown(row.get(key)) for key in columns.values()))
    Console(highlight=False).print(table)


def put_card(pairs: Mapping[str, Any]) -> None:
    """Names and values, one below the other; what is empty is left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in pairs.items():
        if value not in (None, "", [], {}):
            table.add_row(name, shown(value))
    Console(highlight=False).print(table)


def shown(value: Any) -> str:
    """A value as Rich markup; texts of others cannot bring markup of their own."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3g}"
        case list():
            return ", ".join(shown(part) for part in value)
        case str():
            text = escape(_moment(value))
            return f"[{COLOURS[value]}]{text}[/]" if value in COLOURS else text
        case _:
            return escape(str(value))


def _moment(text: str) -> str:
    """A moment of the API in local time; every other text as it is."""
    if len(text) < 20 or text[10:11] != "T" or not text[:4].isdigit():
        return text
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return text
