"""Record: what a pipeline writes of its session, in the journal and in the session's row, however long that takes.

Nothing is lost, and nobody is cut meanwhile: time on the ladder stands still.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from monitor.journal import Journal
from monitor.standstill import Standstill
from protocols.backend import EventType
from protocols.session import Session, SessionState
from registry.error import LedgerFailure, Unavailable

_log = structlog.get_logger()

_TRY_AGAIN_EVERY = 1.0  # seconds, while the ledger or the registry fails

Move = Callable[[SessionState, str | None], Awaitable[Session]]
"""Brings the session's row to a state, with the reason. Raises Conflict where the session is no longer ours."""


class Record:
    """One session's. ``trouble`` says why nothing can be written now, None while it can."""

    def __init__(self, session: Session, *, journal: Journal, move: Move, standstill: Standstill) -> None:
        self.session = session
        self.trouble: str | None = None
        self._journal = journal
        self._move = move
        self._standstill = standstill

    async def note(self, kind: EventType, data: dict[str, Any]) -> None:
        """Write to the journal."""
        while True:
            try:
                await self._standstill.during(self._journal.note(self.session, kind, data))
            except (LedgerFailure, Unavailable) as failure:
                await self.wait_out(failure)
            else:
                self.trouble = None
                return

    async def stand(self, state: SessionState, because: str | None) -> None:
        """Bring the session's row to ``state``. Raises Conflict where it is no longer ours."""
        while True:
            try:
                self.session = await self._standstill.during(self._move(state, because))
            except Unavailable as failure:
                await self.wait_out(failure)
            else:
                self.trouble = None
                return

    async def wait_out(self, failure: Exception) -> None:
        """Wait a moment for the monitor's own trouble to pass."""
        _log.error("session.waits", session=self.session.id, because=str(failure))
        self.trouble = str(failure)
        self._standstill.begin()
        try:
            await asyncio.sleep(_TRY_AGAIN_EVERY)
        finally:
            self._standstill.end()
