import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.ledger import Ledger
from tests.unit.monitor.cli.terminal import Terminal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".nakanohito" / "ledger.sqlite"

    async def write() -> None:
        ledger = await Ledger.open(path)
        for number in range(3):
            at = datetime(2026, 11, 22, 8, number, tzinfo=UTC)
            await ledger.append("verdict.changed", "ses_a" if number else "ses_b", "", {"number": number}, at)
        await ledger.close()

    asyncio.run(write())
    return path


def test_a_whole_ledger(terminal: Terminal, file: Path) -> None:
    assert "whole" in terminal.well("ledger", "verify")
    found = terminal.document("ledger", "verify", str(file))
    assert (found["ok"], found["entries"], found["first_bad"]) == (True, 3, None)


def test_an_altered_ledger(terminal: Terminal, file: Path) -> None:
    with sqlite3.connect(file) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE entries SET session = 'ses_x' WHERE number = 2")
    typed = terminal.type("ledger", "verify")
    assert typed.code == 1
    assert "2" in typed.err
    with_json = terminal.type("ledger", "verify", "--json")
    assert (with_json.code, json.loads(with_json.out)["ok"]) == (1, False)


def test_entries_are_shown(terminal: Terminal, file: Path) -> None:
    assert "ses_b" in terminal.well("ledger", "show")
    lines = terminal.well("ledger", "show", "--session", "ses_a", "--json").splitlines()
    assert [json.loads(line)["body"] for line in lines] == [{"number": 1}, {"number": 2}]
    assert "No such entry" in terminal.type("ledger", "show", "--kind", "none").err


def test_no_ledger(terminal: Terminal, tmp_path: Path) -> None:
    typed = terminal.type("ledger", "verify")
    assert (typed.code, "There is no ledger" in typed.err) == (2, True)
    (tmp_path / "junk").write_bytes(b"junk" * 1000)
    junk = terminal.type("ledger", "verify", "junk")
    assert junk.code in {1, 2}
    assert junk.err.count("\n") == 1
