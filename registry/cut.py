"""Cuts: each stream taken off air, why, on what evidence, and whether it is confirmed or undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.case import CaseAct
from protocols.measure import MeasureKind
from protocols.session import FINAL, AvatarId, CutId, Placement, SessionId
from registry.case_opening import open_case
from registry.database import Database
from registry.error import Conflict, CutConflict, NotFound, Refused
from registry.identity import fresh
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import cuts, sessions
from registry.session import require_epoch
from registry.state import CutState
from registry.strike import Struck, give, take_back
from registry.undoing import note_undone

MOST_STEPS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A stream taken off air.

    ``cause`` is one sentence for people, ``evidence`` the verdict it rests on (JSON), ``seconds`` from cause to
    confirmed, ``until`` when the block ends (None: when restored), ``steps`` the ladder as it was climbed.
    ``decided_by`` is a policy's id or a person's key; ``strike`` says which one it is by the policy's count, 0 where
    none was counted.
    """

    id: CutId
    session: SessionId
    avatar: AvatarId
    epoch: int
    rule: str
    cause: str
    evidence: Mapping[str, Any]
    decided_at: datetime
    state: CutState
    confirmed_at: datetime | None
    seconds: float | None
    until: datetime | None
    enforcer: str
    steps: tuple[Mapping[str, Any], ...]
    placement: Placement | None
    measure: MeasureKind = MeasureKind.FORBID
    decided_by: str = "policy"
    strike: int = 0


class Cuts:
    """The cuts of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def intend(
        self,
        *,
        session: SessionId,
        epoch: int,
        rule: str,
        cause: str,
        evidence: Mapping[str, Any],
        enforcer: str,
        at: datetime,
        until: datetime | None = None,
        steps: Sequence[Mapping[str, Any]] = (),
        measure: MeasureKind = MeasureKind.FORBID,
        decided_by: str = "policy",
        strike: int = 0,
        id: CutId | None = None,  # noqa: A002 - the ledger may have named it before
    ) -> Cut:
        """Note the intent of a cut, and open its case; avatar and placement are the session's.

        ``id`` where it has one already.

        Raises StaleEpoch for an owner that lost the session; CutConflict, naming the other, where the session is cut
        or being cut already; Conflict where it has ended; Refused where ``until`` is not after ``at``.
        """
        if until is not None and until <= at:
            raise Refused("A cut cannot end before it begins; give an end in the future, or none.")
        cut = CutId(fresh("cut")) if id is None else id
        async with self._database.writing() as connection:
            present = await require_epoch(connection, session, epoch)
            await _refuse_second(connection, session, epoch)
            if present.state in FINAL:
                raise Conflict(
                    f"Session {session} has ended ({present.state}); there is nothing to cut.", other=session
                )
            place = present.placement
            await connection.execute(
                insert(cuts).values(
                    id=cut,
                    session=session,
                    epoch=epoch,
                    avatar=present.avatar,
                    rule=rule,
                    cause=cause,
                    evidence=dict(evidence),
                    decided_at=at,
                    state=CutState.INTENDED,
                    until=until,
                    enforcer=enforcer,
                    steps=[dict(step) for step in steps],
                    server=place.server if place else None,
                    app=place.app if place else None,
                    stream=place.stream if place else None,
                    measure=measure,
                    decided_by=decided_by,
                    strike=strike,
                )
            )
            await open_case(
                connection,
                present,
                cut=cut,
                act=CaseAct(measure.value),
                rule=rule,
                cause=cause,
                evidence=evidence,
                at=at,
                until=until,
            )
            return await _one(connection, cut)

    async def get(self, cut: CutId) -> Cut:
        """The cut, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, cut)

    async def list(
        self,
        *,
        session: SessionId | None = None,
        avatar: AvatarId | None = None,
        state: CutState | None = None,
        account: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Cut]:
        """Cuts, newest first."""
        query = select(cuts).order_by(cuts.c.seq.desc()).limit(page_size(limit) + 1)
        if session is not None:
            query = query.where(cuts.c.session == session)
        if avatar is not None:
            query = query.where(cuts.c.avatar == avatar)
        if state is not None:
            query = query.where(cuts.c.state == state)
        if account is not None:
            query = query.join(sessions, sessions.c.id == cuts.c.session).where(sessions.c.account == account)
        if cursor is not None:
            query = query.where(cuts.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_cut(row) for row in rows[:limit]), next=more)

    async def intended(self) -> tuple[Cut, ...]:
        """Cuts that were begun and neither confirmed nor failed, oldest first: those to finish after a restart."""
        query = select(cuts).where(cuts.c.state == CutState.INTENDED).order_by(cuts.c.seq)
        async with self._database.reading() as connection:
            return tuple(_cut(row) for row in await connection.execute(query))

    async def step(self, cut: CutId, step: Mapping[str, Any], *, epoch: int) -> Cut:
        """Add a step to those taken. Raises StaleEpoch for an owner that lost the session."""
        async with self._database.writing() as connection:
            present = await _owned(connection, cut, epoch)
            if len(present.steps) >= MOST_STEPS:
                raise Refused(f"Cut {cut} has {MOST_STEPS} steps, which is the most.")
            taken = [*(dict(before) for before in present.steps), dict(step)]
            await connection.execute(update(cuts).where(cuts.c.id == cut).values(steps=taken))
            return await _one(connection, cut)

    async def confirm(
        self, cut: CutId, *, epoch: int, at: datetime, seconds: float, struck: Struck | None = None
    ) -> Cut:
        """Note that the stream is gone, ``seconds`` after its cause, and strike. Confirming again changes nothing.

        ``epoch`` is the session's own now, which may be later than the cut's where another owner finishes it.
        """
        values = {"confirmed_at": at, "seconds": seconds}
        return await self._settle(cut, epoch, CutState.CONFIRMED, values, struck or {})

    async def fail(self, cut: CutId, *, epoch: int) -> Cut:
        """Note that the stream could not be taken off air; it may still be confirmed later."""
        return await self._settle(cut, epoch, CutState.FAILED, {}, {})

    async def restore(self, cut: CutId, *, at: datetime) -> Cut:
        """Note that the cut is undone, take back its strikes, and have its operators told; it stays on record.

        Again changes nothing.

        Raises Conflict while the cut is still being made.
        """
        async with self._database.writing() as connection:
            present = await _one(connection, cut, hold=True)
            if present.state is CutState.INTENDED:
                raise Conflict(f"Cut {cut} is still being made; wait until it is confirmed.", other=cut)
            await connection.execute(update(cuts).where(cuts.c.id == cut).values(state=CutState.RESTORED))
            await take_back(connection, cut, at)
            await note_undone(connection, cut, present.session, at)
            return await _one(connection, cut)

    async def _settle(self, cut: CutId, epoch: int, state: CutState, values: Mapping[str, Any], struck: Struck) -> Cut:
        async with self._database.writing() as connection:
            present = await _owned(connection, cut, epoch)
            if present.state is state:
                return present
            if present.state not in _BEFORE[state]:
                raise Conflict(f"Cut {cut} is {present.state} and cannot become {state}.", other=cut)
            await connection.execute(update(cuts).where(cuts.c.id == cut).values(state=state, **values))
            settled = await _one(connection, cut)
            if settled.confirmed_at is not None:
                await give(connection, cut, settled.rule, struck, settled.confirmed_at)
            return settled


