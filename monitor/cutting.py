"""Cutting: one stream taken off air, and gone on with until the media server confirms it.

An AI-driven stream does not stay on air, whatever fails meanwhile; and no evidence is lost to the cut.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog

from monitor.enforcement import Enforcement
from monitor.record import Record
from monitor.slates import Slates
from monitor.spooled import Sealed
from monitor.standstill import Standstill
from monitor.witness import Witness
from protocols.evidence import RuleName
from protocols.ladder import Ladder
from protocols.ladder_policy import LadderPolicy
from protocols.measure import Measure
from protocols.verdict import Verdict
from registry.cut import Cut
from registry.error import Conflict, LedgerFailure, Unavailable
from registry.state import CutState

_log = structlog.get_logger()

_AGAIN_EVERY = 30.0  # seconds, after a cut that could not be confirmed


class Cutting:
    """One session's. Whoever cuts shows a notice over the picture as well, and takes it away."""

    def __init__(
        self,
        policy: LadderPolicy,
        ladder: Ladder,
        *,
        enforcement: Enforcement,
        slates: Slates,
        witness: Witness | None,
        record: Record,
        standstill: Standstill,
    ) -> None:
        self._policy = policy
        self._ladder = ladder
        self._enforcement = enforcement
        self._slates = slates
        self._witness = witness
        self._record = record
        self._standstill = standstill
        self._covered = False

    async def count_strikes(self) -> None:
        """What stands against the session decides how hard the cut would be."""
        while True:
            try:
                counting = self._enforcement.strikes(self._record.session, self._policy.strikes)
                self._ladder.strikes = await self._standstill.during(counting)
            except Unavailable as failure:
                await self._record.wait_out(failure)
            else:
                return

    async def cover(self, rule: RuleName, verdict: Verdict) -> None:
        """Put a notice over the picture where that can be done; the ladder climbs on in any case."""
        self._covered = True
        try:
            await self._standstill.during(self._slates.show(self._record.session, rule, verdict.document()))
        except (LedgerFailure, Unavailable) as failure:
            await self._record.wait_out(failure)

    async def uncover(self) -> None:
        """Take the notice away, where there is one."""
        if self._covered:
            self._covered = False
            await self._standstill.during(self._slates.lift(self._record.session))

    async def cut(
        self,
        verdict: Verdict,
        rule: RuleName,
        measure: Measure,
        *,
        steps: Sequence[dict[str, Any]],
        because: str | None,
        gone: asyncio.Event,
    ) -> Cut:
        """Cut until it is confirmed, or a person has restored the stream first, or it is ``gone`` by itself.

        ``steps``: the ladder as it was climbed; ``because``: a person's reason, where one has ordered it. Returns the
        cut as it is then. Raises Conflict where the session is no longer ours.
        """
        sealed = await self._sealed()
        while True:
            cut = await self._tried(verdict, rule, measure, steps, because)
            if self._witness is not None and sealed is not None:
                await self._witness.keep(self._record.session, cut, sealed)
                sealed = None
            _log.info("cut", session=self._record.session.id, cut=cut.id, rule=rule.value, state=cut.state.value)
            if cut.state is CutState.CONFIRMED:
                await self._enforcement.stay_gone(self._record.session, cut)
            if cut.state in {CutState.CONFIRMED, CutState.RESTORED}:
                await self.uncover()
                return cut
            with suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), _AGAIN_EVERY)
            if gone.is_set():
                return cut

    async def _sealed(self) -> Sealed | None:
        """What is known by now, on disk before anything is done."""
        if self._witness is None:
            return None
        sealed = self._witness.seal()
        await self._witness.spool(self._record.session, sealed)
        return sealed

    async def _tried(
        self,
        verdict: Verdict,
        rule: RuleName,
        measure: Measure,
        steps: Sequence[dict[str, Any]],
        because: str | None,
    ) -> Cut:
        """The cut, done or failed."""
        session = self._record.session
        while True:
            try:
                return await self._enforcement.cut(
                    session, verdict, rule, measure=measure, steps=steps, because=because
                )
            except Conflict:
                if self._witness is not None:
                    await self._witness.drop(session)
                raise
            except (LedgerFailure, Unavailable) as failure:
                await self._record.wait_out(failure)
