"""The token that VTube Studio has given us: in a file that only its owner can read."""

import os
from contextlib import suppress
from pathlib import Path

from monitor.operator.tracking.choice import TrackerRefused

_BYTES = 64


def default_file() -> Path:
    """Where the token is kept if nobody says otherwise."""
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "nakanohito" / "vtube-studio.token"


def load(file: Path) -> str | None:
    """The token; None where there is none yet. Raises TrackerRefused for a file that others can read."""
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(_BYTES + 2).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrackerRefused(f"{file} cannot be read: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise TrackerRefused(f"{file} can be read by others: chmod 600 {file}, or delete it and be asked again")
    return text if text and len(text) <= _BYTES and text.isascii() and text.isprintable() else None


def save(file: Path, token: str) -> None:
    """Keep the token; the file is there whole or not at all. Raises TrackerRefused."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            fresh.unlink()
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(token)
        fresh.replace(file)
    except OSError as error:
        raise TrackerRefused(f"{file} cannot be written: {error.strerror}") from None


def forget(file: Path) -> None:
    """Drop a token that is taken no more."""
    with suppress(OSError):
        file.unlink()
