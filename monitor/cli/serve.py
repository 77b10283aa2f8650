"""``nakanohito serve``: the service itself."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.screen import fail
from monitor.settings import Settings, SettingsRefused
from registry.error import RegistryError


def serve(
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings", "-s", envvar="NAKANOHITO_SETTINGS", help="TOML file; ./nakanohito.toml where there is one."
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on, instead of the settings'.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on, instead of the settings'.")
    ] = None,
) -> None:
    """Run the service: HTTP API, operators' channel, monitoring, cutting. Ctrl-C stops it."""
    try:
        loaded = Settings.load(settings)
    except SettingsRefused as refused:
        fail(str(refused), 2)
    instead = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    from monitor.app import run  # heavy: codecs, WebRTC, models

    try:
        run(loaded.model_copy(update=instead))
    except RegistryError as error:
        fail(str(error))
