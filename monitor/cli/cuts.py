"""``nakanohito cuts``: list, show, restore."""

from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_card, put_json, put_table, say

app = typer.Typer(add_completion=False)

_DONE = "The stream may publish again; attach it anew to have it monitored."
_WAITS = "This takes two people: it is done once another key or account asks for the same, or decides the case so."
_TRIED_AGAIN = "This is decided; the media server does not answer, and is asked again until it does."

CutArgument = Annotated[str, typer.Argument(metavar="CUT", help="Id of the cut.")]


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Cuts: list, show, restore. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    session: Annotated[str | None, typer.Option(help="Only of this session.")] = None,
    avatar: Annotated[str | None, typer.Option(help="Only of this avatar.")] = None,
    account: Annotated[str | None, typer.Option(help="Only of this account.")] = None,
    state: Annotated[str | None, typer.Option(help="Only intended, confirmed, failed or restored ones.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cuts, newest first."""
    wanted = {"session": session, "avatar": avatar, "account": account, "state": state}
    found = client(ctx).every("/v1/cuts", wanted, most=limit)
    if as_json:
        put_json(found)
        return
    columns = {
        "cut": "id",
        "state": "state",
        "measure": "measure",
        "rule": "rule",
        "session": "session",
        "by": "enforcer",
        "decided": "decided_at",
        "seconds": "seconds",
        "until": "until",
    }
    put_table(found, columns, nothing="Nothing was cut.")


@app.command()
def held(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Say whether all cuts are held, since many sessions lost their operators at once."""
    _put_held(client(ctx).get("/v1/held"), as_json)


@app.command()
def release(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; kept in the ledger.")],
    as_json: AsJson = False,
) -> None:
    """Let cuts go on: you have looked at why so many sessions lost their operators."""
    _put_held(client(ctx).post("/v1/held/release", {"reason": reason}), as_json)


def _put_held(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(found)
    elif found["held"]:
        say(f"All cuts are held: {found['because']}. Without their operators now: {found['lost']}.")
    else:
        say("No cut is held.")


@app.command()
def show(ctx: typer.Context, cut: CutArgument, as_json: AsJson = False) -> None:
    """Show a cut and what it rests on."""
    found = client(ctx).get(f"/v1/cuts/{cut}")
    if as_json:
        put_json(found)
        return
    evidence, place = found["evidence"], found["placement"]
    put_card(
        {
            "cut": found["id"],
            "state": found["state"],
            "measure": found["measure"],
            "strike": found["strike"] or None,
            "decided by": found["decided_by"],
            "rule": found["rule"],
            "cause": found["cause"],
            "session": found["session"],
            "avatar": found["avatar"],
            "place": place and f"{place['server']}/{place['app']}/{place['stream']}",
            "by": found["enforcer"],
            "decided": found["decided_at"],
            "confirmed": found["confirmed_at"],
            "took": None if found["seconds"] is None else f"{found['seconds']:.2f} s",
            "blocked until": found["until"] or "restored",
            "driver": evidence.get("driver"),
            "probability": f"{evidence['p_human']:.1%} that a person drives" if "p_human" in evidence else None,
            "policy": evidence.get("policy"),
        }
    )
    columns = {"evidence": "rule", "from": "start", "to": "end", "weight": "weight"}
    if evidence.get("evidence"):
        put_table(evidence["evidence"], columns, nothing="")


@app.command()
def restore(
    ctx: typer.Context,
    cut: CutArgument,
    reason: Annotated[str, typer.Option(help="Why it may publish again; kept in the ledger.")],
    as_json: AsJson = False,
) -> None:
    """Let a cut stream publish again, which overturns its case; a long block takes two people."""
    found = client(ctx).post(f"/v1/cuts/{cut}/restore", {"reason": reason})
    if as_json:
        put_json(found)
    else:
        put_card({"cut": found["id"], "state": found["state"], "case": found["case"]})
        say(_WAITS if found["waits"] else _DONE if found["restored_at"] else _TRIED_AGAIN)
