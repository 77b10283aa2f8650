"""``nakanohito keys``: create, list, revoke."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_card, put_json, put_table, say

app = typer.Typer(add_completion=False)


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Who or what it is for.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, such as sessions:write; once for each.")],
    expires_at: Annotated[
        datetime | None, typer.Option(help="From when on it is refused (UTC); never if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key; it is shown once."""
    end = None if expires_at is None else expires_at.replace(tzinfo=expires_at.tzinfo or UTC).isoformat()
    made = client(ctx).post("/v1/keys", {"name": name, "scopes": scope, "expires_at": end})
    if as_json:
        put_json(made)
        return
    put_card({"key": made["id"], "name": made["name"], "scopes": made["scopes"], "secret": made["secret"]})
    say("Keep the secret now: it cannot be shown again.")


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """API keys: create, list, revoke. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List API keys, oldest first."""
    found = client(ctx).get("/v1/keys")
    if as_json:
        put_json(found)
        return
    columns = {
        "key": "id", "name": "name", "scopes": "scopes", "created": "created_at", "expires": "expires_at",
        "revoked": "revoked_at",
    }  # fmt: skip
    put_table(found, columns, nothing="There is no key.")


@app.command()
def revoke(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Id of the key.")],
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on, for good."""
    found = client(ctx).delete(f"/v1/keys/{key}")
    if as_json:
        put_json(found)
    else:
        put_card({"key": found["id"], "revoked": found["revoked_at"]})
