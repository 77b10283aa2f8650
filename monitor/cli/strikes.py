"""``nakanohito strikes``: what stands against avatars, operators and accounts."""

from typing import Annotated

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_card, put_json, put_table

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def strikes(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only against avatar, operator or account.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only against this avatar, operator or account.")] = None,
    cut: Annotated[str | None, typer.Option(help="Only of this cut.")] = None,
    standing: Annotated[bool, typer.Option("--standing", help="Only those that were not taken back.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List strikes, newest first; 'take-back' takes back one, 'cuts restore' those of its cut."""
    if ctx.invoked_subcommand is not None:
        return
    wanted = {"kind": kind, "subject": subject, "cut": cut, "standing": standing or None}
    found = client(ctx).every("/v1/strikes", wanted, most=limit)
    if as_json:
        put_json(found)
        return
    columns = {
        "strike": "id",
        "against": "kind",
        "which": "subject",
        "rule": "rule",
        "cut": "cut",
        "since": "at",
        "taken back": "taken_back_at",
    }
    put_table(found, columns, nothing="Nothing stands against anybody.")


@app.command("take-back")
def take_back(
    ctx: typer.Context,
    strike: Annotated[str, typer.Argument(metavar="STRIKE", help="Id of the strike.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the ledger.")],
    as_json: AsJson = False,
) -> None:
    """Take back one strike, and leave its cut as it is."""
    found = client(ctx).post(f"/v1/strikes/{strike}/take-back", {"reason": reason})
    put_json(found) if as_json else put_card(found)
