"""``nakanohito avatars``: register, list, show, suspend, reinstate, revoke."""

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, fail, put_card, put_json, put_table
from protocols.gesture import Ability

app = typer.Typer(add_completion=False)

AvatarArgument = Annotated[str, typer.Argument(metavar="AVATAR", help="Id of the avatar.")]
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@app.command()
def register(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name.")],
    pictures: Annotated[
        list[Path],
        typer.Argument(exists=True, help="Pictures that show its head (JPEG, PNG, WebP), or folders of them."),
    ],
    owner: Annotated[str | None, typer.Option(help="Whose likeness it is; the API key's name where absent.")] = None,
    ability: Annotated[
        list[Ability] | None, typer.Option(help="A movement that it can show; head, mouth and eyelids where absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register a likeness from pictures."""
    files = [("pictures", (path.name, _read(path))) for path in _paths(pictures)]
    fields = {"name": name, "owner": owner, "abilities": [str(one) for one in ability] if ability else None}
    _put(client(ctx).upload("/v1/avatars", fields, files), as_json)


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Avatars: register from pictures, list, show, suspend. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    owner: Annotated[str | None, typer.Option(help="Only of this owner.")] = None,
    state: Annotated[str | None, typer.Option(help="Only active, suspended or revoked ones.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List avatars, newest first."""
    found = client(ctx).every("/v1/avatars", {"owner": owner, "state": state}, most=limit)
    if as_json:
        put_json(found)
        return
    columns = {"avatar": "id", "name": "name", "owner": "owner", "state": "state", "registered": "registered_at"}
    put_table(found, columns, nothing="No avatar yet; 'nakanohito avatars register' makes one known.")


@app.command()
def show(ctx: typer.Context, avatar: AvatarArgument, as_json: AsJson = False) -> None:
    """Show an avatar."""
    _put(client(ctx).get(f"/v1/avatars/{avatar}"), as_json)


@app.command()
def suspend(ctx: typer.Context, avatar: AvatarArgument, as_json: AsJson = False) -> None:
    """Keep an avatar off air until it is reinstated."""
    _put(client(ctx).post(f"/v1/avatars/{avatar}/suspend"), as_json)


@app.command()
def reinstate(ctx: typer.Context, avatar: AvatarArgument, as_json: AsJson = False) -> None:
    """Let a suspended avatar be on air again."""
    _put(client(ctx).post(f"/v1/avatars/{avatar}/reinstate"), as_json)


@app.command()
def revoke(ctx: typer.Context, avatar: AvatarArgument, as_json: AsJson = False) -> None:
    """Take an avatar out for good."""
    _put(client(ctx).post(f"/v1/avatars/{avatar}/revoke"), as_json)


def _paths(given: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
            if not inside:
                fail(f"{path} holds no picture (JPEG, PNG, WebP).", 2)
            found += inside
        else:
            found.append(path)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.", 2)


def _put(avatar: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(avatar)
        return
    pairs = {"avatar" if name == "id" else name.replace("_at", ""): value for name, value in avatar.items()}
    pairs["model"] = str(avatar["model"])[:12]
    put_card(pairs)
