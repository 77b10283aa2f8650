"""``nakanohito ledger``: verify and show, on the file itself; the service need not run."""

import contextlib
import json
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.screen import AsJson, fail, put_card, put_json, put_line, put_table
from monitor.settings import Settings, SettingsRefused
from protocols.chain import Entry
from registry.error import LedgerDamaged, RegistryError
from registry.ledger import LedgerReader, Verification
from registry.ledger import verify as verified

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The ledger: verify, show. Works on the file; no service is needed.",
)

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="The ledger's file; that of the settings where absent.")
]


@app.command()
def verify(file: FileArgument = None, as_json: AsJson = False) -> None:
    """Check every entry of the chain. Exit status 1 where one was altered, is missing or does not follow."""
    path = _file(file)
    try:
        found = verified(path)
    except LedgerDamaged as damaged:
        found_nothing = {"ok": False, "file": str(path), "flaw": str(damaged)}
        if as_json:
            put_json(found_nothing)
            raise typer.Exit(1) from None
        fail(str(damaged))
    except RegistryError as error:
        fail(str(error), 2)
    _report(found, path, as_json)


def _report(found: Verification, path: Path, as_json: bool) -> None:
    pairs = {
        "ok": found.ok,
        "file": str(path),
        "entries": found.entries,
        "first_bad": found.first_bad,
        "flaw": found.flaw,
        "head": found.head.hash.hex(),
    }
    if as_json:
        put_json(pairs)
    elif found.ok:
        put_card({"ledger": str(path), "whole": True, "entries": found.entries, "head": found.head.hash.hex()})
    if not found.ok and not as_json:
        fail(f"{path}: entry {found.first_bad} is not good: {found.flaw}. The {found.entries} before it are.")
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def show(
    file: FileArgument = None,
    session: Annotated[str | None, typer.Option(help="Only of this session.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only about this, such as a cut's id.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind, such as cut.intended.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only entries after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show entries, oldest first; with --json one line of JSON for each, in full."""
    path = _file(file)
    try:
        with contextlib.closing(LedgerReader(path)) as reader:
            entries = reader.read(kind=kind, session=session, subject=subject, after=after, limit=limit)
    except RegistryError as error:
        fail(str(error), 2)
    if as_json:
        for entry in entries:
            put_line(_document(entry))
        return
    rows = [
        {"number": e.number, "at": e.at, "kind": e.kind, "session": e.session, "subject": e.subject} for e in entries
    ]
    columns = {"": "number", "at": "at", "kind": "kind", "session": "session", "subject": "subject"}
    put_table(rows, columns, nothing="No such entry.")


def _document(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.number,
        "at": entry.at,
        "kind": entry.kind,
        "session": entry.session,
        "subject": entry.subject,
        "body": json.loads(entry.body),
        "previous": entry.previous.hex(),
        "hash": entry.hash.hex(),
    }


def _file(given: Path | None) -> Path:
    if given is None:
        try:
            given = Settings.load().ledger
        except SettingsRefused as refused:
            fail(str(refused), 2)
    if not given.is_file():
        fail(f"There is no ledger at {given}; name its file, or run this in the service's folder.", 2)
    return given
