from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.monitor.api.house import House, house
from tests.unit.monitor.cli.terminal import Terminal


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NAKANOHITO_URL", "NAKANOHITO_API_KEY", "NAKANOHITO_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(CliRunner())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house(tmp_path / "data") as opened:
        monkeypatch.setenv("NAKANOHITO_URL", opened.url)
        monkeypatch.setenv("NAKANOHITO_API_KEY", opened.world.secret)
        yield opened
