"""Reading and verifying the ledger's file, beside whoever writes it and without the right to.

Read it with any SQLite: one table, ``entries``, chained as described in ``protocols/chain.py``.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from protocols.chain import Entry, Head, flaw
from registry.error import LedgerDamaged, LedgerFailure
from registry.ledger_head import read_head

INTENT = "cut.intended"
RECEIPT = "cut.confirmed"
"""An intent without a receipt of the same subject was begun and not finished."""

Check = Callable[[Entry], str | None]
"""What is wrong with an entry, None where nothing is."""

COLUMNS = "number, at, kind, session, subject, body, previous, hash"
_CHUNK = 500


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


class LedgerReader:
    """A ledger open for reading only, beside the process that writes it. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise LedgerFailure(f"There is no ledger at {path}.")
        with translated(path):
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
            f"SELECT {COLUMNS} FROM entries WHERE number > :after{conditions} "  # noqa: S608 - own constants
            "ORDER BY number LIMIT :limit"
        )
        with translated(self.path):
            rows = self._connection.execute(query, {**given, "after": after, "limit": limit})
            return tuple(_entry(row) for row in rows)

    def open_intents(self) -> tuple[Entry, ...]:
        """Intents of cuts that have no receipt of the same subject after them, oldest first."""
        query = (
            f"SELECT {COLUMNS} FROM entries AS intent WHERE kind = ? AND NOT EXISTS ("  # noqa: S608 - own constant
            "SELECT 1 FROM entries AS receipt WHERE receipt.subject = intent.subject AND receipt.kind = ? "
            "AND receipt.number > intent.number) ORDER BY number"
        )
        with translated(self.path):
            return tuple(_entry(row) for row in self._connection.execute(query, (INTENT, RECEIPT)))

    def hashes(self, after: int, until: int) -> Iterator[bytes]:
        """The hashes of the entries numbered above ``after`` up to ``until``, in order; fewer where fewer are there."""
        with translated(self.path):
            rows = self._connection.execute(
                "SELECT hash FROM entries WHERE number > ? AND number <= ? ORDER BY number", (after, until)
            )
            for (fingerprint,) in rows:
                yield fingerprint

    def verify(self, also: Check = lambda entry: None) -> Verification:
        """Check every entry from the first on, a chunk at a time, and that none acknowledged is missing.

        ``also`` is asked about each entry that follows; what it says is the entry's flaw.
        """
        verification = Verification(ok=True, entries=0, first_bad=None, flaw=None, head=Head())
        try:
            noted = read_head(head_path(self.path))
            verification = walk(self._connection, Head(), also)
            if verification.ok:
                require(self._connection, noted or Head(), self.path)
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


def _connect_to_read(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=ro"
    if not _shareable(address) and not path.with_name(f"{path.name}-wal").exists():
        # Where nothing can be written SQLite cannot share the file, and without a log nobody is writing it.
        address += "&immutable=1"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    connection.text_factory = stored_text
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


def stored_text(stored: bytes) -> str:
    """Text as SQLite keeps it. Damaged text must reach the check of its hash, not stop at its decoding."""
    return stored.decode("utf-8", "surrogateescape")


def end(connection: sqlite3.Connection) -> Head:
    """Where the chain ends, by what is stored."""
    row = connection.execute("SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1").fetchone()
    return Head() if row is None else Head(number=row[0], hash=row[1])


def head_at(connection: sqlite3.Connection, number: int) -> Head:
    """The head that the chain had after entry ``number``; an empty one where that entry is not there."""
    row = connection.execute("SELECT number, hash FROM entries WHERE number = ?", (number,)).fetchone()
    return Head() if row is None else Head(number=row[0], hash=row[1])


def require(connection: sqlite3.Connection, noted: Head, path: Path) -> None:
    """That the entry that was noted as the head is still there."""
    if noted.number and head_at(connection, noted.number) != noted:
        present = end(connection).number
        raise LedgerDamaged(
            f"The ledger {path} had acknowledged {noted.number} entries and now has {present}, or others: an older or "
            f"another file was put in its place. Restore the newest one; if its loss is accepted, delete "
            f"{head_path(path)}."
        )


def walk(connection: sqlite3.Connection, head: Head, also: Check = lambda entry: None) -> Verification:
    """Follow the chain from ``head`` to its end. Each chunk is a read of its own, so that no writer waits."""
    problem: str | None = None
    try:
        for entry in _entries(connection, head.number):
            if (problem := flaw(entry, head) or also(entry)) is not None:
                break
            head = Head(number=entry.number, hash=entry.hash)
    except (sqlite3.Error, TypeError, ValueError) as error:
        problem = f"entry {head.number + 1} cannot be read ({error})"
    bad = None if problem is None else head.number + 1
    return Verification(ok=problem is None, entries=head.number, first_bad=bad, flaw=problem, head=head)


def _entries(connection: sqlite3.Connection, after: int) -> Iterator[Entry]:
    while True:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM entries WHERE number > ? ORDER BY number LIMIT {_CHUNK}",  # noqa: S608 - constants
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
def translated(path: Path) -> Iterator[None]:
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
