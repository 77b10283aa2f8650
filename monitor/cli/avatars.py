"""``nakanohito avatars``: register, list, show, dress, suspend, reinstate, renew, revoke; reviews, consents."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli import avatar_consents, avatar_reviews
from monitor.cli.avatar_card import AvatarArgument, Reason, files_of, moment, put_avatar, video_of
from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_json, put_table, say
from protocols.gesture import Ability

app = typer.Typer(add_completion=False)

Pictures = Annotated[
    list[Path] | None,
    typer.Argument(exists=True, help="Pictures that show its head (JPEG, PNG, WebP), or folders of them."),
]
Video = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A short video (MP4, WebM) of it.")]
Begins = Annotated[datetime | None, typer.Option("--from", help="From when it may be on air, local time; now.")]
Ends = Annotated[datetime | None, typer.Option("--until", help="Until when, local time; without end.")]


@app.command()
def register(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name.")],
    pictures: Pictures = None,
    video: Video = None,
    owner: Annotated[str | None, typer.Option(help="Whose likeness it is; the API key's name where absent.")] = None,
    alias: Annotated[list[str] | None, typer.Option(help="A further display name; repeatable.")] = None,
    ability: Annotated[
        list[Ability] | None, typer.Option(help="A movement that it can show; head, mouth and eyelids where absent.")
    ] = None,
    outfit: Annotated[str, typer.Option(help="The outfit that the pictures show.")] = "default",
    vrm: Annotated[str | None, typer.Option(metavar="SHA256", help="SHA-256 of its VRM file.")] = None,
    vtube_studio: Annotated[str | None, typer.Option(metavar="MODELID", help="Its modelID in VTube Studio.")] = None,
    code: Annotated[str | None, typer.Option(help="Its national digital-human code.")] = None,
    begins: Begins = None,
    ends: Ends = None,
    policy: Annotated[str | None, typer.Option(help="Profile that its sessions are judged by.")] = None,
    resembles_person: Annotated[
        bool, typer.Option(help="It resembles a living person, and needs their consent on record.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Register a likeness from pictures or a short video."""
    fields = {
        "name": name,
        "owner": owner,
        "aliases": alias or None,
        "abilities": [str(one) for one in ability] if ability else None,
        "outfit": outfit,
        "vrm_sha256": vrm,
        "vtube_studio_model": vtube_studio,
        "code": code,
        "valid_from": moment(begins),
        "valid_until": moment(ends),
        "policy": policy,
        "resembles_person": "true" if resembles_person else None,
    }
    avatar = client(ctx).upload("/v1/avatars", fields, files_of(pictures or []) + video_of(video))
    put_avatar(avatar, as_json)
    if avatar["state"] == "review":
        say(f"It is too like another one: 'nakanohito avatars review {avatar['id']}' shows both.")


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Avatars: register, review, suspend; protected likenesses and consents. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    owner: Annotated[str | None, typer.Option(help="Only of this owner.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state, such as active or suspended.")] = None,
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
    put_avatar(client(ctx).get(f"/v1/avatars/{avatar}"), as_json)


@app.command()
def dress(
    ctx: typer.Context,
    avatar: AvatarArgument,
    outfit: Annotated[str, typer.Argument(help="Name of the outfit.")],
    pictures: Pictures = None,
    video: Video = None,
    as_json: AsJson = False,
) -> None:
    """Let an avatar be known in another outfit."""
    files = files_of(pictures or []) + video_of(video)
    put_avatar(client(ctx).upload(f"/v1/avatars/{avatar}/outfits", {"outfit": outfit}, files), as_json)


@app.command()
def suspend(ctx: typer.Context, avatar: AvatarArgument, reason: Reason = None, as_json: AsJson = False) -> None:
    """Keep an avatar off air until it is reinstated; its live sessions are cut."""
    _decide(ctx, avatar, "suspend", reason, as_json)


@app.command()
def reinstate(ctx: typer.Context, avatar: AvatarArgument, reason: Reason = None, as_json: AsJson = False) -> None:
    """Let a suspended avatar be on air again."""
    _decide(ctx, avatar, "reinstate", reason, as_json)


@app.command()
def revoke(ctx: typer.Context, avatar: AvatarArgument, reason: Reason = None, as_json: AsJson = False) -> None:
    """Take an avatar out for good; its live sessions are cut."""
    _decide(ctx, avatar, "revoke", reason, as_json)


@app.command()
def renew(
    ctx: typer.Context, avatar: AvatarArgument, begins: Begins = None, ends: Ends = None, as_json: AsJson = False
) -> None:
    """Give an avatar another validity."""
    request = {"valid_from": moment(begins), "valid_until": moment(ends)}
    put_avatar(client(ctx).post(f"/v1/avatars/{avatar}/renew", request), as_json)


def _decide(ctx: typer.Context, avatar: str, what: str, reason: str | None, as_json: bool) -> None:
    request: dict[str, Any] | None = None if reason is None else {"reason": reason}
    put_avatar(client(ctx).post(f"/v1/avatars/{avatar}/{what}", request), as_json)


avatar_reviews.add_to(app)
avatar_consents.add_to(app)
