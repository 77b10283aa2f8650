import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
import typer

from monitor.cli import commands
from tests.unit.monitor.cli.terminal import Terminal

QUICK = [name for name in commands.OURS if name not in {"replay", "operate"}]


def plugins(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    found = {name: EntryPoint(name=name, value=value, group=commands.GROUP) for name, value in points.items()}
    monkeypatch.setattr(commands, "_plugins", lambda: found)


def greeting() -> None:
    """Say hello."""
    typer.echo("hello")


def test_version(terminal: Terminal) -> None:
    assert terminal.well("--version").startswith("nakanohito")


@pytest.mark.parametrize("name", QUICK)
def test_every_command_has_help(terminal: Terminal, name: str) -> None:
    assert "Usage: " in terminal.well(name, "--help")


def test_a_command_of_another_package(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins(monkeypatch, hello=f"{__name__}:greeting")
    assert terminal.well("hello") == "hello\n"
    assert "Say hello." in terminal.well("--help")


@pytest.mark.parametrize("value", ["no_such_package:command", f"{__name__}:no_such_name"])
def test_a_package_that_fails_is_one_line_and_spoils_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    plugins(monkeypatch, broken=value)
    typed = terminal.type("broken")
    assert (typed.code, typed.err.count("\n")) == (1, 1)
    assert "cannot be loaded" in typed.err
    assert "broken" in terminal.well("--help")
    assert terminal.type("settings").code == 0


def test_others_cannot_take_our_names(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins(monkeypatch, settings=f"{__name__}:greeting")
    assert "hello" not in terminal.well("settings")


def test_a_misspelt_command(terminal: Terminal) -> None:
    typed = terminal.type("sesions")
    assert typed.code == 2
    assert "Did you mean sessions" in typed.err


def test_completion_can_be_installed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--install-completion" in terminal.well("--help")


@pytest.mark.parametrize(("given", "then"), [(None, "1"), ("3", "3")])
def test_threads_calculate_alone_unless_the_environment_says_otherwise(given: str | None, then: str) -> None:
    told = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    code = (
        "import atexit, os, sys; from monitor.cli import main; early = 'numpy' in sys.modules;"
        " atexit.register(lambda: print(early, os.environ['OMP_NUM_THREADS'])); sys.argv[1:] = ['--version']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=told if given is None else told | {"OMP_NUM_THREADS": given},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == f"False {then}"
