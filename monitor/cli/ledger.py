"""``nakanohito ledger``: verify and show on the file itself; sign and prove by the service; check anywhere."""

import contextlib
import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from monitor.cli.client import client
from monitor.cli.screen import AsJson, fail, put_card, put_json, put_line, put_table
from monitor.settings import Settings, SettingsRefused
from protocols.backend import InclusionView
from protocols.chain import Entry, is_itself
from protocols.checkpoint import CheckpointRefused, Verifier, opened
from protocols.merkle import includes, leaf
from registry.error import LedgerDamaged, RegistryError
from registry.ledger import LedgerReader, Verification
from registry.ledger import verify as verified
from registry.notary import audit

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The ledger: verify and show its file, have it signed, prove entries and check proofs.",
)

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="The ledger's file; that of the settings where absent.")
]


KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY|FILE",
        help="Public key of the checkpoints; ledger.pub beside the file if absent.",
    ),
]


@app.command()
def verify(
    file: FileArgument = None,
    key: KeyOption = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint", exists=True, dir_okay=False, help="A signed checkpoint that was kept elsewhere; may repeat."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every entry of the chain, and the tree over them against every signed checkpoint.

    Exit status 1 where an entry was altered, is missing or does not follow, or where a checkpoint was signed over
    other entries than these; 2 where what was given cannot be used.
    """
    path = _file(file)
    verifier = _verifier(key, path, needed=bool(checkpoint))
    try:
        if verifier is None:
            found, held = verified(path), None
        else:
            found, held = audit(path, verifier, [_note(kept) for kept in checkpoint or ()])
    except CheckpointRefused as refused:
        fail(str(refused), 2)
    except LedgerDamaged as damaged:
        found_nothing = {"ok": False, "file": str(path), "flaw": str(damaged)}
        if as_json:
            put_json(found_nothing)
            raise typer.Exit(1) from None
        fail(str(damaged))
    except RegistryError as error:
        fail(str(error), 2)
    _report(found, held, path, as_json)


def _report(found: Verification, held: int | None, path: Path, as_json: bool) -> None:
    pairs = {
        "ok": found.ok,
        "file": str(path),
        "entries": found.entries,
        "first_bad": found.first_bad,
        "flaw": found.flaw,
        "head": found.head.hash.hex(),
        "checkpoints": held,
    }
    if as_json:
        put_json(pairs)
    elif found.ok:
        card = {"ledger": str(path), "whole": True, "entries": found.entries, "head": found.head.hash.hex()}
        put_card(card | ({} if held is None else {"checkpoints that hold": held}))
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


@app.command()
def checkpoint(ctx: typer.Context) -> None:
    """Have the service sign how far its ledger has come; keep the output somewhere else, for ledger verify."""
    typer.echo(client(ctx).text("/v1/ledger/checkpoint"), nl=False)


@app.command()
def prove(ctx: typer.Context, number: Annotated[int, typer.Argument(min=1, help="The entry's number.")]) -> None:
    """Fetch an entry with the proof that it is in the ledger, as JSON; for ledger check."""
    put_json(client(ctx).get(f"/v1/ledger/entries/{number}"))


@app.command()
def check(
    proof: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What ledger prove has written.")],
    key: KeyOption = None,
    as_json: AsJson = False,
) -> None:
    """Check a proof without the ledger. Exit status 1 where it shows nothing, 2 where it is none."""
    verifier = _verifier(key, proof, needed=True)
    assert verifier is not None  # noqa: S101 - it was needed
    try:
        given = InclusionView.model_validate_json(proof.read_bytes())
        counted = opened(given.checkpoint, verifier)
    except ValidationError as error:
        fail(f"{proof} is no proof of an entry: {error.errors()[0]['msg']}.", 2)
    except CheckpointRefused as refused:
        fail(str(refused))
    entry, path = given.entry.entry(), [bytes.fromhex(fingerprint) for fingerprint in given.proof]
    if not is_itself(entry):
        fail(f"Entry {entry.number} was altered: its hash is another.")
    if not includes(counted.root, counted.size, entry.number - 1, leaf(entry.hash), path):
        fail(f"Entry {entry.number} is not shown to be among the {counted.size} entries that were signed.")
    put_json(_document(entry)) if as_json else put_card(
        {"entry": entry.number, "at": entry.at, "kind": entry.kind, "in the ledger": True, "of": counted.size}
    )


def _verifier(given: str | None, beside: Path, *, needed: bool) -> Verifier | None:
    """The key that was given, in words or in a file, or that of the ``ledger.pub`` beside; None where there is none."""
    file = beside.with_name("ledger.pub") if given is None else Path(given)
    try:
        if file.is_file():
            return Verifier.parse(file.read_text(encoding="utf-8"))
        if given is not None:
            return Verifier.parse(given)
    except (CheckpointRefused, OSError, UnicodeDecodeError) as refused:
        fail(f"--key: {refused}.", 2)
    if needed:
        fail("Say whose signatures to believe: --key, with what 'GET /v1/ledger/key' or the file ledger.pub says.", 2)
    return None


def _note(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read as a checkpoint: {error}.", 2)


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
