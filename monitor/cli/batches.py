"""``nakanohito batches``: change many registrations at once; another key or account approves."""

from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_card, put_json, put_table, say

app = typer.Typer(add_completion=False)

BatchArgument = Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the ledger.")]


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Many registrations changed at once. Without a command: those that wait for approval."""
    if ctx.invoked_subcommand is None:
        listed(ctx, waiting=True, as_json=as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first."""
    found = client(ctx).every("/v1/registry-batches", {"waiting": waiting or None}, most=limit)
    if as_json:
        put_json(found)
        return
    rows = [one | {"many": len(one["subjects"])} for one in found]
    columns = {"batch": "id", "does": "act", "how many": "many", "state": "state", "by": "by", "because": "because"}
    put_table(rows, columns, nothing="No batch waits." if waiting else "There is no batch.")


@app.command()
def show(ctx: typer.Context, batch: BatchArgument, as_json: AsJson = False) -> None:
    """Show a batch and what became of each."""
    _put(client(ctx).get(f"/v1/registry-batches/{batch}"), as_json)


@app.command()
def propose(
    ctx: typer.Context,
    act: Annotated[str, typer.Argument(help="suspend, reinstate or revoke.")],
    subjects: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of avatars and operators.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Change many avatars and operators; more than one may change alone within an hour wait for another key."""
    wish = {"act": act, "subjects": subjects, "reason": reason}
    _put(client(ctx).post("/v1/registry-batches", wish), as_json)


@app.command()
def approve(ctx: typer.Context, batch: BatchArgument, reason: Reason, as_json: AsJson = False) -> None:
    """Have a batch carried out that another key or account proposed."""
    _put(client(ctx).post(f"/v1/registry-batches/{batch}/approve", {"reason": reason}), as_json)


@app.command()
def reject(ctx: typer.Context, batch: BatchArgument, reason: Reason, as_json: AsJson = False) -> None:
    """Let nothing come of a batch."""
    _put(client(ctx).post(f"/v1/registry-batches/{batch}/reject", {"reason": reason}), as_json)


def _put(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(found)
        return
    card = {name: found[name] for name in ("id", "act", "state", "by", "because", "settled_by", "settled_because")}
    put_card({name.replace("_", " "): value for name, value in card.items()} | found["outcome"])
    if found["state"] == "waiting":
        say(f"Another key or account has to approve: nakanohito batches approve {found['id']} --reason …")
