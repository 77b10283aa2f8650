"""Cases: what was done to a stream, until a person has decided whether it was right. Every view and act is entered.

What cannot be entered in the ledger does not happen. ``version`` rises with every decision and proposal: of two
moderators who decide at once, the second is told.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.case import DECIDED, CaseAct, CaseDecision, CaseRefused, CaseState, Proposal, rule
from protocols.session import AvatarId, CutId, OperatorId, Placement, Session, SessionId
from registry import appeal, case_list
from registry.case_list import CaseFilter
from registry.case_opening import find_by, open_case
from registry.database import Database
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.ledger import Ledger
from registry.page import Page, page_size, write_cursor
from registry.schema import case_notes, case_views, cases, cuts

__all__ = ["Case", "CaseFilter", "CaseLook", "CaseNote", "Cases"]

LONGEST_VIEW = 86_400.0
"""Seconds; a page that was left open over night tells no more."""

MOST_NOTES = 500
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case. ``operators``: the roster; ``proposal`` waits for a second person; ``version`` guards its decisions."""

    id: str
    act: CaseAct
    cut: CutId | None
    session: SessionId
    avatar: AvatarId
    avatar_name: str
    operators: tuple[OperatorId, ...]
    account: str
    placement: Placement | None
    rule: str
    cause: str
    driver: str | None
    p_human: float | None
    policy: str
    opened_at: datetime
    four_eyes: bool
    state: CaseState
    version: int
    proposal: Proposal | None
    decided_by: str | None
    because: str | None
    decided_at: datetime | None
    restored_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNote:
    """What somebody wrote beside a case."""

    id: str
    by: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLook:
    """Who looked at a case, since when, and for how many seconds as far as was told."""

    id: str
    by: str
    at: datetime
    seconds: float


_UNSTATED = (  # made once: it is asked for twice a second
    select(cases)
    .outerjoin(cuts, cuts.c.id == cases.c.cut)
    .where(cases.c.stated_at.is_(None), cuts.c.confirmed_at.is_not(None) | cases.c.cut.is_(None))
    .order_by(cases.c.seq)
    .limit(_AT_ONCE)
)


