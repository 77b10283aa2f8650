"""What the commands about avatars have in common: their arguments, the files they send, the card they show."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.screen import fail, put_card, put_json

AvatarArgument = Annotated[str, typer.Argument(metavar="AVATAR", help="Id of the avatar.")]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the ledger.")]
Because = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")]

File = tuple[str, tuple[str, bytes]]

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def files_of(given: list[Path]) -> list[File]:
    """Pictures, and those in folders, as they are sent."""
    return [("pictures", (path.name, _read(path))) for path in _paths(given)]


def video_of(path: Path | None) -> list[File]:
    """The video as it is sent."""
    return [] if path is None else [("video", (path.name, _read(path)))]


def moment(given: datetime | None) -> str | None:
    """A local time as the API takes it."""
    return None if given is None else given.astimezone().isoformat()


def put_avatar(avatar: dict[str, Any], as_json: bool) -> None:
    """Show an avatar."""
    if as_json:
        put_json(avatar)
        return
    pairs = {"avatar" if name == "id" else name.replace("_at", ""): value for name, value in avatar.items()}
    pairs["model"] = str(avatar["model"])[:12]
    pairs["assets"] = [f"{asset['kind']}:{asset['value'][:12]}…" for asset in avatar["assets"]]
    pairs["conflicts"] = [one["other"] for one in avatar.get("conflicts", [])]
    put_card(pairs)


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
