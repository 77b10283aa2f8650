"""``nakanohito cases``: list, show, note, decide."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, fail, put_card, put_json, put_table, say

app = typer.Typer(add_completion=False)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Id of the case.")]
Chinese = Annotated[bool, typer.Option("--chinese", help="In Chinese.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the ledger and told to who is affected.")]


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Cases: what was done to streams, until a person has decided. Without a command: those to decide."""
    if ctx.invoked_subcommand is None:
        listed(ctx, state=["open", "more_asked"], as_json=as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    state: Annotated[list[str] | None, typer.Option(help="Only open, more_asked, upheld or overturned ones.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only for this rule.")] = None,
    avatar: Annotated[str | None, typer.Option(help="Only of this avatar.")] = None,
    operator: Annotated[str | None, typer.Option(help="Only with this operator.")] = None,
    server: Annotated[str | None, typer.Option(help="Only on this media server.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this moment on, such as 2026-11-22T08:00:00Z.")] = None,
    before: Annotated[str | None, typer.Option(help="Only before this moment.")] = None,
    text: Annotated[str | None, typer.Option(help="Words of ids, names, places and notes.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, newest first."""
    wanted: dict[str, Any] = {
        "state": state or None,
        "rule": rule,
        "avatar": avatar,
        "operator": operator,
        "server": server,
        "since": since,
        "before": before,
        "text": text,
    }
    found = client(ctx).every("/v1/cases", wanted, most=limit)
    if as_json:
        put_json(found)
        return
    columns = {
        "case": "id",
        "state": "state",
        "done": "act",
        "rule": "rule",
        "avatar": "avatar_name",
        "session": "session",
        "opened": "opened_at",
        "decided by": "decided_by",
    }
    put_table(found, columns, nothing="No such case.")


@app.command()
def show(ctx: typer.Context, case: CaseArgument, as_json: AsJson = False) -> None:
    """Show a case: what was done, why, the weights that sum to it, and what was decided."""
    found = client(ctx).get(f"/v1/cases/{case}")
    if as_json:
        put_json(found)
        return
    put_card(_card(found))
    if found["table"]:
        columns = {"weighed": "rule", "from": "start", "to": "end", "weight": "weight", "sum": "log_odds"}
        put_table(found["table"], columns, nothing="")
    if found["notes"]:
        put_table(found["notes"], {"note": "at", "by": "by", "": "text"}, nothing="")


def _card(found: dict[str, Any]) -> dict[str, Any]:
    place, verdict, proposal = found["placement"], found["verdict"], found["proposal"]
    return {
        "case": found["id"],
        "state": found["state"],
        "version": found["version"],
        "done": found["act"],
        "rule": found["rule"],
        "cause": found["cause"],
        "explanation": verdict and verdict["explanation"]["en"],
        "avatar": f"{found['avatar_name']} ({found['avatar']})",
        "operators": found["operators"],
        "place": place and f"{place['server']}/{place['app']}/{place['stream']}",
        "session": found["session"],
        "opened": found["opened_at"],
        "two people": found["four_eyes"],
        "proposed": proposal and f"{proposal['decision']} by {proposal['by']}: {proposal['because']}",
        "decided by": found["decided_by"],
        "because": found["because"],
        "restored": found["restored_at"],
    }


@app.command()
def note(
    ctx: typer.Context,
    case: CaseArgument,
    text: Annotated[str, typer.Argument(help="What to write.")],
    as_json: AsJson = False,
) -> None:
    """Write something beside a case."""
    found = client(ctx).post(f"/v1/cases/{case}/notes", {"text": text})
    put_json(found) if as_json else put_card({"note": found["id"], "at": found["at"]})


@app.command()
def statement(ctx: typer.Context, case: CaseArgument, chinese: Chinese = False, as_json: AsJson = False) -> None:
    """Show the statement of reasons, as the operator and the backend got it."""
    found = client(ctx).get(f"/v1/cases/{case}/statement")
    put_json(found) if as_json else typer.echo(found["text"]["zh" if chinese else "en"])


@app.command()
def pack(
    ctx: typer.Context,
    case: CaseArgument,
    file: Annotated[Path | None, typer.Argument(help="Where to write it; CASE.zip where absent.")] = None,
) -> None:
    """Fetch the evidence pack of a case, for ``nakanohito verify``."""
    content, file = client(ctx).content(f"/v1/cases/{case}/pack"), file or Path(f"{case}.zip")
    try:
        file.write_bytes(content)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
    put_card({"pack": str(file), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})


@app.command()
def uphold(ctx: typer.Context, case: CaseArgument, reason: Reason, as_json: AsJson = False) -> None:
    """Decide that it was right."""
    _decide(ctx, case, "uphold", reason, as_json)


@app.command()
def overturn(ctx: typer.Context, case: CaseArgument, reason: Reason, as_json: AsJson = False) -> None:
    """Decide that it was wrong; the stream may publish again at once."""
    _decide(ctx, case, "overturn", reason, as_json)


@app.command("ask-more")
def ask_more(ctx: typer.Context, case: CaseArgument, reason: Reason, as_json: AsJson = False) -> None:
    """Say that more must be known before it is decided."""
    _decide(ctx, case, "ask_more", reason, as_json)


def _decide(ctx: typer.Context, case: str, decision: str, reason: str, as_json: bool) -> None:
    ask = client(ctx)
    version = ask.get(f"/v1/cases/{case}")["version"]
    found = ask.post(f"/v1/cases/{case}/decision", {"decision": decision, "reason": reason, "version": version})
    if as_json:
        put_json(found)
        return
    put_card({"case": found["id"], "state": found["state"], "restored": found["restored_at"]})
    if found["proposal"] is not None:
        say("This needs two people: another moderator must decide the same.")
