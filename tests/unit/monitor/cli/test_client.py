from pathlib import Path

import pytest

from registry.apikey import Scope
from tests.servers.ports import free_port
from tests.unit.monitor.api.house import House
from tests.unit.monitor.cli.terminal import Terminal


def test_no_service(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAKANOHITO_API_KEY", "nkh_x")
    typed = terminal.type("--url", f"http://127.0.0.1:{free_port()}", "sessions", "list")
    assert (typed.code, typed.out) == (1, "")
    assert "start it with 'nakanohito serve'" in typed.err


@pytest.mark.parametrize("url", ["localhost:8470", "ftp://localhost", "http://[::1", ""])
def test_no_address(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NAKANOHITO_API_KEY", "nkh_x")
    typed = terminal.type("--url", url or "x", "sessions", "list")
    assert typed.code == 2
    assert "no address of a service" in typed.err


def test_no_key(terminal: Terminal) -> None:
    typed = terminal.type("sessions", "list")
    assert typed.code == 2
    assert "NAKANOHITO_API_KEY" in typed.err
    assert "admin.key" in typed.err


def test_the_key_that_the_service_wrote(
    terminal: Terminal, home: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NAKANOHITO_API_KEY")
    (tmp_path / "nakanohito.toml").write_text('data_dir = "here"')
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "admin.key").write_text(home.world.secret + "\n")
    assert terminal.document("sessions", "list") == []


def test_broken_settings(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "nakanohito.toml").write_text("prot = 1")
    typed = terminal.type("sessions", "list")
    assert typed.code == 2
    assert "prot: no such setting" in typed.err


def test_a_key_that_is_refused(terminal: Terminal, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAKANOHITO_API_KEY", "nkh_wrong")
    typed = terminal.type("sessions", "list")
    assert (typed.code, "refuses this API key" in typed.err) == (1, True)


def test_a_key_without_the_scope(terminal: Terminal, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = home.call(home.world.key(Scope.CUTS_READ))
    monkeypatch.setenv("NAKANOHITO_API_KEY", headers["authorization"].removeprefix("Bearer "))
    typed = terminal.type("sessions", "list")
    assert (typed.code, "sessions:read" in typed.err) == (1, True)


def test_something_else_answers(terminal: Terminal, home: House) -> None:
    typed = terminal.type("--url", home.url + "/docs/x", "sessions", "list")
    assert typed.code == 1
    assert "nothing at this path" in typed.err