class Cases:
    """The cases of the registry. They are opened by ``Cuts.intend``."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def get(self, case: str) -> Case:
        """The case, or NotFound."""
        async with self._database.reading() as connection:
            return _case(await _row(connection, case))

    async def several(self, wanted: Collection[str]) -> Mapping[str, Case]:
        """Cases by id; those that are not there are left out."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(cases).where(cases.c.id.in_(wanted)))
            return {row.id: _case(row) for row in rows}

    async def open_slate(
        self, session: Session, slate: str, *, rule: str, cause: str, evidence: Mapping[str, Any], at: datetime
    ) -> None:
        """Open the case of a notice that covers a session's picture; opening it again changes nothing."""
        case = f"case_{slate.partition('_')[2]}"
        async with self._database.writing() as connection:
            if await connection.scalar(select(cases.c.id).where(cases.c.id == case)) is not None:
                return
            await open_case(
                connection,
                session,
                cut=None,
                act=CaseAct.SLATE,
                rule=rule,
                cause=cause,
                evidence=evidence,
                at=at,
                until=None,
                id=slate,
            )
            missing = "a notice over the picture keeps no evidence of its own; a cut that follows does"
            await connection.execute(update(cases).where(cases.c.id == case).values(missing=missing))

    async def of_cut(self, cut: CutId) -> Case:
        """The case of a cut, or NotFound."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(cases).where(cases.c.cut == cut))).one_or_none()
        if row is None:
            raise NotFound(f"Cut {cut} has no case.")
        return _case(row)

    async def list(self, wanted: CaseFilter, *, limit: int = 100, cursor: str | None = None) -> Page[Case]:
        """Cases, newest first."""
        async with self._database.reading() as connection:
            query = (await case_list.query(connection, wanted, cursor)).limit(page_size(limit) + 1)
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_case(row) for row in rows[:limit]), next=more)

    async def decide(
        self, case: str, decision: CaseDecision, *, by: str, because: str, version: int, at: datetime
    ) -> Case:
        """Decide, or propose where two people are needed: then ``proposal`` tells what waits.

        Raises Conflict where somebody has acted since ``version`` was read, or where it is not this person's to
        decide; Refused without a reason.
        """
        if not because.strip():
            raise Refused("A decision needs a reason: say why, for who is affected and for who looks into it later.")
        async with self._database.writing() as connection:
            row = await _row(connection, case, hold=True)
            present = _case(row)
            if present.version != version:
                raise Conflict(
                    f"Case {case} was changed meanwhile (version {present.version}, you have read {version}); "
                    "look at it again, then decide.",
                    other=case,
                )
            spoken = Proposal(decision=decision, by=by, because=because)
            try:
                ruling = rule(
                    present.state,
                    present.proposal,
                    spoken,
                    four_eyes=present.four_eyes,
                    decided_by=present.decided_by,
                )
            except CaseRefused as refused:
                raise Conflict(f"{refused}", other=case) from refused
            what = "decided" if ruling.decided else "proposed"
            content = {"decision": decision.value, "by": by, "because": because, "state": ruling.state.value}
            if ruling.decided and present.proposal is not None:
                content["proposed_by"] = present.proposal.by
            await self._enter(what, present, content, at)
            values = _decided(ruling.state, spoken, at) if ruling.decided else _proposed(spoken)
            if ruling.decided:
                await appeal.settle(connection, case, ruling.state, at)
            await connection.execute(
                update(cases).where(cases.c.seq == row.seq).values(version=present.version + 1, **values)
            )
            return _case(await _row(connection, case))

    async def note_restored(self, case: str, *, at: datetime) -> Case:
        """Note that an overturned cut is undone on its media server as well; once."""
        async with self._database.writing() as connection:
            undone = cases.c.restored_at.is_(None) & (cases.c.state == CaseState.OVERTURNED)
            await connection.execute(update(cases).where(cases.c.id == case, undone).values(restored_at=at))
            return _case(await _row(connection, case))

    async def unrestored(self) -> tuple[Case, ...]:
        """Overturned cases whose cut is not undone yet, oldest first."""
        query = select(cases).where(cases.c.state == CaseState.OVERTURNED, cases.c.restored_at.is_(None))
        async with self._database.reading() as connection:
            return tuple(_case(row) for row in await connection.execute(query.order_by(cases.c.seq)))

    async def unstated(self) -> tuple[Case, ...]:
        """Cases whose statement of reasons is due: their cut is confirmed, or was, or they are no cut; oldest first."""
        async with self._database.reading() as connection:
            return tuple(_case(row) for row in await connection.execute(_UNSTATED))

    async def note_stated(self, case: str, *, at: datetime) -> None:
        """Note that the statement of reasons was sent."""
        async with self._database.writing() as connection:
            await connection.execute(update(cases).where(cases.c.id == case).values(stated_at=at))

    async def look(self, case: str, *, by: str, at: datetime) -> CaseLook:
        """Note that somebody looks at the case from now on."""
        look = fresh("look")
        async with self._database.writing() as connection:
            present = _case(await _row(connection, case))
            await self._enter("viewed", present, {"by": by, "look": look}, at)
            await connection.execute(insert(case_views).values(id=look, case=case, by=by, at=at, seconds=0.0))
        return CaseLook(id=look, by=by, at=at, seconds=0.0)

    async def looked(self, look: str, *, by: str, seconds: float, at: datetime, left: bool) -> CaseLook:
        """Note for how long somebody has looked by now; the longest counts. ``left`` enters it in the ledger.

        Raises NotFound for a look of somebody else's.
        """
        if not 0 <= seconds <= LONGEST_VIEW:
            raise Refused(f"A look takes 0 to {LONGEST_VIEW:g} seconds.")
        async with self._database.writing() as connection:
            row = (await connection.execute(select(case_views).where(case_views.c.id == look))).one_or_none()
            if row is None or row.by != by:
                raise NotFound(f"There is no look {look} of yours.")
            seconds = max(row.seconds, seconds)
            if left:
                present = _case(await _row(connection, row.case))
                await self._enter("left", present, {"by": by, "look": look, "seconds": seconds}, at)
            await connection.execute(update(case_views).where(case_views.c.id == look).values(seconds=seconds))
            return CaseLook(id=look, by=by, at=row.at, seconds=seconds)

    async def looks(self, case: str) -> tuple[CaseLook, ...]:
        """Who has looked, the latest first."""
        query = select(case_views).where(case_views.c.case == case).order_by(case_views.c.seq.desc()).limit(MOST_NOTES)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
            return tuple(CaseLook(id=row.id, by=row.by, at=row.at, seconds=row.seconds) for row in rows)

    async def note(self, case: str, text: str, *, by: str, at: datetime) -> CaseNote:
        """Write something beside the case; it is found by these words as well."""
        note = CaseNote(id=fresh("note"), by=by, at=at, text=text)
        async with self._database.writing() as connection:
            row = await _row(connection, case, hold=True)
            await self._enter("noted", _case(row), {"by": by, "note": note.id, "text": text}, at)
            await connection.execute(insert(case_notes).values(id=note.id, case=case, by=by, at=at, text=text))
            await find_by(connection, row.seq, [text])
        return note

    async def note_exported(self, case: str, *, by: str, sha256: str, at: datetime) -> None:
        """Note that somebody has taken the evidence pack of the case."""
        await self._enter("exported", await self.get(case), {"by": by, "sha256": sha256}, at)

    async def notes(self, case: str) -> tuple[CaseNote, ...]:
        """What was written beside it, in order."""
        query = select(case_notes).where(case_notes.c.case == case).order_by(case_notes.c.seq).limit(MOST_NOTES)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
            return tuple(CaseNote(id=row.id, by=row.by, at=row.at, text=row.text) for row in rows)

    async def _enter(self, what: str, case: Case, content: Mapping[str, Any], at: datetime) -> None:
        if self._ledger is not None:
            await self._ledger.append(f"case.{what}", case.session, case.id, {**content, "cut": case.cut}, at)


def _proposed(spoken: Proposal) -> dict[str, Any]:
    return {"proposal": spoken.decision, "proposed_by": spoken.by, "proposed_because": spoken.because}


def _decided(state: CaseState, spoken: Proposal, at: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"proposal": None, "proposed_by": None, "proposed_because": None}
    if state in DECIDED:  # who asks for more may still decide
        values |= {"decided_by": spoken.by, "because": spoken.because, "decided_at": at}
    return values | {"state": state}


async def _row(connection: AsyncConnection, case: str, *, hold: bool = False) -> Row[Any]:
    query = select(cases).where(cases.c.id == case)
    row = (await connection.execute(query.with_for_update() if hold else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no case {case}.")
    return row


def _case(row: Row[Any]) -> Case:
    placement, proposal = None, None
    if row.server is not None:
        placement = Placement(server=row.server, app=row.app, stream=row.stream)
    if row.proposal is not None:
        proposal = Proposal(decision=row.proposal, by=row.proposed_by, because=row.proposed_because)
    return Case(
        id=row.id,
        act=row.act,
        cut=None if row.cut is None else CutId(row.cut),
        session=SessionId(row.session),
        avatar=AvatarId(row.avatar),
        avatar_name=row.avatar_name,
        operators=tuple(OperatorId(operator) for operator in row.operators),
        account=row.account,
        placement=placement,
        rule=row.rule,
        cause=row.cause,
        driver=row.driver,
        p_human=row.p_human,
        policy=row.policy,
        opened_at=row.opened_at,
        four_eyes=row.four_eyes,
        state=row.state,
        version=row.version,
        proposal=proposal,
        decided_by=row.decided_by,
        because=row.because,
        decided_at=row.decided_at,
        restored_at=row.restored_at,
    )
