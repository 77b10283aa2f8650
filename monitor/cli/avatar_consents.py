"""Consents, protected likenesses and negatives on the command line."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from monitor.cli.avatar_card import AvatarArgument, Because, files_of, moment, put_avatar
from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_card, put_json, put_table

Likeness = Annotated[str, typer.Argument(metavar="LIKENESS", help="Id of the likeness: pro_… or neg_…")]
Pictures = Annotated[list[Path], typer.Argument(exists=True, help="Pictures (JPEG, PNG, WebP), or folders of them.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands of ``nakanohito avatars``."""
    for command in (consent, consents, withdraw, protect, protected, negative, negatives, release):
        app.command()(command)


def consent(
    ctx: typer.Context,
    avatar: AvatarArgument,
    subject: Annotated[str, typer.Option(help="Reference of the person; never a name.")],
    purpose: Annotated[str, typer.Option(help="What for.")],
    scope: Annotated[str, typer.Option(help="How far.")],
    guardian: Annotated[str | None, typer.Option(help="Reference of who agreed for them; never a name.")] = None,
    obtained: Annotated[datetime | None, typer.Option(help="When it was obtained, local time; now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record that the person whom an avatar resembles agreed."""
    request = {
        "subject": subject,
        "purpose": purpose,
        "scope": scope,
        "guardian": guardian,
        "obtained_at": moment(obtained) or datetime.now(UTC).isoformat(),
    }
    recorded = client(ctx).post(f"/v1/avatars/{avatar}/consents", request)
    (put_json if as_json else put_card)(recorded)


def consents(ctx: typer.Context, avatar: AvatarArgument, as_json: AsJson = False) -> None:
    """List the consents for an avatar."""
    found = client(ctx).get(f"/v1/avatars/{avatar}/consents")
    if as_json:
        put_json(found)
        return
    columns = {"consent": "id", "subject": "subject", "purpose": "purpose", "scope": "scope"}
    columns |= {"obtained": "obtained_at", "withdrawn": "withdrawn_at"}
    put_table(found, columns, nothing="No consent is on record.")


def withdraw(
    ctx: typer.Context,
    consent: Annotated[str, typer.Argument(metavar="CONSENT", help="Id of the consent.")],
    reason: Because,
    as_json: AsJson = False,
) -> None:
    """Withdraw a consent: the avatar goes off air and is revoked, its pictures and vectors are deleted."""
    _put_purge(client(ctx).post(f"/v1/consents/{consent}/withdraw", {"reason": reason}), as_json)


def protect(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A reference of yours for it; never a person's name.")],
    pictures: Pictures,
    owner: Annotated[str | None, typer.Option(help="Whose likeness it is; the API key's name where absent.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register a likeness only to be protected: nobody may be on air with it."""
    put_avatar(client(ctx).upload("/v1/protected", {"name": name, "owner": owner}, files_of(pictures)), as_json)


def protected(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List protected likenesses."""
    _put_likenesses(client(ctx).every("/v1/protected"), "No likeness is protected.", as_json)


def negative(
    ctx: typer.Context,
    kind: Annotated[Literal["look", "scene"], typer.Argument(help="A generic look, or a background or thing.")],
    name: Annotated[str, typer.Argument(help="What to call it.")],
    pictures: Pictures,
    as_json: AsJson = False,
) -> None:
    """Register what must never count as anybody's likeness."""
    fields = {"name": name, "kind": kind}
    put_avatar(client(ctx).upload("/v1/negatives", fields, files_of(pictures)), as_json)


def negatives(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List negatives."""
    _put_likenesses(client(ctx).every("/v1/negatives"), "There is no negative.", as_json)


def release(ctx: typer.Context, likeness: Likeness, reason: Because, as_json: AsJson = False) -> None:
    """Drop a protected likeness or a negative; its pictures and vectors are deleted."""
    noun = "negatives" if likeness.startswith("neg_") else "protected"
    _put_purge(client(ctx).post(f"/v1/{noun}/{likeness}/release", {"reason": reason}), as_json)


def _put_likenesses(found: list[Any], nothing: str, as_json: bool) -> None:
    if as_json:
        put_json(found)
        return
    columns = {"likeness": "id", "name": "name", "owner": "owner", "role": "role", "state": "state"}
    put_table(found, columns, nothing=nothing)


def _put_purge(purged: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(purged)
        return
    put_card(
        {
            "avatar": purged["avatar"]["id"],
            "state": purged["avatar"]["state"],
            "pictures deleted": len(purged["pictures"]),
            "vectors deleted": purged["vectors"],
            "salt, not shown again": purged["salt"],
        }
    )
