import contextlib
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.chain import Entry, Head
from registry.error import LedgerDamaged, LedgerFailure, LedgerHeld
from registry.ledger_file import Draft, LedgerFile
from registry.ledger_reader import LedgerReader, head_path, verify

AT = "2026-11-23T12:00:00.000000+00:00"
COLUMNS = ("number", "at", "kind", "session", "subject", "body", "previous", "hash")


def draft(number: int, kind: str = "verdict", subject: str = "") -> Draft:
    return Draft(
        at=AT, kind=kind, session=f"ses_{number % 3}", subject=subject or f"s{number}", body=b'{"n":%d}' % number
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def written(path: Path) -> list[Entry]:
    """The entries of a ledger of 40, at ``path``, closed."""
    file = LedgerFile.open(path)
    entries = [entry for start in range(0, 40, 8) for entry in file.append([draft(start + n) for n in range(8)])]
    file.close()
    return entries


@contextlib.contextmanager
def forger(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with the file in hand and without scruples."""
    connection = sqlite3.connect(path, isolation_level=None)
    for trigger in ("entries_grow", "entries_stay", "entries_remain"):
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    yield connection
    connection.close()


def test_entries_are_chained_and_found_again(path: Path, written: list[Entry]) -> None:
    with contextlib.closing(LedgerReader(path)) as reader:
        assert reader.read() == tuple(written)
        assert reader.read(after=38) == tuple(written[38:])
        assert reader.read(limit=2, session="ses_1") == (written[1], written[4])
        assert reader.read(kind="verdict", subject="s7") == (written[7],)
        assert reader.read(kind="other") == ()
        verification = reader.verify()
    assert (verification.ok, verification.entries, verification.first_bad) == (True, 40, None)
    assert verification.head == Head(number=40, hash=written[-1].hash)


def test_a_ledger_goes_on_where_it_ended(path: Path, written: list[Entry]) -> None:
    file = LedgerFile.open(path)
    (entry,) = file.append([draft(40)])
    file.close()
    assert (entry.number, entry.previous) == (41, written[-1].hash)
    assert verify(path).ok


def test_intents_without_a_receipt_are_open(path: Path) -> None:
    file = LedgerFile.open(path)
    intent, receipt = "cut.intended", "cut.confirmed"
    kinds = [(intent, "a"), (intent, "b"), ("verdict", "c"), (receipt, "a"), (intent, "d")]
    file.append([draft(n, kind, subject) for n, (kind, subject) in enumerate(kinds)])
    with contextlib.closing(LedgerReader(path)) as reader:
        assert [entry.subject for entry in reader.open_intents()] == ["b", "d"]
        file.append([draft(9, "cut.confirmed", "d")])
        assert [entry.subject for entry in reader.open_intents()] == ["b"]
    file.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET kind = 'x' WHERE number = 5",
        "DELETE FROM entries WHERE number = 40",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT 5, at, 'k', 's', 's', body, previous, hash FROM entries LIMIT 1",
        "INSERT INTO entries SELECT 99, at, 'k', 's', 's', body, previous, hash FROM entries LIMIT 1",
    ],
)
def test_the_database_itself_forbids_changes(path: Path, written: list[Entry], statement: str) -> None:
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match=r"ledger|entry"):
        connection.execute(statement)
    connection.close()
    assert verify(path).entries == len(written)


def test_any_byte_of_any_row_that_is_changed_is_found(path: Path, written: list[Entry], tmp_path: Path) -> None:
    chance = random.Random(20261123)
    for trial in range(200):
        copy = tmp_path / f"copy{trial}.sqlite"
        shutil.copy(path, copy)
        number, column = chance.randint(1, 40), chance.choice(COLUMNS)
        with forger(copy) as connection:
            connection.text_factory = bytes
            (before,) = connection.execute(f"SELECT {column} FROM entries WHERE number = ?", (number,)).fetchone()
            if column == "number":
                connection.execute("UPDATE entries SET number = ? WHERE number = ?", (chance.randint(41, 99), number))
            else:
                changed = bytearray(before)
                changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
                kind = "BLOB" if column in ("body", "previous", "hash") else "TEXT"
                connection.execute(
                    f"UPDATE entries SET {column} = CAST(? AS {kind}) WHERE number = ?", (bytes(changed), number)
                )
        found = verify(copy)
        assert not found.ok, (number, column)
        assert found.first_bad == number, (number, column)
        assert found.head == Head(number=number - 1, hash=written[number - 2].hash if number > 1 else bytes(32))
        copy.unlink()


def test_any_byte_of_the_file_that_is_changed_alters_no_entry_in_silence(
    path: Path, written: list[Entry], tmp_path: Path
) -> None:
    chance = random.Random(7)
    content = path.read_bytes()
    copy = tmp_path / "copy.sqlite"
    found = 0
    for _ in range(200):
        changed = bytearray(content)
        changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
        copy.write_bytes(changed)
        try:
            with contextlib.closing(LedgerReader(copy)) as reader:
                whole = reader.verify().ok
                assert not whole or reader.read() == tuple(written)
        except LedgerFailure:
            whole = False
        found += not whole
        for companion in ("-wal", "-shm"):
            Path(f"{copy}{companion}").unlink(missing_ok=True)
    assert found > 50


@pytest.mark.parametrize(
    ("statement", "bad"),
    [
        ("DELETE FROM entries WHERE number = 1", 1),
        ("DELETE FROM entries WHERE number = 20", 20),
        ("DELETE FROM entries WHERE number = 40", 40),
        ("DELETE FROM entries", 1),
        ("UPDATE entries SET body = (SELECT body FROM entries WHERE number = 2) WHERE number = 3", 3),
        ("UPDATE entries SET kind = CAST(x'ff80' AS TEXT) WHERE number = 3", 3),
    ],
)
def test_what_was_removed_or_replaced_is_found(path: Path, written: list[Entry], statement: str, bad: int) -> None:
    with forger(path) as connection:
        connection.execute(statement)
    found = verify(path)
    assert (found.ok, found.first_bad, found.entries) == (False, bad, bad - 1)
    assert found.flaw
    assert len(written) == 40


def test_an_index_that_hides_an_entry_is_found(path: Path, written: list[Entry]) -> None:
    with forger(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'entries_kind') "
            "WHERE name = 'entries_session'"
        )
    assert not verify(path).ok
    assert len(written) == 40


def test_a_ledger_put_back_to_an_earlier_state_is_not_opened(path: Path, tmp_path: Path) -> None:
    file = LedgerFile.open(path)
    file.append([draft(0)])
    file.close()
    shutil.copy(path, tmp_path / "backup")
    file = LedgerFile.open(path)
    file.append([draft(1)])
    file.close()
    shutil.copy(tmp_path / "backup", path)
    with pytest.raises(LedgerDamaged, match="acknowledged 2 entries and now has 1"):
        LedgerFile.open(path)
    assert verify(path).first_bad == 2
    head_path(path).unlink()  # the loss is accepted
    LedgerFile.open(path).close()


def test_a_ledger_whose_write_ahead_log_was_deleted_is_not_opened(path: Path, tmp_path: Path) -> None:
    file = LedgerFile.open(path)
    file.append([draft(0)])
    copy = tmp_path / "copy" / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    shutil.copy(head_path(path), head_path(copy))  # and not the -wal, where the entry still is
    file.close()
    with pytest.raises(LedgerDamaged, match="acknowledged 1 entries and now has 0"):
        LedgerFile.open(copy)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_torn_file_is_not_opened(path: Path, written: list[Entry], kept: float) -> None:
    size = path.stat().st_size
    os.truncate(path, int(size * kept))
    with pytest.raises(LedgerDamaged, match="Restore"):
        LedgerFile.open(path)
    assert len(written) == 40


def test_an_end_that_was_altered_is_not_opened(path: Path, written: list[Entry]) -> None:
    with forger(path) as connection:
        connection.execute("UPDATE entries SET body = x'7b7d' WHERE number = 39")
    with pytest.raises(LedgerDamaged, match="entry 39 was altered"):
        LedgerFile.open(path)
    assert len(written) == 40


def test_what_is_no_ledger_is_told(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"Dear ledger, " * 1000)
    with pytest.raises(LedgerDamaged, match="not a database"):
        LedgerFile.open(path)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    with pytest.raises(LedgerDamaged, match="not a ledger"):
        LedgerFile.open(other)
    with pytest.raises(LedgerFailure, match="no ledger at"):
        verify(tmp_path / "nothing.sqlite")
    (tmp_path / "file").touch()
    with pytest.raises(LedgerFailure, match="cannot be used"):
        LedgerFile.open(tmp_path / "file" / "ledger.sqlite")


def test_a_ledger_of_a_newer_format_is_told(path: Path, written: list[Entry]) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(LedgerFailure, match="format 9"):
        LedgerFile.open(path)
    assert len(written) == 40


def test_one_at_a_time_writes(path: Path) -> None:
    file = LedgerFile.open(path)
    with pytest.raises(LedgerHeld, match="only one may"):
        LedgerFile.open(path)
    file.append([draft(0)])
    file.close()
    LedgerFile.open(path).close()


def test_a_batch_is_entered_whole_or_not_at_all(path: Path) -> None:
    file = LedgerFile.open(path)
    file.append([draft(0)])
    bad = Draft(at=AT, kind="k", session="s", subject="s", body="not bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        file.append([draft(1), bad])
    assert [entry.number for entry in file.append([draft(2)])] == [2]
    file.close()
    assert verify(path).entries == 2


def test_a_commit_refused_by_another_lock_is_told_and_the_ledger_goes_on(path: Path) -> None:
    file = LedgerFile.open(path)
    file._connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[union-attr]
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerFailure, match="locked"):
        file.append([draft(0)])
    other.execute("ROLLBACK")
    other.close()
    assert file.append([draft(1)])[0].number == 1
    file.close()
