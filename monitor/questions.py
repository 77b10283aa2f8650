"""Questions: what the operators of one stream are asked, when, and what becomes of their answers."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Protocol

import structlog

from monitor import metrics
from monitor.desk import Desk
from monitor.paces import Paces
from monitor.record import Record
from monitor.standstill import Standstill
from protocols.backend import EventType
from protocols.challenge import ChallengeSchedule, Wanted
from protocols.challenge_transcript import told_of
from protocols.driving.habit import Habit
from protocols.gesture import Gesture
from protocols.judge import Judged
from protocols.observation import Asked, ChallengeAsked, DigitsAsked
from protocols.policy import ChallengePolicy
from protocols.reaction import kind_of
from registry.error import RegistryError
from registry.identity import digits, fresh

_log = structlog.get_logger()

_OUTCOMES = {True: "passed", False: "failed", None: "not judged"}


class Answers(Protocol):
    """What is known of the answers so far."""

    @property
    def settled(self) -> bool:
        """Whether answers have settled that the operator is there."""

    @property
    def missed(self) -> bool:
        """Whether the last question that could be judged was missed."""

    def telling(self, gestures: tuple[Gesture, ...], at: float) -> tuple[Gesture, ...]:
        """Those of ``gestures`` that would tell an answer from the operator's habits."""

    def learned(self) -> Mapping[Gesture, Habit]:
        """What the operator was seen to do unasked, for other evenings."""


Learn = Callable[[Mapping[Gesture, Habit]], Awaitable[None]]
"""Remembers what was learned of the operator's habits. Raises RegistryError."""


class Questions:
    """One session's. ``open``: the question that waits for its answer; ``missed``: how many were in a row."""

    def __init__(
        self,
        policy: ChallengePolicy,
        *,
        schedule: ChallengeSchedule,
        paces: Paces,
        desk: Desk,
        answers: Answers,
        record: Record,
        standstill: Standstill,
        threads: Executor,
        at: Callable[[], float],
        asked: Callable[[Asked], None],
        learn: Learn,
    ) -> None:
        """``at``: now on the session's clock; ``asked`` is told of each question at once."""
        self.open: Asked | None = None
        self.missed = 0
        self._asked_of: str | None = None
        self._policy = policy
        self._schedule = schedule
        self._paces = paces
        self._desk = desk
        self._answers = answers
        self._record = record
        self._standstill = standstill
        self._threads = threads
        self._at = at
        self._asked = asked
        self._learn = learn

    async def ask_if_due(self, present: Collection[str], *, risk: float) -> None:
        """Ask the operators who are ``present`` where it is time to, at a ``risk`` of 0..1 that nobody drives."""
        if present and self.open is None and self._schedule.due(self._at(), risk=risk):
            await self.ask(present, risk=risk, routine=True)

    async def ask(self, present: Collection[str], *, risk: float, routine: bool = False) -> None:
        """Ask what would tell most now. Where nobody is there, or nothing may be asked, nothing is."""
        wanted = await self._wanted(tuple(present), risk, routine=routine)
        if wanted is None or not present:
            return
        asked = self._put(wanted, present)
        asked_of = self._desk.ask(asked, routine=routine)
        if asked_of is None:
            return
        self.open, self._asked_of = asked, asked_of
        self._asked(asked)
        data = {"at": round(asked.at, 3), "challenge": asked.challenge, **told_of(asked), "within": asked.within}
        await self._record.note(EventType.CHALLENGE_ASKED, data)

    async def judged(self, outcome: Judged) -> None:
        """An answer was judged, or none came in time."""
        metrics.CHALLENGES.labels(outcome=_OUTCOMES[outcome.passed]).inc()
        await self._record.note(EventType.CHALLENGE_JUDGED, outcome.document())
        if self.open is not None and outcome.challenge == self.open.challenge:
            await self._close(self.open, outcome)

    async def _close(self, asked: Asked, outcome: Judged) -> None:
        """A question is over: it says when to ask again and how quick they are; many missed are told to people."""
        self.open = None
        if not outcome.typed:
            self._schedule.judged(
                self._at(), settled=self._answers.settled, missed=self._answers.missed, passed=outcome.passed
            )
        if outcome.passed and outcome.reaction is not None and self._asked_of is not None:
            await self._standstill.during(self._paces.took(self._asked_of, kind_of(asked), outcome.reaction))
        await self._standstill.during(self._remember())
        if outcome.passed is None:
            return
        self.missed = 0 if outcome.passed else self.missed + 1
        if self.missed and self.missed % self._policy.tell_after == 0:
            data = {"at": round(outcome.at, 3), "missed": self.missed, "operator": self._asked_of}
            await self._record.note(EventType.CHALLENGES_MISSED, data)

    async def _remember(self) -> None:
        """Keep what was looked through for this question. What cannot be kept is let go: it is a habit, no evidence."""
        try:
            await self._learn(self._answers.learned())
        except RegistryError as failure:
            _log.warning("habits.lost", because=str(failure))

    async def _wanted(self, present: tuple[str, ...], risk: float, *, routine: bool) -> Wanted | None:
        """What to ask for now: looking through what the operator does unasked takes a while."""
        now = self._at()
        telling = partial(self._answers.telling, at=now)
        choose = partial(self._schedule.ask, now, risk=risk, present=present, telling=telling, routine=routine)
        return await self._standstill.during(asyncio.get_running_loop().run_in_executor(self._threads, choose))

    def _put(self, wanted: Wanted, present: Collection[str]) -> Asked:
        at, challenge, gestures = self._at(), fresh("chl"), wanted.gestures
        within, soonest = self._paces.within(wanted.kind, present), self._paces.soonest(wanted.kind, present)
        if not gestures:
            return DigitsAsked(at=at, challenge=challenge, digits=digits(), within=within, soonest=soonest)
        first, *then = gestures
        return ChallengeAsked(
            at=at, challenge=challenge, gesture=first, then=tuple(then), within=within, soonest=soonest
        )
