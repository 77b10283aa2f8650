"""What is told of streams in quarantine: an event and an entry of the ledger, and a report that waits for a moderator.

They are not watched for most of the time, which must be known; and they are not cut, since that is the monitor's own
trouble, whatever made it.
"""

import asyncio
from datetime import timedelta

import structlog

from monitor.journal import Journal
from monitor.workers.pool import SetApart
from protocols.backend import EventType
from protocols.session import FINAL, SessionId
from registry.error import NotFound, RegistryError
from registry.registry import Registry
from registry.state import ReportKind

_log = structlog.get_logger()
_TRY_AGAIN_AFTER = 5.0  # seconds
_WORDS = (
    "Watching this stream has ended {deaths} processes within {minutes:g} minutes, the last of them while it held "
    "nothing else. It is set apart, blind for most of the time, and nobody is cut for that. Look at it yourself."
)


class Quarantined:
    """Tells of the streams that come by ``apart``; ``within`` is how long moderators have to answer a report."""

    def __init__(
        self, registry: Registry, journal: Journal, apart: asyncio.Queue[SetApart], *, within: timedelta
    ) -> None:
        self._registry = registry
        self._journal = journal
        self._apart = apart
        self._within = within

    async def run(self) -> None:
        """Tell of each, until cancelled; what cannot be written is tried again."""
        while True:
            told = await self._apart.get()
            while not await self._told(told):  # noqa: ASYNC110 - the registry tells nobody when it is back
                await asyncio.sleep(_TRY_AGAIN_AFTER)

    async def _told(self, told: SetApart) -> bool:
        try:
            await self.tell(told)
        except NotFound:
            _log.warning("quarantine.unknown", session=told.stream)
        except RegistryError as failure:
            _log.warning("quarantine.waits", session=told.stream, because=str(failure))
            return False
        return True

    async def tell(self, told: SetApart) -> None:
        """Tell once of each session, over restarts too. Raises RegistryError."""
        session = await self._registry.sessions.get(SessionId(told.stream))
        kind = EventType.SESSION_QUARANTINED
        if session.state in FINAL or await self._registry.ledger.read(kind=kind.value, session=session.id, limit=1):
            return
        report, _ = await self._registry.reports.file(
            ReportKind.QUARANTINE,
            _WORDS.format(deaths=told.deaths, minutes=told.within_s / 60),
            session=session.id,
            at=self._journal.clock(),
            within=self._within,
        )
        data = {"deaths": told.deaths, "within_s": told.within_s, "report": report.id}
        await self._journal.note(session, kind, data, subject=report.id)
