"""``nakanohito verify``: an evidence pack, on any machine, without the service."""

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.screen import AsJson, fail, put_card, put_json, say
from protocols.checkpoint import CheckpointRefused, Verifier
from protocols.pack import LARGEST, Checked, PackRefused, checked


def verify(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="The evidence pack of a case, from 'cases pack'.")],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY|FILE", help="Public key of the ledger's checkpoints, from elsewhere."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether an evidence pack is whole and in the log, and judge again what it holds.

    Exit status 1 where it is not, or where the judge says another number; 2 where what was given cannot be used.
    """
    content, signer = _content(pack), None if key is None else _signer(key)
    try:
        found = checked(content, signer)
    except PackRefused as refused:
        if as_json:
            put_json({"ok": False, "pack": str(pack), "flaw": str(refused)})
            raise typer.Exit(1) from None
        fail(f"{pack}: {refused}.")
    card = _card(found, pack, trusted=signer is not None)
    put_json(card | {"ok": found.replayed is not False}) if as_json else put_card(card)
    if signer is None and not as_json:
        say("The signature was checked by the key in the pack itself; give --key to know whose it is.")
    if found.replayed is False:
        say(
            "The pack is whole, but judged again it says another number: were the versions that judged it these? "
            f"{dict(found.versions)}"
        )
        raise typer.Exit(1)


def _card(found: Checked, pack: Path, *, trusted: bool) -> dict[str, Any]:
    return {
        "pack": str(pack),
        "whole": True,
        "in the log": f"{found.entries} entries, signed by {found.signer}",
        "signer given": trusted,
        "case": found.case,
        "cut": found.cut,
        "rule": found.rule,
        "exhibits": found.exhibits,
        "p_human": found.p_human,
        "log_odds": found.log_odds,
        "judged again": _again(found),
        "p_human again": found.replayed_p,
    }


def _again(found: Checked) -> str:
    match found.replayed:
        case None if found.unjudged is not None:
            return f"cannot be by these programs ({found.unjudged}); judged by {dict(found.versions)}"
        case None:
            return "nothing was observed; the weights sum to the verdict"
        case True:
            return "the same, bit for bit"
        case False:
            return "another"


def _content(pack: Path) -> bytes:
    try:
        size = pack.stat().st_size
        if size > LARGEST:
            fail(f"{pack} has {size} bytes; packs of more than {LARGEST} are not read.", 2)
        return pack.read_bytes()
    except OSError as error:
        fail(f"{pack} cannot be read: {error.strerror}.", 2)


def _signer(key: str) -> Verifier:
    try:
        return Verifier.parse(Path(key).read_text(encoding="utf-8") if Path(key).is_file() else key)
    except (CheckpointRefused, OSError, UnicodeDecodeError) as refused:
        fail(f"--key: {refused}.", 2)
