"""The commands: ours by name, and those of installed packages (entry points of the group ``nakanohito.commands``).

A command is imported when it is asked for: completion stays quick, and a package that fails spoils its own command
and no other.
"""

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monitor.cli.client import Access
from monitor.cli.screen import fail

GROUP = "nakanohito.commands"

OURS: dict[str, str] = {
    "serve": "monitor.cli.serve:serve",
    "attach": "monitor.cli.attach:attach",
    "bookings": "monitor.cli.bookings:app",
    "sessions": "monitor.cli.sessions:app",
    "cuts": "monitor.cli.cuts:app",
    "cases": "monitor.cli.cases:app",
    "strikes": "monitor.cli.strikes:app",
    "avatars": "monitor.cli.avatars:app",
    "batches": "monitor.cli.batches:app",
    "operators": "monitor.cli.operators:app",
    "operate": "monitor.cli.operate:operate",
    "replay": "monitor.cli.replay:replay",
    "simulate": "monitor.cli.simulate:simulate",
    "ledger": "monitor.cli.ledger:app",
    "verify": "monitor.cli.verify:verify",
    "report": "monitor.cli.report:report",
    "policies": "monitor.cli.policies:app",
    "accounts": "monitor.cli.accounts:app",
    "keys": "monitor.cli.keys:app",
    "settings": "monitor.cli.settings:settings",
}
"""Name → where it is: a function, or a group of commands."""


class Commands(TyperGroup):
    """Commands that are loaded when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Ours in their order, then those of other packages by name."""
        return [*OURS, *sorted(set(_plugins()) - set(OURS))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None where there is none."""
        if cmd_name in OURS:
            module, _, name = OURS[cmd_name].partition(":")
            return _command(cmd_name, getattr(import_module(module), name))
        plugin = _plugins().get(cmd_name)
        return None if plugin is None else _foreign(plugin)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked for; for one that is not there, those that it may have meant."""
        if args and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx))
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _foreign(point: EntryPoint) -> Any:
    """The command of another package; where it cannot be loaded, one that says so."""
    try:
        return _command(point.name, point.load())
    except Exception as fault:  # whatever a stranger's module fails with
        # Names, since what was caught is gone when the command is called.
        why = f"{type(fault).__name__}: {fault}".splitlines()[0]

    def broken() -> None:
        fail(f"The command '{point.name}' ({point.value}) cannot be loaded: {why}")

    broken.__doc__ = f"Cannot be loaded: {why}"
    return _command(point.name, broken)


def _command(name: str, thing: typer.Typer | Callable[..., Any]) -> Any:
    if not isinstance(thing, typer.Typer):
        function, thing = thing, typer.Typer(add_completion=False)
        thing.command(name)(function)
    command = typer.main.get_command(thing)
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"nakanohito {version('nakanohito')}")
        except PackageNotFoundError:
            typer.echo("nakanohito, not installed")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(envvar="NAKANOHITO_URL", help="Where the service answers; where its settings say, if absent."),
    ] = None,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version, and stop.")
    ] = False,
) -> None:
    """Who drives this avatar? Proves that a person drives a virtual-human stream, and cuts streams nobody drives.

    Commands that ask the service take its API key from NAKANOHITO_API_KEY, or from the file admin.key that the
    service wrote into its data folder.
    """
    ctx.obj = Access(url=url)
