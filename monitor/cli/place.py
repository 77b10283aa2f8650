"""Places on media servers, as they are typed: ``edge/live/room-42``."""

from monitor.cli.screen import fail


def place(text: str) -> dict[str, str]:
    """Server, application and stream of ``text``; says what is wrong and leaves where it is no place."""
    parts = text.split("/")
    if len(parts) != 3 or not all(parts):
        fail(f"'{text}' is no placement; write it like edge/live/room-42.", 2)
    return dict(zip(("server", "app", "stream"), parts, strict=True))