_BEFORE = {
    CutState.CONFIRMED: frozenset({CutState.INTENDED, CutState.FAILED}),
    CutState.FAILED: frozenset({CutState.INTENDED}),
}


async def _refuse_second(connection: AsyncConnection, session: SessionId, epoch: int) -> None:
    """One cut per session and epoch, and none beside one that is under way or in force."""
    standing = cuts.c.state.in_((CutState.INTENDED, CutState.CONFIRMED))
    second = select(cuts.c.id).where(cuts.c.session == session, standing | (cuts.c.epoch == epoch)).limit(1)
    if (other := await connection.scalar(second)) is not None:
        raise CutConflict(f"Session {session} has its cut already, {other}; finish or restore that one.", other=other)


async def _owned(connection: AsyncConnection, cut: CutId, epoch: int) -> Cut:
    present = await _one(connection, cut, hold=True)
    await require_epoch(connection, present.session, epoch)
    return present


async def _one(connection: AsyncConnection, cut: CutId, *, hold: bool = False) -> Cut:
    query = select(cuts).where(cuts.c.id == cut)
    row = (await connection.execute(query.with_for_update() if hold else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no cut {cut}.")
    return _cut(row)


def _cut(row: Row[Any]) -> Cut:
    placement = None
    if row.server is not None:
        placement = Placement(server=row.server, app=row.app, stream=row.stream)
    return Cut(
        id=CutId(row.id),
        session=SessionId(row.session),
        avatar=AvatarId(row.avatar),
        epoch=row.epoch,
        rule=row.rule,
        cause=row.cause,
        evidence=row.evidence,
        decided_at=row.decided_at,
        state=row.state,
        confirmed_at=row.confirmed_at,
        seconds=row.seconds,
        until=row.until,
        enforcer=row.enforcer,
        steps=tuple(row.steps),
        placement=placement,
        measure=row.measure,
        decided_by=row.decided_by,
        strike=row.strike,
    )
