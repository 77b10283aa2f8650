"""``nakanohito sessions``: list, show, follow, end, cut."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.markup import escape

from monitor.cli.client import Client, client
from monitor.cli.screen import COLOURS, AsJson, fail, put_card, put_json, put_line, put_table, shown

app = typer.Typer(add_completion=False)

SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session.")]
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between tries to follow on


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Sessions: list, show, follow live, end, cut. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    state: Annotated[
        list[str] | None, typer.Option(help="Only this state: pending, live, blind, cut, ended; may be repeated.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only of this account.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List sessions, newest first."""
    found = client(ctx).every("/v1/sessions", {"state": state or None, "account": account}, most=limit)
    if as_json:
        put_json(found)
        return
    rows = [{**session, "kind": session["source"]["kind"]} for session in found]
    columns = {
        "session": "id",
        "state": "state",
        "kind": "kind",
        "avatar": "avatar",
        "policy": "policy",
        "account": "account",
        "attached": "attached_at",
        "because": "ended_because",
    }
    put_table(rows, columns, nothing="No session yet; 'nakanohito attach' begins one.")


@app.command()
def show(ctx: typer.Context, session: SessionArgument, as_json: AsJson = False) -> None:
    """Show where a session stands: who drives, how sure that is, and on what evidence."""
    found = client(ctx).get(f"/v1/sessions/{session}")
    if as_json:
        put_json(found)
        return
    verdict = found["verdict"] or {}
    put_card(
        {
            "session": found["id"],
            "state": found["state"],
            "source": f"{found['source']['kind']} {found['source']['url'] or ''}".strip(),
            "avatar": found["avatar"],
            "policy": found["policy"],
            "driver": verdict.get("driver"),
            "probability": f"{verdict['p_human']:.1%} that a person drives" if verdict else None,
            "verdict": verdict.get("explanation", {}).get("en"),
            "": verdict.get("explanation", {}).get("zh"),
            "returns": [f"{one['cut']} by its {one['by']}" for one in found["returns"]] or None,
            "rung": found["rung"],
            "cause": found["cause"],
            "rung ends in": None if found["rung_ends_in"] is None else f"{found['rung_ends_in']:.0f} s",
            "held": found["held"] or None,
            "watched": found["watch"],
            "operators there": found["operators_present"],
            "asked for": (found["challenge"] or {}).get("gesture"),
            "frames": f"{found['frames_seen']} seen, {found['frames_dropped']} dropped",
            "blind": f"{found['blind_s']:.1f} s" if found["blind_s"] else None,
            "attached": found["attached_at"],
            "ended": found["ended_at"],
            "because": found["ended_because"],
        }
    )
    if verdict.get("evidence"):
        columns = {"evidence": "rule", "from": "start", "to": "end", "weight": "weight", "facts": "told"}
        rows = [{**one, "told": _facts(one["facts"])} for one in verdict["evidence"]]
        put_table(rows, columns, nothing="")


@app.command()
def end(
    ctx: typer.Context,
    session: SessionArgument,
    reason: Annotated[str | None, typer.Option(help="Kept with the session.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stop monitoring a session; the stream itself is not touched."""
    ended = client(ctx).delete(f"/v1/sessions/{session}", {"reason": reason})
    if as_json:
        put_json(ended)
    else:
        put_card({"session": ended["id"], "state": ended["state"], "because": ended["ended_because"]})


@app.command()
def cut(
    ctx: typer.Context,
    session: SessionArgument,
    rule: Annotated[str, typer.Option(help="The rule that it is cut for, such as driving or presence.")],
    reason: Annotated[str, typer.Option(help="Why; told to the backend and kept in the ledger.")],
    seconds: Annotated[float, typer.Option(help="How long it may not be published, seconds.")],
    measure: Annotated[str, typer.Option(help="drop, or forbid.")] = "drop",
    as_json: AsJson = False,
) -> None:
    """Cut a stream because a person has decided so."""
    order = {"rule": rule, "measure": measure, "seconds": seconds, "reason": reason}
    found = client(ctx).post(f"/v1/sessions/{session}/cut", order)
    if as_json:
        put_json(found)
    else:
        put_card({"session": found["id"], "rung": found["rung"], "measure": measure, "seconds": seconds})


@app.command()
def follow(
    ctx: typer.Context,
    session: Annotated[
        str | None, typer.Argument(metavar="[SESSION]", help="Id of the session; every session where absent.")
    ] = None,
    after: Annotated[
        int | None, typer.Option(min=0, help="Tell events after this number first; 0: all that are at hand.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow what happens, live; ends with the session, or with Ctrl-C."""
    path = "/v1/events" if session is None else f"/v1/sessions/{session}/events"
    try:
        for event in followed(client(ctx), path, after):
            if as_json:
                put_line(event)
            else:
                Console(highlight=False).print(told(event), soft_wrap=True)
    except KeyboardInterrupt:
        raise typer.Exit from None


def followed(service: Client, path: str, after: int | None) -> Iterator[dict[str, Any]]:
    """The events at ``path``; where the connection breaks, goes on after the last one."""
    tries = 0
    while True:
        headers = {} if after is None else {"last-event-id": str(after)}
        try:
            with service.stream(path, headers) as response:
                for event in _events(response.iter_lines()):
                    yield event
                    after, tries = event["id"], 0
                return
        except httpx.TransportError as error:
            if tries == len(_PAUSES) or (tries == 0 and after is None and isinstance(error, httpx.ConnectError)):
                service.unreachable(error)
            time.sleep(_PAUSES[tries])
            tries += 1


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream of server-sent events."""
    kind = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data" and kind == "too-slow":
            fail(f"This terminal does not keep up: {value}")
        elif name == "data":
            yield json.loads(value)


def told(event: dict[str, Any]) -> str:
    """An event as one line of Rich markup."""
    data = event["data"]
    words = {name: value for name, value in data.items() if name in _TELLING and value is not None}
    facts = "  ".join(f"[dim]{name}[/dim] {shown(value)}" for name, value in words.items())
    colour = next((c for part, c in _EVENT_COLOURS.items() if event["type"].startswith(part)), "default")
    moment = shown(event["at_utc"])[-8:]
    return f"[dim]{moment}[/dim] {escape(event['session'])}  [{colour}]{event['type']:<17}[/]  {facts}"


_TELLING = (
    "at", "driver", "p_human", "rung", "cause", "ends_in", "operator", "gesture", "passed", "score", "rule", "state",
    "seconds", "because", "failure", "blind_s", "within",
)  # fmt: skip
_EVENT_COLOURS = {
    "cut.restored": "green", "cut": "bold red", "ladder": "yellow", "verdict": "cyan", "operator.lapsed": "yellow",
    "session.blind": "yellow", "challenge": "magenta",
}  # fmt: skip


def _facts(facts: dict[str, Any]) -> str:
    return "  ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}" for name, value in facts.items()
    )


__all__ = ["COLOURS", "app", "followed", "told"]
