"""``nakanohito accounts``: invite moderators, list them, change their role, suspend and reinstate."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_card, put_json, put_table, say

app = typer.Typer(add_completion=False)

AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Id of the account.")]


class RoleOption(StrEnum):
    """The roles, as they are typed."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    SENIOR = "senior"
    AUDITOR = "auditor"
    ADMIN = "admin"


Role = Annotated[RoleOption, typer.Option(help="What the account may do.")]


@app.command()
def invite(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A handle that colleagues know; never a person's name.")],
    role: Role,
    as_json: AsJson = False,
) -> None:
    """Make an account, and print the link that lets it register a passkey, once, within three days."""
    _link(client(ctx).post("/v1/accounts", {"name": name, "role": role.value}), as_json)


@app.command()
def again(ctx: typer.Context, account: AccountArgument, as_json: AsJson = False) -> None:
    """Print another link for an account, as where its passkey was lost."""
    _link(client(ctx).post(f"/v1/accounts/{account}/invitations"), as_json)


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Accounts of moderators: invite, list, role, suspend, reinstate. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List accounts, oldest first."""
    found = client(ctx).get("/v1/accounts")
    if as_json:
        put_json(found)
        return
    columns = {"account": "id", "name": "name", "role": "role", "state": "state", "created": "created_at"}
    put_table(found, columns, nothing="There is no account; 'nakanohito accounts invite' makes one.")


@app.command("role")
def give(ctx: typer.Context, account: AccountArgument, role: Role, as_json: AsJson = False) -> None:
    """Give an account another role."""
    _changed(ctx, account, {"role": role.value}, as_json)


@app.command()
def suspend(ctx: typer.Context, account: AccountArgument, as_json: AsJson = False) -> None:
    """Sign an account out everywhere, and let it sign in no more."""
    _changed(ctx, account, {"state": "suspended"}, as_json)


@app.command()
def reinstate(ctx: typer.Context, account: AccountArgument, as_json: AsJson = False) -> None:
    """Let a suspended account sign in again."""
    _changed(ctx, account, {"state": "active"}, as_json)


def _changed(ctx: typer.Context, account: str, change: dict[str, str], as_json: bool) -> None:
    found = client(ctx).patch(f"/v1/accounts/{account}", change)
    if as_json:
        put_json(found)
    else:
        put_card({"account": found["id"], "name": found["name"], "role": found["role"], "state": found["state"]})


def _link(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(made)
        return
    put_card({"account": made["id"], "name": made["name"], "role": made["role"], "link": made["link"]})
    say("Give the link to that person alone: whoever opens it first has the account. It cannot be shown again.")
