"""The ledger's file: SQLite of its own, append-only, durable at every commit. Synchronous: ``ledger`` has the thread.

Read with any SQLite: one table, ``entries``, as described in ``protocols/chain.py``.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from protocols.chain import Entry, Head, flaw, follow
from registry.error import LedgerDamaged, LedgerFailure
from registry.ledger_head import HeadFile, read_head

INTENT = "cut.intent"
RECEIPT = "cut.receipt"
"""An intent without a receipt of the same subject was begun and not finished."""

_APPLICATION = 0x4E4B484C  # "NKHL"
_FORMAT = 1
_CHUNK = 500
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
_COLUMNS = "number, at, kind, session, subject, body, previous, hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to become an entry; ``at`` and ``body`` in the form that is stored."""

    at: str
    kind: str
    session: str
    subject: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a ledger is whole: how many entries were found good, which is the first that is not, and where it ends.

    ``entries`` counts the good ones before the first bad one; ``head`` is the last good one.
    """

    ok: bool
    entries: int
    first_bad: int | None
    flaw: str | None
    head: Head


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
        with _translated(path):
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
        with _translated(self.path):
            self._disconnect()
            self._connection = _connect(self.path)
            _prepare(self._connection, self.path)
            self.head = _end(self._connection)
            if (noted := self._held.read()) is not None:
                _require(self._connection, noted, self.path)

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
            with _translated(self.path):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - own constant
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
        verification = _walk(connection, _head_at(connection, start))
        if not verification.ok:
            raise LedgerDamaged(f"The ledger {self.path} is damaged: {verification.flaw}. Restore a whole copy of it.")


class LedgerReader:
    """A ledger open for reading only, beside the process that writes it. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise LedgerFailure(f"There is no ledger at {path}.")
        with _translated(path):
            self._connection = _connect_to_read(path)

    def read(
        self,
        *,
        kind: str | None = None,
        session: str | None = None,
        subject: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> tuple[Entry, ...]:
        """Up to ``limit`` entries numbered above ``after``, in order."""
        wanted = {"kind": kind, "session": session, "subject": subject}
        given = {column: value for column, value in wanted.items() if value is not None}
        conditions = "".join(f" AND {column} = :{column}" for column in given)
        query = (
            f"SELECT {_COLUMNS} FROM entries WHERE number > :after{conditions} "  # noqa: S608 - own constants
            "ORDER BY number LIMIT :limit"
        )
        with _translated(self.path):
            rows = self._connection.execute(query, {**given, "after": after, "limit": limit})
            return tuple(_entry(row) for row in rows)

    def open_intents(self) -> tuple[Entry, ...]:
        """Intents of cuts that have no receipt of the same subject after them, oldest first."""
        query = (
            f"SELECT {_COLUMNS} FROM entries AS intent WHERE kind = ? AND NOT EXISTS ("  # noqa: S608 - own constant
            "SELECT 1 FROM entries AS receipt WHERE receipt.subject = intent.subject AND receipt.kind = ? "
            "AND receipt.number > intent.number) ORDER BY number"
        )
        with _translated(self.path):
            return tuple(_entry(row) for row in self._connection.execute(query, (INTENT, RECEIPT)))

    def verify(self) -> Verification:
        """Check every entry from the first on, a chunk at a time, and that none acknowledged is missing."""
        verification = Verification(ok=True, entries=0, first_bad=None, flaw=None, head=Head())
        try:
            noted = read_head(head_path(self.path))
            verification = _walk(self._connection, Head())
            if verification.ok:
                _require(self._connection, noted or Head(), self.path)
                _whole(self._connection)
        except (LedgerFailure, sqlite3.Error) as error:
            verification = replace(verification, ok=False, first_bad=verification.entries + 1, flaw=str(error))
        return verification

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def head_path(path: Path) -> Path:
    """Where the head of the ledger at ``path`` is kept."""
    return path.with_name(path.name + ".head")


def verify(path: Path) -> Verification:
    """Whether the ledger at ``path`` is whole, whoever writes it. Raises LedgerFailure where there is none."""
    with contextlib.closing(LedgerReader(path)) as reader:
        return reader.verify()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text
    return connection


def _connect_to_read(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=ro"
    if not _shareable(address) and not path.with_name(f"{path.name}-wal").exists():
        # Where nothing can be written SQLite cannot share the file, and without a log nobody is writing it.
        address += "&immutable=1"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _shareable(address: str) -> bool:
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN
        except sqlite3.Error:
            return True  # damaged, which reading will tell
        return True


def _text(stored: bytes) -> str:
    # Damaged text must reach the check of its hash, not stop at its decoding.
    return stored.decode("utf-8", "surrogateescape")


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


def _end(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1").fetchone()
    return Head() if row is None else Head(number=row[0], hash=row[1])


def _head_at(connection: sqlite3.Connection, number: int) -> Head:
    row = connection.execute("SELECT number, hash FROM entries WHERE number = ?", (number,)).fetchone()
    return Head() if row is None else Head(number=row[0], hash=row[1])


def _require(connection: sqlite3.Connection, noted: Head, path: Path) -> None:
    """That the entry that was noted as the head is still there."""
    if noted.number and _head_at(connection, noted.number) != noted:
        present = _end(connection).number
        raise LedgerDamaged(
            f"The ledger {path} had acknowledged {noted.number} entries and now has {present}, or others: an older or "
            f"another file was put in its place. Restore the newest one; if its loss is accepted, delete "
            f"{head_path(path)}."
        )


def _walk(connection: sqlite3.Connection, head: Head) -> Verification:
    """Follow the chain from ``head`` to its end. Each chunk is a read of its own, so that no writer waits."""
    problem: str | None = None
    try:
        for entry in _entries(connection, head.number):
            if (problem := flaw(entry, head)) is not None:
                break
            head = Head(number=entry.number, hash=entry.hash)
    except (sqlite3.Error, TypeError, ValueError) as error:
        problem = f"entry {head.number + 1} cannot be read ({error})"
    bad = None if problem is None else head.number + 1
    return Verification(ok=problem is None, entries=head.number, first_bad=bad, flaw=problem, head=head)


def _entries(connection: sqlite3.Connection, after: int) -> Iterator[Entry]:
    while True:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE number > ? ORDER BY number LIMIT {_CHUNK}",  # noqa: S608 - constants
            (after,),
        ).fetchall()
        if not rows:
            return
        for row in rows:
            yield _entry(row)
        after = rows[-1][0]


def _whole(connection: sqlite3.Connection) -> None:
    """That SQLite finds its own structure whole, the indexes included."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise LedgerDamaged(f"the file's structure is damaged: {found}")


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


def _entry(row: tuple[int, str, str, str, str, bytes, bytes, bytes]) -> Entry:
    number, at, kind, session, subject, body, previous, fingerprint = row
    texts, blobs = (at, kind, session, subject), (body, previous, fingerprint)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(blob, bytes) for blob in blobs):
        raise ValueError("a field is of another kind than it was written")
    return Entry(
        number=number,
        at=at,
        kind=kind,
        session=session,
        subject=subject,
        body=body,
        previous=previous,
        hash=fingerprint,
    )


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn failures of the file into errors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _meaning(error, path) from error
    except OSError as error:
        raise LedgerFailure(f"The ledger {path} cannot be used: {error.strerror or error}.") from error


def _meaning(error: sqlite3.Error, path: Path) -> LedgerFailure:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            return LedgerFailure(
                f"The disk of the ledger {path} is full; free some space and it goes on. Nothing acknowledged is lost."
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return LedgerDamaged(f"The ledger {path} is damaged ({error}). Restore a whole copy of it.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return LedgerFailure(f"The ledger {path} cannot be written ({error}); check its folder's permissions.")
        case _:
            return LedgerFailure(
                f"The ledger {path} could not be written ({error}); nothing acknowledged is lost. Check its disk."
            )
