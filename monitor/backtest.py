"""Back-tests: a draft of a policy beside what was done, over the sessions that are on record."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from monitor.evidence import OBSERVATIONS, EvidenceRoom
from protocols.backtest import Record, Trial, judged_again, recorded, tried
from protocols.frozen import FrozenRefused
from protocols.policy import Policy
from protocols.session import FINAL, Session, SessionState
from protocols.verdict import Verdict
from registry.case import Case, CaseFilter
from registry.error import RegistryError
from registry.page import Page
from registry.registry import Registry

_log = structlog.get_logger()

DRAFT = "draft"
"""The id of a policy that is not written yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One session: what is on record, and how the policy would have had it.

    ``case``: the newest case of the session, None where nothing was done to it. ``trouble``: why its observations were
    not judged again, None where they were or where none were kept.
    """

    session: Session
    case: Case | None
    record: Record
    trial: Trial
    trouble: str | None


class BackTest:
    """Tries policies. It reads and judges; nothing is written, and nobody is cut."""

    def __init__(self, registry: Registry, evidence: EvidenceRoom) -> None:
        self._registry = registry
        self._evidence = evidence
        self._turn = asyncio.Lock()  # streams are watched meanwhile: one core at most

    async def some(
        self,
        policy: Policy,
        policy_id: str,
        *,
        cut: bool,
        since: datetime | None,
        before: datetime | None,
        limit: int,
        cursor: str | None,
    ) -> Page[Compared]:
        """Sessions that are over, newest first, each tried; only those that were cut with ``cut``."""
        page = await self._registry.sessions.list(
            states=(SessionState.CUT,) if cut else tuple(FINAL),
            since=since,
            before=before,
            limit=limit,
            cursor=cursor,
        )
        async with self._turn:
            compared = [await self._one(standing.session, policy, policy_id) for standing in page.items]
        return Page(items=tuple(compared), next=page.next)

    async def _one(self, session: Session, policy: Policy, policy_id: str) -> Compared:
        entries = await self._registry.ledger.of_session(session.id)
        record = recorded((entry.kind, entry.content) for entry in entries)
        cases = await self._registry.cases.list(CaseFilter(session=session.id), limit=1)
        case = cases.items[0] if cases.items else None
        anew, trouble = ([], None) if case is None else await self._anew(case, policy, policy_id)
        trial = await asyncio.to_thread(tried, record, policy, policy_id, anew)
        return Compared(session=session, case=case, record=record, trial=trial, trouble=trouble)

    async def _anew(self, case: Case, policy: Policy, policy_id: str) -> tuple[list[Verdict], str | None]:
        """The last verdicts of a cut session, judged again by the policy, or why they are not."""
        kept = await self._registry.exhibits.of(case.id)
        if not any(one.name == OBSERVATIONS and one.deleted_at is None for one in kept):
            return [], None
        try:
            _, frozen = await self._evidence.content(case.id, OBSERVATIONS)
            return await asyncio.to_thread(judged_again, frozen, policy, policy_id), None
        except (RegistryError, FrozenRefused) as lost:
            _log.warning("backtest.unreadable", case=case.id, because=str(lost))
            return [], str(lost)
