"""The ledger's file: SQLite of its own, append-only, durable at every commit. ``ledger`` gives it a thread."""

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protocols.chain import Entry, Head, follow
from registry.error import LedgerDamaged, LedgerFailure
from registry.ledger_head import HeadFile
from registry.ledger_reader import COLUMNS, end, head_at, head_path, require, stored_text, translated, walk

_APPLICATION = 0x4E4B484C  # "NKHL"
_FORMAT = 1
# Checked whenever the ledger is opened; all of it is what `verify` is for.
_TAIL = 256

_SCHEMA = """
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    session TEXT NOT NULL,
    subject TEXT NOT NULL,
    body BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX entries_session ON entries (session, number);
CREATE INDEX entries_subject ON entries (subject, kind, number);
CREATE INDEX entries_kind ON entries (kind, number);
CREATE TRIGGER entries_grow BEFORE INSERT ON entries
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows at its end'); END;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never changed'); END;
CREATE TRIGGER entries_remain BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never removed'); END;
"""
_MARKS = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_FORMAT};"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to become an entry; ``at`` and ``body`` in the form that is stored."""

    at: str
    kind: str
    session: str
    subject: str
    body: bytes


class LedgerFile:
    """A ledger open for writing. Used by one thread at a time."""

    def __init__(self, path: Path, held: HeadFile) -> None:
        self.path = path
        self._held = held
        self._connection: sqlite3.Connection | None = None
        self.head = Head()

    @classmethod
    def open(cls, path: Path) -> "LedgerFile":
        """Open or begin the ledger at ``path``. Raises LedgerHeld, LedgerDamaged or LedgerFailure."""
        with translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            held = HeadFile.hold(head_path(path))
            file = cls(path, held)
            try:
                file.recover()
                file._check()
            except BaseException:
                file.close()
                raise
        return file

    def recover(self) -> None:
        """Connect anew and find out where the ledger ends: after a failure, what was last written is uncertain."""
        with translated(self.path):
            self._disconnect()
            self._connection = _connect(self.path)
            _prepare(self._connection, self.path)
            self.head = end(self._connection)
            if (noted := self._held.read()) is not None:
                require(self._connection, noted, self.path)

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Append all of ``drafts`` in one commit, or none; returns when they are durable. Raises LedgerFailure."""
        if self._connection is None:
            self.recover()
        connection = self._connection
        assert connection is not None  # noqa: S101 - recover connects or raises
        head, entries = self.head, []
        for draft in drafts:
            entry = follow(
                head,
                at=draft.at,
                kind=draft.kind,
                session=draft.session,
                subject=draft.subject,
                body=draft.body,
            )
            entries.append(entry)
            head = Head(number=entry.number, hash=entry.hash)
        try:
            with translated(self.path):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    f"INSERT INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - own constant
                    [_row(entry) for entry in entries],
                )
                connection.execute("COMMIT")
        except BaseException:
            # Whether the commit arrived is not known: the next append looks.
            self._disconnect()
            raise
        self.head = head
        self._held.note(head)
        return entries

    def close(self) -> None:
        """Close the file and let others write."""
        self._disconnect()
        self._held.release()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _check(self) -> None:
        """That the end of the chain is whole."""
        connection = self._connection
        assert connection is not None  # noqa: S101 - called after recover
        start = max(0, self.head.number - _TAIL)
        verification = walk(connection, head_at(connection, start))
        if not verification.ok:
            raise LedgerDamaged(f"The ledger {self.path} is damaged: {verification.flaw}. Restore a whole copy of it.")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.text_factory = stored_text
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cell_size_check = ON")
    application, version, tables = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), "
        "(SELECT count(*) FROM sqlite_schema)"
    ).fetchone()
    if tables == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {_MARKS} COMMIT;")
    elif application != _APPLICATION:
        raise LedgerDamaged(f"{path} is a database, but not a ledger; name another file.")
    elif version != _FORMAT:
        raise LedgerFailure(
            f"The ledger {path} has format {version}, which this version does not know; install a newer."
        )


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.number,
        entry.at,
        entry.kind,
        entry.session,
        entry.subject,
        entry.body,
        entry.previous,
        entry.hash,
    )
