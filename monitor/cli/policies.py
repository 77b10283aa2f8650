"""``nakanohito policies``: list, show, versions, put, back-test."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.policy_file import PolicyRefused, policy_in
from monitor.cli.screen import AsJson, fail, put_card, put_json, put_table, say
from protocols.backtest import tally, text

app = typer.Typer(add_completion=False)

_AT_ONCE = 10
_TRIED = {
    "session": "session",
    "then": "then",
    "by it": "outcome",
    "rung": "rung",
    "at": "at",
    "cause": "cause",
    "people": "people",
    "anew": "anew",
}
_COLUMNS = {"policy": "id", "written": "written_at", "differs from standard's defaults in": "changed"}


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Policies: what sessions are judged by. List, show, versions, put, back-test. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the newest version of every policy."""
    _put_list(client(ctx).get("/v1/policies"), as_json)


@app.command()
def versions(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the policy.")],
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the versions of a policy, newest first; none is ever changed."""
    _put_list(client(ctx).get(f"/v1/policies/{name}/versions", {"limit": limit}), as_json)


@app.command()
def show(
    ctx: typer.Context,
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="A name for its newest version, or name@version.")],
    as_json: AsJson = False,
) -> None:
    """Show every threshold of a policy."""
    _put(client(ctx).get(f"/v1/policies/{policy}"), as_json)


@app.command()
def put(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the policy, new or there already.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML or JSON; what it leaves out has its default.")],
    as_json: AsJson = False,
) -> None:
    """Write a new version. Running sessions keep the one that they began with; 'simulate' says what it would do."""
    try:
        policy = policy_in(file)
    except PolicyRefused as refusal:
        fail(str(refusal), 2)
    written = client(ctx).put(f"/v1/policies/{name}", policy.model_dump(mode="json", exclude_unset=True))
    if not as_json:
        say(f"{written['id']} judges what is attached from now on under the name {name}.")
    _put(written, as_json)


@app.command("back-test")
def back_test(
    ctx: typer.Context,
    policy: Annotated[str, typer.Argument(metavar="FILE|POLICY", help="A draft as TOML or JSON, or a written policy.")],
    cut: Annotated[bool, typer.Option("--cut", help="Only sessions that were cut.")] = False,
    since: Annotated[str | None, typer.Option(help="Only from this moment on, such as 2026-11-22T08:00:00Z.")] = None,
    before: Annotated[str | None, typer.Option(help="Only before this moment.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many sessions at most, newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Say what a policy would have done with sessions that are over, beside what was done. Nothing is written."""
    api, found, cursor = client(ctx), list[dict[str, Any]](), None
    asked = {**_draft(policy), "cut": cut, "since": since, "before": before}
    while len(found) < limit:
        some = {**asked, "limit": min(_AT_ONCE, limit - len(found)), "cursor": cursor}
        page = api.post("/v1/policies/back-test", {name: value for name, value in some.items() if value is not None})
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    if as_json:
        put_json(found)
        return
    put_table([one | {"people": one["case_state"]} for one in found], _TRIED, nothing="No session is over.")
    if found:
        say(text(tally(found)))


def _draft(policy: str) -> dict[str, Any]:
    """The policy of a file, or the name of one that is written."""
    if not Path(policy).is_file():
        return {"policy": policy}
    try:
        return {"document": policy_in(Path(policy)).model_dump(mode="json", exclude_unset=True)}
    except PolicyRefused as refusal:
        fail(str(refusal), 2)


def _put_list(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        put_json(found)
        return
    put_table([{**one, "changed": _changed(one["document"])} for one in found], _COLUMNS, nothing="There is no policy.")


def _put(policy: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(policy)
    else:
        put_card({"policy": policy["id"], "written": policy["written_at"], **dict(_flat(policy["document"]))})


def _changed(document: Mapping[str, Any]) -> list[str]:
    """The names of the settings that are not as they are where nothing is set."""
    from protocols.policy import STANDARD

    default = dict(_flat(STANDARD.model_dump(mode="json", exclude={"name"})))
    return [name for name, value in _flat(document) if name not in default or value != default[name]]


def _flat(document: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", value
