"""The pipeline: one stream, from its first frame to its last entry in the ledger.

    source ─▶ gaze ─▶ observations ─▶ judge ─▶ verdict ─▶ ladder ─▶ duty (operator) and enforcement (cut)
    operator channel ──────┘

Two tasks: one watches, one deliberates. A stream dies alone, and the monitor's own trouble stops the ladder.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, Protocol, assert_never

import structlog

from monitor import metrics
from monitor.budget import WindowBudget
from monitor.cutting import Cutting
from monitor.desk import Desk
from monitor.enforcement import Enforcement
from monitor.eyesight import Eyesight
from monitor.gaze import Gaze
from monitor.journal import Journal
from monitor.orders import CutOrder
from monitor.paces import Paces
from monitor.questions import Answers, Learn, Questions
from monitor.record import Move, Record
from monitor.returns import Returns
from monitor.slates import Slates
from monitor.sources.source import Ended, Lost, Picture, Refused, Resumed, Sighted, Source, SourceEvent, Stalled, Watch
from monitor.standstill import Standstill
from monitor.witness import Witness
from monitor.workers.far import FarGaze
from protocols.attention import Attention
from protocols.backend import EventType, VerdictView
from protocols.challenge import ChallengeSchedule, risk_of
from protocols.evidence import Finding, RuleName
from protocols.judge import Judged
from protocols.ladder import Ladder, Rung, Step
from protocols.observation import (
    Asked,
    Blindness,
    Deregistered,
    Forgotten,
    Look,
    Observation,
    Presence,
    Rest,
)
from protocols.policy import Policy
from protocols.session import AvatarId, Session, SessionState
from protocols.verdict import Driver, Verdict
from registry.error import Conflict
from registry.state import CutState

_log = structlog.get_logger()

_DELIBERATE_EVERY = 0.5  # seconds, while something is going on
_DELIBERATE_QUIETLY_EVERY = 4.0  # seconds, while an operator is there, nobody is suspected and keyframes are enough


class _Over(Exception):
    """The session is over: it was cut, or its stream ended."""

    def __init__(self, state: SessionState, because: str) -> None:
        super().__init__(because)
        self.state = state
        self.because = because


class Judging(Answers, Protocol):
    """Observations in, verdicts out."""

    def consider(self, observations: Iterable[Observation], at: float) -> tuple[Verdict, tuple[Judged, ...]]:
        """Take what was observed and judge at media time ``at``."""


class Pipeline:
    """One session while it is monitored. ``run`` returns when it is over."""

    def __init__(
        self,
        *,
        session: Session,
        policy: Policy,
        zero: float,
        source: Source,
        gaze: Callable[[Callable[[Observation], None]], Gaze | FarGaze],
        judge: Judging,
        schedule: ChallengeSchedule,
        paces: Paces,
        learn: Learn,
        desk: Desk,
        journal: Journal,
        enforcement: Enforcement,
        slates: Slates,
        returns: Returns,
        move: Move,
        threads: Executor,
        budget: WindowBudget,
        witness: Witness | None = None,
    ) -> None:
        self.policy = policy
        self.source = source
        self.zero = zero
        self.ladder = Ladder(policy.ladder, session.policy)
        self.verdict: Verdict | None = None
        self._ending: _Over | None = None
        self._gone = asyncio.Event()
        self._inbox: list[Observation] = []
        self._stirred = asyncio.Event()
        self.operators: set[str] = set()
        self._judge = judge
        self._attention = Attention(policy.watch)
        self._desk = desk
        self._standstill = Standstill(self.ladder, self.at)
        self._held_with_all = False
        self._record = Record(session, journal=journal, move=move, standstill=self._standstill)
        self._eyesight = Eyesight(
            record=self._record, standstill=self._standstill, at=self.at, observe=self.observe, stand=self._stand
        )
        self._questions = Questions(
            policy.challenge,
            schedule=schedule,
            paces=paces,
            desk=desk,
            answers=judge,
            record=self._record,
            standstill=self._standstill,
            threads=threads,
            at=self.at,
            asked=self._asked,
            learn=learn,
        )
        self._cutting = Cutting(
            policy.ladder,
            self.ladder,
            enforcement=enforcement,
            slates=slates,
            witness=witness,
            record=self._record,
            standstill=self._standstill,
        )
        self._returns = returns
        self._ordered: CutOrder | None = None
        self._threads = threads
        self._budget = budget
        self._steps: list[dict[str, Any]] = []
        self._over: asyncio.Queue[_Over | Conflict] = asyncio.Queue()
        self.gaze = gaze(self.observe)

    @property
    def session(self) -> Session:
        """The session as its row stands."""
        return self._record.session

    @property
    def trouble(self) -> str | None:
        """What of the monitor's own keeps it from judging, None where nothing does."""
        return self._record.trouble

    @property
    def open_challenge(self) -> Asked | None:
        """The question that waits for its answer."""
        return self._questions.open

    @property
    def missed(self) -> int:
        """How many questions were missed in a row."""
        return self._questions.missed

    def at(self) -> float:
        """Now, in seconds on the session's clock."""
        return asyncio.get_running_loop().time() - self.zero

    @property
    def blind_because(self) -> str | None:
        """Why no picture can be seen, None where one can."""
        return self._eyesight.blind_because

    @property
    def blind_s(self) -> float:
        """Seconds for which the monitor was blind so far."""
        return self._eyesight.blind_s

    @property
    def watching(self) -> Watch:
        """Whether every frame is looked at, or the keyframes alone."""
        return Watch.FULL if self._budget.holds(self.session.id) else Watch.AMBIENT

    def observe(self, observation: Observation) -> None:
        """Take an observation for the next deliberation: at once where it can change what is done, such as a look."""
        self._inbox.append(observation)
        if isinstance(observation, Presence | Blindness | Look | Deregistered | Forgotten):
            self._stirred.set()

    def remove(self, because: str) -> None:
        """The avatar may not be on air any more: the stream is cut, whatever is seen."""
        self.observe(Deregistered(at=self.at(), because=because))

    def forget(self, avatar: AvatarId) -> None:
        """What ``avatar`` was known by is purged or revoked: nothing is compared with it any more."""
        self.gaze.forget(avatar)
        self.observe(Forgotten(at=self.at(), avatar=avatar))

    def order(self, order: CutOrder) -> None:
        """A person has decided: the stream is cut, whatever is seen. The first order counts."""
        self._ordered = self._ordered or order
        self._stirred.set()

    def hold(self) -> None:
        """Many sessions lapse at once: this ladder stands still too, until ``release``."""
        if not self._held_with_all:
            self._held_with_all = True
            self._standstill.begin()

    def release(self) -> None:
        """A person has looked, or the operators are back."""
        if self._held_with_all:
            self._held_with_all = False
            self._standstill.end()

    def lose(self, lost: Conflict) -> None:
        """Another owner has the session: stop at once and leave everything as it is."""
        self._over.put_nowait(lost)

    def end(self, because: str) -> None:
        """Ask for the session to end; it is not cut."""
        self._end(because)

    async def run(self) -> None:
        """Watch and judge until the stream is cut, ends, or is ended. Raises Conflict where it is no longer ours."""
        over: _Over | Conflict = _Over(SessionState.ENDED, "the monitor stopped watching")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.gaze.run(), name=f"gaze {self.session.id}")
                group.create_task(self._watch(), name=f"watch {self.session.id}")
                group.create_task(self._deliberate(), name=f"deliberate {self.session.id}")
                over = await self._over.get()
                raise over
        except* (_Over, Conflict):
            pass
        finally:
            self._budget.give_back(self.session.id)
            await self.source.close()
        if isinstance(over, Conflict):
            raise over
        await self._close(over)

    # ---- watching

    async def _watch(self) -> None:
        async for event in self.source.events():
            await self._see(event)

    async def _see(self, event: SourceEvent) -> None:
        match event:
            case Picture():
                metrics.FRAMES.inc()
                await self._eyesight.regain(event.at)
                self.gaze.take(event, full=self.watching is Watch.FULL)
            case Stalled():
                await self._eyesight.lose(event.at, f"no picture for {event.silent_for:.1f} s")
            case Sighted():
                await self._eyesight.regain(event.at)
            case Lost():
                await self._eyesight.lose(event.at, event.cause)
            case Resumed():
                pass  # the next picture says so itself
            case Ended():
                self._end(event.cause)
            case Refused():
                self._end(f"the stream cannot be watched: {event.cause}")
            case _:
                assert_never(event)

    # ---- deliberating

    async def _deliberate(self) -> None:
        while True:
            batch, self._inbox = self._inbox, []
            await self._tell_presence(batch)
            await self._weigh(*await self._consider(batch))
            await self._climb()
            if self.blind_because is None:
                await self._questions.ask_if_due(self.operators, risk=self._risk)
            self._pay_attention()
            await self._rest()

    async def _rest(self) -> None:
        settled = self.ladder.rung is Rung.WATCHING and self.blind_because is None and self.operators
        quiet = settled and self.watching is Watch.AMBIENT
        with suppress(TimeoutError):
            async with asyncio.timeout(_DELIBERATE_QUIETLY_EVERY if quiet else _DELIBERATE_EVERY):
                await self._stirred.wait()
        self._stirred.clear()

    async def _consider(self, batch: list[Observation]) -> tuple[Verdict, tuple[Judged, ...]]:
        loop = asyncio.get_running_loop()
        judging = loop.run_in_executor(self._threads, self._judge.consider, batch, self.at())
        return await self._standstill.during(judging)

    async def _tell_presence(self, batch: list[Observation]) -> None:
        for rest in (o for o in batch if isinstance(o, Rest)):
            data = {"at": round(rest.at, 3), "operator": rest.operator, "until": round(rest.until, 3)}
            await self._record.note(EventType.OPERATOR_BREAK, data)
        for presence in (o for o in batch if isinstance(o, Presence)):
            (self.operators.add if presence.connected else self.operators.discard)(presence.operator)
            kind = EventType.OPERATOR_PRESENT if presence.connected else EventType.OPERATOR_LAPSED
            data = {"at": round(presence.at, 3), "operator": presence.operator, "cause": presence.cause}
            await self._record.note(kind, data)

    async def _weigh(self, verdict: Verdict, judged: tuple[Judged, ...]) -> None:
        for outcome in judged:
            await self._questions.judged(outcome)
        before, self.verdict = self.verdict, verdict
        if before is None or _differs(before, verdict):
            metrics.VERDICTS.labels(driver=verdict.driver.value).inc()
            await self._record.note(EventType.VERDICT_CHANGED, VerdictView.of(verdict).document())
            if (other := _shown_instead(verdict)) is not None:
                await self._standstill.during(self._returns.seen(self.session, other))

    async def _climb(self) -> None:
        now, verdict = self.at(), self.verdict
        if verdict is None:
            return
        if self.ladder.rung is Rung.WATCHING and (verdict.cause is not None or self._ordered is not None):
            await self._cutting.count_strikes()
        if self._ordered is not None:
            steps = self.ladder.order(self._ordered.rule, self._ordered.measure, now)
        elif verdict.cause is RuleName.REGISTRATION:
            steps = self.ladder.remove(verdict.cause, now)
        elif self.blind_because is not None:
            return
        else:
            steps = self.ladder.clear(now) if verdict.cause is None else self.ladder.suspect(verdict.cause, now)
        for step in [*steps, *self.ladder.tick(now)]:
            await self._act(step, verdict)

    async def _act(self, step: Step, verdict: Verdict) -> None:
        data = _told(step, verdict)
        self._steps.append(data)
        await self._record.note(EventType.LADDER_STEP, data)
        self._desk.notify(step.rung, step.cause, step.until)
        match step.rung:
            case Rung.CHALLENGE:
                await self._questions.ask(self.operators, risk=self._risk)
            case Rung.SLATE:
                await self._cutting.cover(step.cause or RuleName.DRIVING, verdict)
            case Rung.DROP | Rung.FORBID:
                await self._cut(verdict, step)
            case Rung.WATCHING:
                await self._cutting.uncover()
                self._steps = []
            case Rung.NOTIFY | Rung.GRACE | Rung.RESTORED:
                pass
            case _:
                assert_never(step.rung)

    @property
    def _risk(self) -> float:
        return 0.0 if self.verdict is None else risk_of(self.verdict.driver)

    def _asked(self, asked: Asked) -> None:
        self.observe(asked)
        self._pay_attention()

    def _pay_attention(self) -> None:
        wanted = self._attention.wants(
            self.at()
            - self._eyesight.blind_s,  # seconds of sight: waiting for a picture must not use up the patience for it
            self.verdict.driver if self.verdict else Driver.UNKNOWN,
            suspected=self._suspected,
            challenged=self.open_challenge is not None,
        )
        if wanted:
            self._budget.take(self.session.id)
        else:
            self._budget.give_back(self.session.id)
        self.source.watch(self.watching)

    @property
    def _suspected(self) -> bool:
        told_elsewhere = self.verdict is not None and self.verdict.told_elsewhere
        return told_elsewhere or self.ladder.rung is not Rung.WATCHING

    # ---- acting

    async def _cut(self, verdict: Verdict, step: Step) -> None:
        rule = step.cause or RuleName.DRIVING
        measure = step.measure or self.policy.ladder.measure(rule, self.ladder.strikes, step.by)
        because = None if self._ordered is None else self._ordered.because
        try:
            cut = await self._cutting.cut(verdict, rule, measure, steps=self._steps, because=because, gone=self._gone)
        except Conflict as lost:
            self._over.put_nowait(lost)
            return
        if cut.state is CutState.CONFIRMED:
            self._over.put_nowait(_Over(SessionState.CUT, f"cut: {rule.value}"))
        elif cut.state is CutState.RESTORED:  # a person was faster than the media server
            for restored in self.ladder.restore("a person", self.at()):
                await self._act(restored, verdict)
            self._over.put_nowait(_Over(SessionState.ENDED, "the cut was restored before it was done"))
        elif self._ending is not None:  # by itself, or by its backend: nothing is left to cut
            self._over.put_nowait(self._ending)

    def _end(self, because: str) -> None:
        """The stream is over. While it is being cut the cut comes first: its receipt is what ends the session."""
        self._ending = self._ending or _Over(SessionState.ENDED, because)
        self._gone.set()
        if not self.ladder.cut:
            self._over.put_nowait(self._ending)

    async def _close(self, over: _Over) -> None:
        self._desk.dismiss(over.because)
        await self._record.note(EventType.SESSION_ENDED, {"state": over.state.value, "because": over.because})
        await self._stand(over.state, over.because)

    async def _stand(self, state: SessionState, because: str | None) -> None:
        try:
            await self._record.stand(state, because)
        except Conflict as lost:
            self._over.put_nowait(lost)


def _shown_instead(verdict: Verdict) -> AvatarId | None:
    """The avatar on screen, where it is another than is claimed."""
    if verdict.finding(RuleName.LIKENESS) is not Finding.FAIL:
        return None
    names = [dict(e.facts).get("most_like_otherwise") for e in verdict.evidence if e.rule is RuleName.LIKENESS]
    return AvatarId(str(names[0])) if names and names[0] else None


def _told(step: Step, verdict: Verdict) -> dict[str, Any]:
    """A step as the ledger and its readers have it: its cause, what that rests on, who decided, when it ends."""
    data: dict[str, Any] = {
        "at": round(step.now, 3),
        "rung": step.rung.value,
        "cause": None if step.cause is None else step.cause.value,
        "ends_in": None if step.until is None else round(step.until - step.now, 3),
        "by": step.by,
        "driver": verdict.driver.value,
        "p_human": round(verdict.p_human, 4),
        "evidence": [e for e in verdict.document()["evidence"] if e["rule"] == step.cause],
    }
    return data if step.measure is None else data | {"strike": step.measure.strike}


def _differs(before: Verdict, after: Verdict) -> bool:
    return (before.driver, before.cause, before.findings) != (after.driver, after.cause, after.findings)
