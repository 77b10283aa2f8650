"""Ledger: the append-only, hash-chained record of verdicts before the act and of receipts after it.

One thread writes. Whoever appends while a commit is under way shares the next one, so that the price of a durable
commit is paid once for many (group commit; DeWitt et al., Implementation Techniques for Main Memory Database
Systems, SIGMOD 1984).
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from protocols.chain import Entry, Head, canonical, timestamp
from registry.error import LedgerFailure, Refused
from registry.ledger_file import Draft, LedgerFile
from registry.ledger_reader import INTENT, RECEIPT, LedgerReader, Verification, verify
from registry.name import short_text

__all__ = ["INTENT", "RECEIPT", "Entry", "Head", "Ledger", "LedgerReader", "Verification", "verify"]

_MOST_WAITING = 1024
_LARGEST_BATCH = 256
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class _Waiting:
    draft: Draft
    answer: "asyncio.Future[Entry]"


class Ledger:
    """The ledger, open for writing; one process at a time. Used on the event loop that opened it."""

    def __init__(self, file: LedgerFile, loop: asyncio.AbstractEventLoop) -> None:
        self.path = file.path
        self._file = file
        self._loop = loop
        self._room = asyncio.Semaphore(_MOST_WAITING)
        self._queue: deque[_Waiting] = deque()
        self._condition = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, path: Path) -> "Ledger":
        """Open or begin the ledger at ``path``.

        Raises LedgerHeld where another process writes it, LedgerDamaged where the file is torn, altered at its end
        or older than what it acknowledged, LedgerFailure where it cannot be used.
        """
        return cls(await asyncio.to_thread(LedgerFile.open, path), asyncio.get_running_loop())

    @property
    def head(self) -> Head:
        """Where the chain ends by what is durable."""
        return self._file.head

    async def append(self, kind: str, session: str, subject: str, body: Mapping[str, Any], at: datetime) -> Entry:
        """Append an entry; returns once it is durable, and waits where very many wait already.

        ``subject`` is what the entry is about, such as a cut's id; ``body`` JSON of at most 4 MiB. Raises Refused for
        what cannot be an entry, LedgerFailure where it could not be made durable. Who is cancelled while waiting does
        not know whether it was.
        """
        try:
            draft = Draft(at=timestamp(at), kind=kind, session=session, subject=subject, body=canonical(body))
        except ValueError as error:
            raise Refused(f"This cannot be entered in the ledger: {error}.") from error
        short_text(kind, what="kind of the entry", longest=64)
        for what, text in (("session", session), ("subject", subject)):
            if text:
                short_text(text, what=f"{what} of the entry")
        await self._room.acquire()
        if self._closing:
            self._room.release()
            raise LedgerFailure(f"The ledger {self.path} is closed.")
        waiting = _Waiting(draft, self._loop.create_future())
        with self._condition:
            self._queue.append(waiting)
            self._condition.notify()
        return await waiting.answer

    async def read(
        self,
        *,
        kind: str | None = None,
        session: str | None = None,
        subject: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> tuple[Entry, ...]:
        """Up to ``limit`` entries numbered above ``after``, in order; go on with ``after=entries[-1].number``."""

        def work() -> tuple[Entry, ...]:
            with contextlib.closing(LedgerReader(self.path)) as reader:
                return reader.read(kind=kind, session=session, subject=subject, after=after, limit=limit)

        return await asyncio.to_thread(work)

    async def of_session(self, session: str, *, most: int = 20_000) -> tuple[Entry, ...]:
        """The entries of one session, in order, however many there are up to ``most``."""
        entries, after = list[Entry](), 0
        while len(entries) < most:
            read = await self.read(session=session, after=after, limit=_AT_ONCE)
            entries += read
            if len(read) < _AT_ONCE:
                break
            after = read[-1].number
        return tuple(entries)

    async def open_intents(self) -> tuple[Entry, ...]:
        """Intents of cuts (``cut.intended``) without a receipt (``cut.confirmed``) of their subject, oldest first."""

        def work() -> tuple[Entry, ...]:
            with contextlib.closing(LedgerReader(self.path)) as reader:
                return reader.open_intents()

        return await asyncio.to_thread(work)

    async def verify(self) -> Verification:
        """Check the whole chain, in a thread, while others append."""
        return await asyncio.to_thread(verify, self.path)

    async def close(self) -> None:
        """Write what waits, then close; idempotent."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        await asyncio.to_thread(self._thread.join)

    def _write(self) -> None:
        """The writer thread."""
        try:
            while batch := self._next_batch():
                outcome = self._commit([waiting.draft for waiting in batch])
                try:
                    self._loop.call_soon_threadsafe(self._deliver, batch, outcome)
                except RuntimeError:  # the loop is gone, and with it everybody who waits
                    return
        finally:
            self._file.close()

    def _next_batch(self) -> list[_Waiting]:
        """What waits, as soon as anything does; empty once the ledger closes."""
        with self._condition:
            self._condition.wait_for(lambda: self._queue or self._closing)
            return [self._queue.popleft() for _ in range(min(len(self._queue), _LARGEST_BATCH))]

    def _commit(self, drafts: Sequence[Draft]) -> list[Entry] | LedgerFailure:
        try:
            return self._file.append(drafts)
        except LedgerFailure as failure:
            return failure
        except Exception as error:
            return LedgerFailure(f"The ledger {self.path} failed ({type(error).__name__}: {error}).")

    def _deliver(self, batch: Sequence[_Waiting], outcome: list[Entry] | LedgerFailure) -> None:
        """Answer everybody who waited for a commit; runs on the loop."""
        for position, waiting in enumerate(batch):
            self._room.release()
            if waiting.answer.done():  # cancelled
                continue
            if isinstance(outcome, LedgerFailure):
                waiting.answer.set_exception(type(outcome)(str(outcome)))
            else:
                waiting.answer.set_result(outcome[position])
