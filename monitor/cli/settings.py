"""``nakanohito settings``: what can be set, and what is set."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.screen import AsJson, fail, put_json, put_table
from monitor.settings import Settings, SettingsRefused
from monitor.settings_reference import entries


def settings(
    file: Annotated[
        Path | None,
        typer.Option(
            "--settings", "-s", envvar="NAKANOHITO_SETTINGS", help="TOML file; ./nakanohito.toml where there is one."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the settings and say what can be set; with --json, what is set (secrets hidden)."""
    try:
        loaded = Settings.load(file)
    except SettingsRefused as refused:
        fail(str(refused), 2)
    if as_json:
        put_json(loaded.model_dump(mode="json"))
        return
    rows = [{"key": e.key, "default": e.default.replace("`", ""), "says": e.says.replace("`", "")} for e in entries()]
    put_table(rows, {"key": "key", "default": "default", "": "says"}, nothing="")
