"""Statements of reasons: each cut that is confirmed has its own, sent once to the operators and to the backend.

Looked for in the registry and never only told of in passing: a restart in between sends it a little later.
"""

import asyncio
from collections.abc import Callable

import structlog

from monitor.journal import Journal
from protocols.backend import CutView, EventType
from protocols.channel.notice import Level, Notice
from protocols.evidence import RuleName
from protocols.session import SessionId
from protocols.statement import Statement, notice_statement, statement
from registry.case import Case
from registry.error import RegistryError
from registry.registry import Registry

_log = structlog.get_logger()

_EVERY = 0.5  # seconds; the operators' channels close a little after the cut
_LONGEST = 2000  # characters of a notice


def of_cut(cut: object, case: str) -> Statement:
    """The statement on a cut of the registry."""
    return statement(CutView.of(cut).model_dump(mode="json"), case)


async def of_case(registry: Registry, case: Case) -> Statement:
    """The statement on a case: on its cut, or on the notice that covered the picture. Raises NotFound."""
    if case.cut is not None:
        return of_cut(await registry.cuts.get(case.cut), case.id)
    place = case.placement
    return notice_statement(
        case.id,
        rule=RuleName(case.rule),
        at=case.opened_at,
        placement=None if place is None else {"app": place.app, "stream": place.stream},
        policy=case.policy,
    )


class Statements:
    """Sends the statements of one service. ``notify`` reaches the operators of a session, where any are there."""

    def __init__(self, registry: Registry, journal: Journal, notify: Callable[[SessionId, Notice], None]) -> None:
        self._registry = registry
        self._journal = journal
        self._notify = notify

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        while True:
            try:
                await self.send()
            except RegistryError as failure:
                _log.warning("statements.wait", because=str(failure))
            await asyncio.sleep(_EVERY)

    async def send(self) -> int:
        """Send the statements that are due; how many. Raises RegistryError."""
        due = await self._registry.cases.unstated()
        for case in due:
            await self._send(case)
        return len(due)

    async def _send(self, case: Case) -> None:
        session = await self._registry.sessions.get(case.session)
        said = await of_case(self._registry, case)
        entered = await self._registry.ledger.read(
            kind=EventType.STATEMENT_ISSUED.value, session=session.id, subject=case.id, limit=1
        )
        if not entered:
            await self._journal.note(session, EventType.STATEMENT_ISSUED, said.document(case.id), subject=case.id)
        told = Notice(
            level=Level.URGENT, code="statement", text_en=said.text.en[:_LONGEST], text_zh=said.text.zh[:_LONGEST]
        )
        self._notify(session.id, told)
        await self._registry.cases.note_stated(case.id, at=self._journal.clock())
