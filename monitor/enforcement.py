"""Enforcement: a cut is written, done, confirmed and written again, once, whatever happens in between.

1. The intent is durable in the ledger and in the registry before anything leaves for the media server.
2. The stream's place is blocked, so that a publisher who reconnects by itself stays out.
3. The publisher is disconnected.
4. The media server is asked whether it is gone; "cut" in its answer to step 3 is not believed.
5. The receipt is written.

A restart finds intents without receipts and goes through steps 2 to 4 again; each of them may be done twice. What the
ledger says already is not said again: its receipt comes before the registry's, which can be made up from it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.fenced import Fenced
from monitor.journal import Journal
from monitor.metrics import CUT_SECONDS, CUTS, CUTS_FAILED
from protocols.backend import CutView, EventType
from protocols.evidence import RuleName
from protocols.measure import Measure, StrikesPolicy, StrikeSubject
from protocols.session import FINAL, CutId, Session
from protocols.verdict import Verdict
from protocols.wording import reason
from registry.cut import Cut
from registry.error import CutConflict, RegistryError
from registry.registry import Registry
from registry.state import CutState
from registry.strike import Struck, struck_by

_T = TypeVar("_T")
_log = structlog.get_logger()

_RETRY_AFTER = (0.0, 0.1, 0.2, 0.5, *(1.0,) * 15)  # seconds between the first tries of a command; then every five
_RETRY_EVERY = 5.0
_GIVE_UP_AFTER = 120.0
_CONFIRM_WITHIN = 3.0  # then the publisher is disconnected once more
_ASK_EVERY = 0.05
_ASK_TIMES = 3  # at least, where answers are slow
_LOOK_AGAIN_AFTER = 2.0


class Enforcement:
    """Carries out cuts and undoes them."""

    def __init__(
        self, registry: Registry, journal: Journal, enforcer_of: Callable[[Session], tuple[str, Fenced]]
    ) -> None:
        self._registry = registry
        self._journal = journal
        self._enforcer_of = enforcer_of

    async def cut(
        self,
        session: Session,
        verdict: Verdict,
        rule: RuleName,
        *,
        measure: Measure,
        steps: Sequence[Mapping[str, Any]],
        because: str | None = None,
    ) -> Cut:
        """Cut ``session`` for ``rule``, or go on with the cut that it has. Returns it, CONFIRMED or FAILED.

        ``because`` is why in a person's words; the rule's own where absent.
        Raises StaleEpoch where another owner has the session, LedgerFailure or Unavailable where the intent cannot
        be made durable; then nothing was done.
        """
        try:
            cut = await self._intend(session, verdict, rule, measure, steps, because or reason(rule).en)
        except CutConflict as present:
            if present.other is None:
                raise
            cut = await self._registry.cuts.get(CutId(present.other))
        return await self.carry_out(session, cut)

    async def resume(self) -> None:
        """Finish what was begun for sessions that are over by now; those that are not, their owners finish."""
        async with asyncio.TaskGroup() as group:
            for cut in await self._registry.cuts.intended():
                session = await self._registry.sessions.get(cut.session)
                if session.state in FINAL:
                    group.create_task(self.carry_out(session, cut), name=f"resume {cut.id}")

    async def standing(self, session: Session) -> Cut | None:
        """The session's cut that is under way or in force; None where it has none."""
        for cut in (await self._registry.cuts.list(session=session.id)).items:
            if cut.state in (CutState.INTENDED, CutState.CONFIRMED):
                return cut
        return None

    async def restore(self, cut_id: CutId, *, by: str, because: str) -> Cut:
        """Undo a cut: take back its strikes, lift the block on the server, tell the backend; the record stands."""
        before = await self._registry.cuts.get(cut_id)
        session = await self._registry.sessions.get(before.session)
        cut = await self._registry.cuts.restore(cut_id, at=self._journal.clock())
        await self._enforcer(session).restore(_order(session, cut))
        await self._registry.blocks.lift_for(cut.id, at=self._journal.clock())
        data = view(cut) | {"restored_by": by, "restored_because": because}
        await self._journal.note(session, EventType.CUT_RESTORED, data, subject=cut.id)
        return cut

    async def carry_out(self, session: Session, cut: Cut) -> Cut:
        """Do a cut whose intent stands in the registry; one that was tried before and failed is tried again."""
        if cut.state not in (CutState.INTENDED, CutState.FAILED):
            return cut
        if await self._entered(EventType.CUT_INTENDED, cut) is None:
            await self._journal.note(session, EventType.CUT_INTENDED, view(cut), subject=cut.id)
        done = await self._entered(EventType.CUT_CONFIRMED, cut)
        if done is None:
            began = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(_GIVE_UP_AFTER):
                    await _persist(self._enforcer(session), _order(session, cut))
            except (TimeoutError, EnforcerFailure) as failure:
                return await self._failed(session, cut, failure)
            done = await self._receipt(session, cut, asyncio.get_running_loop().time() - began)
        return await self._registry.cuts.confirm(
            cut.id,
            epoch=session.epoch,
            at=done.confirmed_at or self._journal.clock(),
            seconds=done.seconds or 0.0,
            struck=await self._struck(session, cut),
        )

    async def strikes(self, session: Session, policy: StrikesPolicy) -> int:
        """How many strikes stand against the session, as the policy counts them: those of whom most stand against."""
        since = self._journal.clock() - timedelta(seconds=policy.within_s)
        return max((await self._registry.strikes.against(session, of=policy.of, since=since)).values(), default=0)

    async def stay_gone(self, session: Session, cut: Cut) -> None:
        """Look once more a little later: a publisher who was let in just before the block is disconnected too."""
        await asyncio.sleep(_LOOK_AGAIN_AFTER)
        try:
            await self.look_again(session, cut)
        except (TimeoutError, EnforcerFailure, RegistryError) as failure:
            _log.exception("cut.unsure", cut=cut.id, session=session.id, because=str(failure))

    async def look_again(self, session: Session, cut: Cut) -> bool:
        """Whether a cut stream is still gone; one that has returned within its block is disconnected anew.

        Raises EnforcerFailure and TimeoutError where the media server does not say, RegistryError.
        """
        enforcer, order = self._enforcer(session), _order(session, cut)
        async with asyncio.timeout(_GIVE_UP_AFTER):
            if await enforcer.gone(order) or not await self._holds(cut):
                return True
            _log.warning("cut.returned", cut=cut.id, session=session.id)
            await self._journal.note(session, EventType.CUT_RETURNED, view(cut), subject=cut.id)
            await _persist(enforcer, order)
        return False

    async def renew(self, session: Session, cut: Cut) -> None:
        """Put a cut's block in force once more, where its media server may have forgotten it."""
        await self._enforcer(session).block(_order(session, cut))

    async def lapse(self, session: Session, cut: Cut) -> None:
        """Lift a block whose end has come: not every media server does so by itself."""
        await self._enforcer(session).restore(_order(session, cut))
        await self._registry.blocks.lift_for(cut.id, at=self._journal.clock())

    async def _holds(self, cut: Cut) -> bool:
        """Whether nobody has restored it meanwhile."""
        return (await self._registry.cuts.get(cut.id)).state is CutState.CONFIRMED

    async def _struck(self, session: Session, cut: Cut) -> Struck:
        """Whom a cut strikes: operators only where they were there, nobody for an avatar that may not be on air."""
        if cut.rule == RuleName.REGISTRATION:
            return {}
        entries = await self._registry.ledger.read(kind=EventType.OPERATOR_PRESENT.value, session=session.id)
        there = {entry.content["operator"] for entry in entries}
        operators = [operator for operator in session.operators if operator in there]
        return {**struck_by(session), StrikeSubject.OPERATOR: operators}

    def _enforcer(self, session: Session) -> Fenced:
        return self._enforcer_of(session)[1]

    async def _entered(self, kind: EventType, cut: Cut) -> CutView | None:
        """The cut as the ledger has it already under ``kind``."""
        entries = await self._registry.ledger.read(kind=kind.value, session=cut.session, subject=cut.id, limit=1)
        return CutView.model_validate(entries[0].content) if entries else None

    async def _receipt(self, session: Session, cut: Cut, seconds: float) -> CutView:
        at = self._journal.clock()
        done = replace(cut, state=CutState.CONFIRMED, confirmed_at=at, seconds=seconds)
        await self._journal.note(session, EventType.CUT_CONFIRMED, view(done), subject=cut.id)
        CUTS.labels(rule=cut.rule).inc()
        CUT_SECONDS.observe(seconds)
        return CutView.of(done)

    async def _intend(
        self,
        session: Session,
        verdict: Verdict,
        rule: RuleName,
        measure: Measure,
        steps: Sequence[Mapping[str, Any]],
        because: str,
    ) -> Cut:
        name, _ = self._enforcer_of(session)
        at = self._journal.clock()
        return await self._registry.cuts.intend(
            session=session.id,
            epoch=session.epoch,
            rule=rule.value,
            cause=because,
            evidence=verdict.document(),
            enforcer=name,
            at=at,
            until=at + timedelta(seconds=measure.seconds),
            steps=steps,
            measure=measure.kind,
            decided_by=measure.by,
            strike=measure.strike,
        )

    async def _failed(self, session: Session, cut: Cut, failure: Exception) -> Cut:
        why = str(failure) or f"the media server did not confirm within {_GIVE_UP_AFTER:g} s"
        _log.error("cut.failed", cut=cut.id, session=session.id, because=why)
        CUTS_FAILED.labels(rule=cut.rule).inc()
        cut = await self._registry.cuts.fail(cut.id, epoch=session.epoch)
        await self._journal.note(session, EventType.CUT_FAILED, view(cut) | {"failure": why}, subject=cut.id)
        return cut


