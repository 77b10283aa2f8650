"""One session in virtual time: the live judge, ladder, attention and challenge schedule, driven as the pipeline does.

The order of a deliberation is that of ``monitor.pipeline``: judge, climb, ask, pay attention. While somebody is
suspected or not known to drive it takes place every half second, as it does live; else at the moments at which
something can change.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from monitor.simulation.copies import Copies
from monitor.simulation.drawn import DrawnInstruments
from monitor.simulation.eyes import Eyes
from monitor.simulation.history import History
from monitor.simulation.script import Script
from protocols.attention import Attention
from protocols.challenge import ChallengeSchedule, Dice, Wanted, risk_of
from protocols.evidence import RuleName
from protocols.judge import Judge, Judged
from protocols.ladder import Ladder, Rung, Step
from protocols.likeness import LikenessCalibration
from protocols.observation import (
    Asked,
    Blindness,
    ChallengeAnswered,
    ChallengeAsked,
    DigitsAsked,
    Motion,
    Observation,
    Presence,
)
from protocols.policy import Policy
from protocols.reaction import kind_of
from protocols.telemetry import TelemetrySample
from protocols.verdict import Driver, Verdict

__all__ = ["Outcome", "Play"]

TICK = 0.5  # seconds between two deliberations, as live
_CALM = 30.0  # seconds between two at most: what is known fades
_SETTLED, _ASKED = 2.0, 3.0  # seconds until a window is judged once it is complete; between two looks at an answer
_TYPED = 2.5, 12.0  # seconds within which somebody has looked up, read digits and typed them
_MOTION_EVERY = 0.9  # seconds; more would say nothing new to drawn instruments
_NOTHING: np.ndarray = np.empty(0, dtype=np.float32)
_NO_DETAIL: np.ndarray = np.empty(0, dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a session after ``seconds``: when and why it was cut, and when HUMAN was first said."""

    species: str
    seconds: float
    wrong_from: float | None
    cut_at: float | None
    cause: RuleName | None
    human_at: float | None


