"""``nakanohito policies``: list, show, versions, put."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.policy_file import PolicyRefused, policy_in
from monitor.cli.screen import AsJson, fail, put_card, put_json, put_table, say

app = typer.Typer(add_completion=False)

_COLUMNS = {"policy": "id", "written": "written_at", "differs from standard's defaults in": "changed"}


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Policies: what sessions are judged by. List, show, versions, put. Without a command: list."""
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