async def _persist(enforcer: Fenced, order: Order) -> None:
    """Block, cut and confirm until it is gone. Raises EnforcerFailure where trying again is no use.

    Each command is tried again by itself: on a bad line the whole way would hardly ever succeed at one go.
    """
    while True:
        await _insist(enforcer.block, order)
        await _insist(enforcer.cut, order)
        if await _gone(enforcer, order):
            return


async def _gone(enforcer: Fenced, order: Order) -> bool:
    """Whether it is gone within seconds of the server's own answers."""
    loop = asyncio.get_running_loop()
    asked, until = 0, loop.time() + _CONFIRM_WITHIN
    while not await _insist(enforcer.gone, order):
        asked += 1
        if loop.time() >= until and asked >= _ASK_TIMES:
            return False
        await asyncio.sleep(_ASK_EVERY)
    return True


async def _insist(command: Callable[[Order], Awaitable[_T]], order: Order) -> _T:
    """Give a command until the server answers it; the pauses between the tries grow."""
    attempt = 0
    while True:
        try:
            return await command(order)
        except EnforcerFailure as failure:
            if not failure.retry:
                raise
            _log.warning("cut.retry", cut=order.cut, because=str(failure))
        await asyncio.sleep(_RETRY_AFTER[attempt] if attempt < len(_RETRY_AFTER) else _RETRY_EVERY)
        attempt += 1


def view(cut: Cut) -> dict[str, Any]:
    """The cut as its readers get it, JSON."""
    return CutView.of(cut).model_dump(mode="json")


def _order(session: Session, cut: Cut) -> Order:
    return Order(
        cut=cut.id,
        session=session.id,
        epoch=session.epoch,
        placement=cut.placement,
        reason=cut.cause,
        until=cut.until,
    )