class Play:
    """Plays one script. ``steps`` are those of the ladder; ``calm`` lets time jump while nothing can change."""

    def __init__(
        self, script: Script, policy: Policy, likeness: LikenessCalibration, dice: Dice, *, calm: bool = True
    ) -> None:
        self._script, self._policy, self._dice, self._calm = script, policy, dice, calm
        self._eyes = Eyes(script, policy.watch, dice)
        self._history = History(script, policy.challenge, dice)
        self._judge = Judge(
            policy=policy,
            policy_id=policy.name,
            claimed=self._eyes.claimed,
            gallery=self._eyes.gallery,
            likeness=likeness,
            instruments=DrawnInstruments(script, dice, known=self._history.regular),
        )
        self._copies = Copies(script, dice)
        self._ladder = Ladder(policy.ladder)
        self._attention = Attention(policy.watch)
        self._schedule = ChallengeSchedule(policy.challenge, script.abilities, dice, now=0.0)
        self._events = list(script.events)
        self._asked: list[Observation] = []
        self._typed: list[ChallengeAnswered] = []
        self._open: Asked | None = None
        self._challenges = 0
        self._connected: set[str] = set()
        self._full = False
        self._seen_at = self._full_since = 0.0
        self._blind_since: float | None = None
        self._blind_s = 0.0
        self.steps: list[Step] = []

    def run(self) -> Outcome:
        """Play it to its end, or until it is cut."""
        now, human_at = 0.0, None
        while now < self._script.length and not self._ladder.cut:
            verdict, judged = self._judge.consider(self._observations(now), now)
            if verdict.driver is Driver.HUMAN and human_at is None:
                human_at = now
            self._weigh(judged, now)
            self._climb(verdict, now)
            self._ask_routinely(verdict, now)
            self._pay_attention(verdict, now)
            now = self._next(now, verdict.driver)
        cut = self.steps[-1] if self._ladder.cut else None
        return Outcome(
            species=self._script.species,
            seconds=min(now, self._script.length) if cut is None else cut.now,
            wrong_from=self._script.wrong_from,
            cut_at=None if cut is None else cut.now,
            cause=None if cut is None else cut.cause,
            human_at=human_at,
        )

    def _observations(self, now: float) -> list[Observation]:
        """What was seen and heard since the last deliberation, in the order of time."""
        come: list[Observation] = [*self._scripted(now), *self._asked]
        self._asked = []
        come += [typed for typed in self._typed if typed.at <= now]
        self._typed = [typed for typed in self._typed if typed.at > now]
        if self._script.act(now).told and self._connected:
            come.append(TelemetrySample(at=now))
            come += self._copies.compared(now)
        if self._blind_since is None:
            come += self._eyes.looks(now, full=self._full)
            if self._full:
                come += (_motion(at) for at in _times(self._seen_at, now))
            self._seen_at = now
        return come

    def _scripted(self, now: float) -> Iterator[Presence | Blindness]:
        while self._events and self._events[0].at <= now:
            event = self._events.pop(0)
            match event:
                case Presence():
                    (self._connected.add if event.connected else self._connected.discard)(event.operator)
                case Blindness(blind=True):
                    self._blind_since = event.at
                    self._ladder.hold(now)
                case Blindness():
                    self._blind_s += event.at - (event.at if self._blind_since is None else self._blind_since)
                    self._blind_since, self._seen_at = None, event.at
                    self._ladder.release(now)
            yield event

    def _weigh(self, judged: tuple[Judged, ...], now: float) -> None:
        asked = self._open
        settling = [outcome for outcome in judged if asked is not None and outcome.challenge == asked.challenge]
        if asked is None or not settling:
            return
        self._open = None
        [outcome] = settling
        if not outcome.typed:
            self._schedule.judged(now, settled=self._judge.settled, missed=self._judge.missed, passed=outcome.passed)
        if outcome.passed and outcome.reaction is not None:
            self._history.took(kind_of(asked), outcome.reaction)

    def _climb(self, verdict: Verdict, now: float) -> None:
        if self._blind_since is not None:
            return
        steps = self._ladder.clear(now) if verdict.cause is None else self._ladder.suspect(verdict.cause, now)
        for step in [*steps, *self._ladder.tick(now)]:
            self.steps.append(step)
            if step.rung is not Rung.WATCHING:
                self._script.call(now, self._dice)
            if step.rung is Rung.CHALLENGE:
                self._ask(now, verdict)

    def _ask_routinely(self, verdict: Verdict, now: float) -> None:
        nothing_open = self._open is None and self._connected and self._blind_since is None
        if nothing_open and self._schedule.due(now, risk=risk_of(verdict.driver)):
            self._ask(now, verdict, routine=True)

    def _ask(self, now: float, verdict: Verdict, *, routine: bool = False) -> None:
        telling = partial(self._judge.telling, at=now)
        wanted = self._schedule.ask(now, risk=risk_of(verdict.driver), telling=telling, routine=routine)
        if wanted is None or not self._connected:
            return
        self._challenges += 1
        self._open = asked = self._question(str(self._challenges), wanted, now)
        self._asked.append(asked)
        self._script.ask(now, self._dice)
        if isinstance(asked, DigitsAsked) and self._dice() < self._script.willing(now, self._script.act(now)):
            typed = now + _TYPED[0] + (_TYPED[1] - _TYPED[0]) * self._dice()
            self._typed.append(ChallengeAnswered(at=typed, challenge=asked.challenge))

    def _question(self, challenge: str, wanted: Wanted, now: float) -> Asked:
        within, soonest = self._history.within(wanted.kind), self._history.soonest(wanted.kind)
        if not wanted.gestures:
            return DigitsAsked(at=now, challenge=challenge, digits="0000", within=within, soonest=soonest)
        first, *then = wanted.gestures
        return ChallengeAsked(
            at=now, challenge=challenge, gesture=first, then=tuple(then), within=within, soonest=soonest
        )

    def _pay_attention(self, verdict: Verdict, now: float) -> None:
        suspected = self._suspected or verdict.told_elsewhere
        before, self._full = (
            self._full,
            self._attention.wants(
                self._sighted(now), verdict.driver, suspected=suspected, challenged=self._open is not None
            ),
        )
        if self._full and not before:
            self._seen_at = self._full_since = now

    @property
    def _suspected(self) -> bool:
        return self._ladder.rung is not Rung.WATCHING

    def _sighted(self, now: float) -> float:
        """Seconds of sight so far."""
        return now - self._blind_s - (0.0 if self._blind_since is None else now - self._blind_since)

    def _next(self, now: float, driver: Driver) -> float:
        """When to deliberate next, on the grid of half seconds."""
        wrong_from = math.inf if self._script.wrong_from is None else self._script.wrong_from
        if not self._calm or self._suspected or driver is not Driver.HUMAN or now >= wrong_from:
            return now + TICK
        soonest = min(self._turn(now, driver), wrong_from, self._eyes.next_at(full=self._full))
        if self._events:
            soonest = min(soonest, self._events[0].at)
        return max(now + TICK, math.ceil(soonest / TICK) * TICK)

    def _turn(self, now: float, driver: Driver) -> float:
        """When a window is complete, a challenge is due or the attention turns; at most ``_CALM`` seconds from now."""
        turn = now + _CALM
        if self._full:
            window = self._policy.watch.window_s
            complete = self._full_since + _SETTLED
            turn = min(turn, complete + window * max(0, math.floor((now - complete) / window) + 1))
        if self._open is not None:
            return min(turn, now + _ASKED)
        unseen = now - self._sighted(now)
        due = self._schedule.next_deadline()
        return min(turn, unseen + self._attention.next_deadline(now - unseen, driver), math.inf if due is None else due)


def _times(since: float, now: float) -> Iterator[float]:
    """Times after ``since`` up to ``now``, close enough together for the picture to have gone on."""
    at = since + _MOTION_EVERY
    while at < now:
        yield at
        at += _MOTION_EVERY
    yield now


def _motion(at: float) -> Motion:
    return Motion(at=at, interval=0.08, flow=_NOTHING, detail=_NO_DETAIL)
