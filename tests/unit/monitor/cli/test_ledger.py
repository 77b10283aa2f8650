import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.ledger import Ledger
from tests.unit.monitor.api.house import House
from tests.unit.monitor.api.world import NOW
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


# ---- signed


@pytest.fixture
def key(home: House) -> str:
    return str(home.world.service.notary.verifier)


def noted(home: House, count: int) -> int:
    """Enter so many; return how many there are."""

    async def append() -> None:
        for number in range(count):
            await home.world.registry.ledger.append("verdict.changed", "ses_a", "", {"number": number}, NOW)

    asyncio.run_coroutine_threadsafe(append(), home.loop).result(30)
    return home.world.registry.ledger.head.number


def test_a_ledger_is_verified_against_a_checkpoint_that_was_kept(terminal: Terminal, home: House, key: str) -> None:
    noted(home, 4)
    Path("kept").write_text(terminal.well("ledger", "checkpoint"))
    count = noted(home, 2)
    file = str(home.world.registry.ledger.path)
    found = terminal.document("ledger", "verify", file, "--key", key, "--checkpoint", "kept")
    assert (found["ok"], found["entries"], found["checkpoints"]) == (True, count, 1)
    Path("key").write_text(key)
    assert "checkpoints that hold" in terminal.well("ledger", "verify", file, "--key", "key", "--checkpoint", "kept")


def test_an_entry_is_proven_without_the_ledger(terminal: Terminal, home: House, key: str) -> None:
    last = noted(home, 5)
    proof = terminal.well("ledger", "prove", str(last - 2))
    Path("proof").write_text(proof)
    assert "in the ledger" in terminal.well("ledger", "check", "proof", "--key", key)
    assert terminal.document("ledger", "check", "proof", "--key", key)["body"] == {"number": 2}
    Path("ledger.pub").write_text(key)
    terminal.well("ledger", "check", "proof")


def test_a_proof_that_was_changed_shows_nothing(terminal: Terminal, home: House, key: str) -> None:
    last = noted(home, 5)
    proof = json.loads(terminal.well("ledger", "prove", str(last - 2)))
    other = json.loads(terminal.well("ledger", "prove", str(last - 1)))
    wrong = [
        (proof | {"entry": proof["entry"] | {"kind": "cut.confirmed"}}, "was altered", 1),
        (proof | {"entry": other["entry"]}, "not shown to be", 1),
        (proof | {"proof": proof["proof"][:-1]}, "not shown to be", 1),
        (proof | {"checkpoint": proof["checkpoint"].replace(f"\n{last}\n", f"\n{last + 1}\n")}, "no signature", 1),
        (proof | {"proof": ["xyz"]}, "no proof of an entry", 2),
        ({}, "no proof of an entry", 2),
    ]
    for number, (document, says, code) in enumerate(wrong):
        Path(f"{number}").write_text(json.dumps(document))
        typed = terminal.type("ledger", "check", f"{number}", "--key", key)
        assert (typed.code, says in typed.err, typed.err.count("\n")) == (code, True, 1)


def test_a_key_and_a_checkpoint_that_are_none_are_said(
    terminal: Terminal, home: House, key: str, tmp_path: Path
) -> None:
    noted(home, 1)
    file = str(home.world.registry.ledger.path)
    (tmp_path / "junk").write_bytes(b"\xff\xfe junk")
    (tmp_path / "kept").write_text(terminal.well("ledger", "checkpoint"))
    wrong = [
        (("--checkpoint", "kept"), "whose signatures to believe"),
        (("--key", "junk"), "--key"),
        (("--key", "not+a+key"), "verifier key"),
        (("--key", key, "--checkpoint", "junk"), "cannot be read as a checkpoint"),
        (("--key", key.replace("log.example", "log.other"), "--checkpoint", "kept"), "id is not that of its key"),
    ]
    for words, says in wrong:
        typed = terminal.type("ledger", "verify", file, *words)
        assert (typed.code, says in typed.err, typed.err.count("\n")) == (2, True, 1), typed.err
