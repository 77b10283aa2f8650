"""Reviews on the command line: what is too like what, the pictures side by side, and the decision."""

from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.avatar_card import AvatarArgument, Because, put_avatar
from monitor.cli.client import client
from monitor.cli.screen import AsJson, fail, put_json, put_table, say


def add_to(app: typer.Typer) -> None:
    """Make these commands of ``nakanohito avatars``."""
    for command in (reviews, review, approve, reject, merge):
        app.command()(command)


def reviews(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List avatars that wait for a person's review."""
    found = client(ctx).every("/v1/reviews")
    if as_json:
        put_json(found)
        return
    columns = {"avatar": "id", "name": "name", "owner": "owner", "because": "because", "since": "since"}
    put_table(found, columns, nothing="Nothing waits for a review.")


def review(
    ctx: typer.Context,
    avatar: AvatarArgument,
    save: Annotated[
        Path | None, typer.Option(file_okay=False, help="Write both pictures of each pair into this folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what an avatar is too like to, and how much."""
    found = client(ctx).get(f"/v1/reviews/{avatar}")
    written = [] if save is None else _save(save, found["conflicts"])
    if as_json:
        put_json(found)
        return
    columns = {
        "other": "other", "name": "other_name", "owner": "other_owner", "role": "other_role", "by": "reason",
        "similarity": "similarity", "probability": "probability", "resolution": "resolution",
    }  # fmt: skip
    put_table(found["conflicts"], columns, nothing="It is like no other.")
    for path in written:
        say(str(path))


def approve(ctx: typer.Context, avatar: AvatarArgument, reason: Because, as_json: AsJson = False) -> None:
    """Approve an avatar: it is somebody else than those it is like."""
    put_avatar(client(ctx).post(f"/v1/reviews/{avatar}/approve", {"reason": reason}), as_json)


def reject(ctx: typer.Context, avatar: AvatarArgument, reason: Because, as_json: AsJson = False) -> None:
    """Reject an avatar: it is somebody else's likeness."""
    put_avatar(client(ctx).post(f"/v1/reviews/{avatar}/reject", {"reason": reason}), as_json)


def merge(
    ctx: typer.Context,
    avatar: AvatarArgument,
    into: Annotated[str, typer.Option(help="Id of the owner's avatar that it really is.")],
    reason: Because,
    as_json: AsJson = False,
) -> None:
    """Make an avatar one with another of the same owner."""
    put_avatar(client(ctx).post(f"/v1/avatars/{avatar}/merge", {"into": into, "reason": reason}), as_json)


def _save(folder: Path, conflicts: list[dict[str, Any]]) -> list[Path]:
    """Write the pictures: for each conflict the submitted avatar's and the other's."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, conflict in enumerate(conflicts, start=1):
            for side, whose in (("picture", "submitted"), ("other_picture", conflict["other"])):
                if conflict[side] is not None:
                    path = folder / f"{number:02d}-{whose}.jpg"
                    path.write_bytes(b64decode(conflict[side]))
                    written.append(path)
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}.", 2)
    return written
