"""``nakanohito serve``: the service itself."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.screen import fail, say
from monitor.settings import Settings, SettingsRefused


def serve(
    file: Annotated[
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
        settings = Settings.load(file)
    except SettingsRefused as refused:
        fail(str(refused), 2)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    _run(settings.model_copy(update=given))


def _run(settings: Settings) -> None:
    # Heavy: codecs, WebRTC and models are loaded for this command alone.
    from monitor.app import run
    from monitor.console import BUILT
    from monitor.keyring import KeyringRefused
    from monitor.log import configure
    from monitor.observers.likeness import ModelRefused
    from registry.error import RegistryError

    def ready(url: str) -> None:
        say(f"Nakanohito serves at {url}; the API is described at {url}/docs.")
        if (BUILT / "console").is_dir():  # otherwise the log has said what to do
            local = f"http://localhost:{url.rpartition(':')[2]}"  # no passkey belongs to an address in numbers
            say(f"Moderators sign in at {next(iter(settings.passkeys.origins), local)}/console.")
        say(f"The administrator's key is in {settings.admin_key}; Ctrl-C stops the service.")

    configure(settings.log)
    try:
        run(settings, ready)
    except (RegistryError, ModelRefused, KeyringRefused) as error:
        fail(str(error))
    except OSError as error:
        fail(f"The service cannot start: {error.strerror or error}.")
