"""The caseload: what moderators do with cases, for the API, the command line and the console alike.

A decision is durable before anything follows from it. An overturned cut is undone on its media server at once, and
tried again until it is: whoever was wronged is not to wait for a server that was down for a moment.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from monitor.enforcers.enforcer import EnforcerFailure
from monitor.events import EventFeed
from monitor.evidence import EvidenceRoom
from protocols.backend import EventType
from protocols.case import CaseDecision, CaseState
from protocols.session import CutId, Session, SessionId
from protocols.timeline import Series, Timeline, told
from registry.appeal import Appeal, AppealTimes
from registry.case import Case, CaseLook, CaseNote
from registry.cut import Cut
from registry.error import Conflict, RegistryError
from registry.exhibit import Exhibit, Keeping
from registry.registry import Registry
from registry.report import Report
from registry.state import CutState, ReportKind

_log = structlog.get_logger()

_TRY_AGAIN_EVERY = 15.0  # seconds, while a media server does not let a stream in again


class Restore(Protocol):
    """Undoes a cut. Raises RegistryError, EnforcerFailure."""

    def __call__(self, cut_id: CutId, *, by: str, reason: str) -> Awaitable[Cut]:
        """The cut, restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything that is known about a case."""

    case: Case
    cut: Cut | None
    timeline: Timeline
    curves: dict[str, Series]
    clips: list[dict[str, Any]]
    appeal: Appeal | None
    exhibits: tuple[Exhibit, ...]
    keeping: Keeping
    notes: tuple[CaseNote, ...]
    looks: tuple[CaseLook, ...]
    look: CaseLook
    """Whose look this is."""


class Caseload:
    """The cases of one service. ``keep`` runs beside it."""

    def __init__(
        self,
        registry: Registry,
        restore: Restore,
        evidence: EvidenceRoom,
        clock: Callable[[], datetime],
        feed: EventFeed,
        *,
        unslate: Callable[[Session], Awaitable[None]],
    ) -> None:
        self._unslate = unslate
        self._evidence = evidence
        self._feed = feed
        self._registry = registry
        self._restore = restore
        self._clock = clock

    async def dossier(self, case_id: str, *, by: str, look: str | None = None) -> Dossier:
        """Everything about a case, for ``by`` to look at; ``look`` where it goes on. Raises NotFound."""
        case, cases = await self._registry.cases.get(case_id), self._registry.cases
        if look is None:
            begun = await cases.look(case_id, by=by, at=self._clock())
        else:
            begun = await cases.looked(look, by=by, seconds=0.0, at=self._clock(), left=False)
        curves, clips = await self._evidence.timeline(case_id)
        return Dossier(
            case=case,
            cut=None if case.cut is None else await self._registry.cuts.get(case.cut),
            timeline=await self._timeline(case.session),
            curves=curves,
            clips=clips,
            appeal=await self._registry.appeals.of(case_id),
            exhibits=await self._registry.exhibits.of(case_id),
            keeping=await self._registry.exhibits.keeping(case_id),
            notes=await cases.notes(case_id),
            looks=await cases.looks(case_id),
            look=begun,
        )

    async def decide(self, case_id: str, decision: CaseDecision, *, by: str, because: str, version: int) -> Case:
        """Decide or propose; what follows from it follows at once. Raises RegistryError.

        Where the media server does not answer, the decision stands, ``restored_at`` is None, and it is tried again.
        """
        if decision is CaseDecision.OVERTURN:
            await self._refuse_unfinished(case_id)
        case = await self._registry.cases.decide(
            case_id, decision, by=by, because=because, version=version, at=self._clock()
        )
        decided = {"case": case.id, "state": case.state.value, "proposed": case.proposal is not None}
        self._feed.publish(EventType.CASE_DECIDED, case.session, self._clock(), decided)
        if case.state is CaseState.OVERTURNED and case.restored_at is None:
            return await self._undo(case)
        return case

    async def restore(self, cut: CutId, *, by: str, because: str) -> Case:
        """Have a cut undone through its case, which this overturns; the case as it is then.

        Where two people are needed, it is proposed, and undone once another one asks for the same. Again changes
        nothing. Raises RegistryError.
        """
        case = await self._registry.cases.of_cut(cut)
        if case.state is not CaseState.OVERTURNED:
            return await self.decide(case.id, CaseDecision.OVERTURN, by=by, because=because, version=case.version)
        return case if case.restored_at is not None else await self._undo(case)

    async def appeal(self, case_id: str, text: str, *, by: str, times: AppealTimes) -> Appeal:
        """File an appeal against a case, and tell moderators who are there. Raises RegistryError."""
        filed = await self._registry.appeals.file(case_id, text, by=by, at=self._clock(), times=times)
        session = (await self._registry.cases.get(case_id)).session
        told = {"case": case_id, "appeal": filed.id, "fast": filed.fast}
        self._feed.publish(EventType.CASE_APPEALED, session, filed.at, told)
        return filed

    async def report(self, kind: ReportKind, text: str, *, within: timedelta, **about: Any) -> tuple[Report, str]:
        """File a report, and tell moderators who are there; the secret that tells how it stands. Raises NotFound."""
        filed, secret = await self._registry.reports.file(kind, text, at=self._clock(), within=within, **about)
        told = {"report": filed.id, "kind": filed.kind.value}
        self._feed.publish(EventType.REPORT_FILED, filed.session or "", filed.at, told)
        return filed, secret

    async def answer(self, report_id: str, text: str, *, by: str) -> Report:
        """Answer a report, once. Raises NotFound, Conflict."""
        answered = await self._registry.reports.answer(report_id, text, by=by, at=self._clock())
        self._feed.publish(EventType.REPORT_ANSWERED, answered.session or "", self._clock(), {"report": report_id})
        return answered

    async def keep(self) -> None:
        """Undo what was overturned and is not undone yet, until cancelled."""
        while True:
            try:
                for case in await self._registry.cases.unrestored():
                    await self._undo(case)
            except RegistryError as failure:
                _log.warning("cases.wait", because=str(failure))
            await asyncio.sleep(_TRY_AGAIN_EVERY)

    async def _undo(self, case: Case) -> Case:
        if case.cut is not None:
            try:
                await self._restore(case.cut, by=case.decided_by or "", reason=case.because or "")
            except (EnforcerFailure, TimeoutError) as failure:
                _log.warning("case.unrestored", case=case.id, cut=case.cut, because=str(failure))
                return case
        else:  # a notice over the picture, which may stand still
            await self._unslate(await self._registry.sessions.get(case.session))
        return await self._registry.cases.note_restored(case.id, at=self._clock())

    async def _refuse_unfinished(self, case_id: str) -> None:
        cut = (await self._registry.cases.get(case_id)).cut
        if cut is not None and (await self._registry.cuts.get(cut)).state is CutState.INTENDED:
            raise Conflict(f"Cut {cut} is still being made; wait until it is confirmed.", other=cut)

    async def _timeline(self, session: SessionId) -> Timeline:
        entries = await self._registry.ledger.of_session(session)
        return told((entry.kind, entry.content) for entry in entries)
