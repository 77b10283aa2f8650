"""``nakanohito strikes``: what stands against avatars, operators and accounts."""

from typing import Annotated

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_json, put_table


def strikes(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only against avatar, operator or account.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only against this avatar, operator or account.")] = None,
    cut: Annotated[str | None, typer.Option(help="Only of this cut.")] = None,
    standing: Annotated[bool, typer.Option("--standing", help="Only those that were not taken back.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List strikes, newest first; 'cuts restore' takes back those of its cut."""
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
