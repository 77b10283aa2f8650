"""The ladder: notify, challenge, grace, cut. A state machine as a table; it reads no clock and arms no timer.

A session climbs while its verdict gives a cause and comes down as soon as it no longer does. Where the monitor is
blind, or a person holds the ladder, time stands still: nobody climbs because of trouble that is not theirs.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from protocols.evidence import RuleName
from protocols.policy import LadderPolicy


class Rung(StrEnum):
    """Where a session stands on the ladder."""

    WATCHING = "watching"
    NOTIFY = "notify"
    CHALLENGE = "challenge"
    GRACE = "grace"
    CUT = "cut"


class Signal(StrEnum):
    """What moves a session on the ladder."""

    SUSPECT = "suspect"
    CLEAR = "clear"
    TIMER = "timer"
    REMOVE = "remove"


class Move(StrEnum):
    """What a signal does on a rung."""

    STAY = "stay"
    BEGIN = "begin"
    CLIMB = "climb"
    COME_DOWN = "come down"
    LEAP = "leap"


_CLIMBING = {
    Signal.SUSPECT: Move.STAY,
    Signal.CLEAR: Move.COME_DOWN,
    Signal.TIMER: Move.CLIMB,
    Signal.REMOVE: Move.LEAP,
}

TABLE: dict[Rung, dict[Signal, Move]] = {
    Rung.WATCHING: {
        Signal.SUSPECT: Move.BEGIN,
        Signal.CLEAR: Move.STAY,
        Signal.TIMER: Move.STAY,
        Signal.REMOVE: Move.LEAP,
    },
    Rung.NOTIFY: _CLIMBING,
    Rung.CHALLENGE: _CLIMBING,
    Rung.GRACE: _CLIMBING,
    Rung.CUT: dict.fromkeys(Signal, Move.STAY),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on the ladder at ``now``: onto ``rung`` because of ``cause``, until ``until`` unless it clears."""

    now: float
    rung: Rung
    cause: RuleName | None
    until: float | None


class Ladder:
    """One session's ladder. ``suspect``, ``clear`` and ``tick`` return the steps that the shell has to carry out."""

    def __init__(self, policy: LadderPolicy) -> None:
        self._policy = policy
        self.rung = Rung.WATCHING
        self.cause: RuleName | None = None
        self._climbs: list[tuple[Rung, float]] = []
        self._deadline: float | None = None
        self._held_since: float | None = None

    @property
    def held(self) -> bool:
        """Whether time stands still."""
        return self._held_since is not None

    def next_deadline(self) -> float | None:
        """When ``tick`` wants to be called, None while nothing runs out."""
        return None if self.held else self._deadline

    def suspect(self, cause: RuleName, now: float) -> list[Step]:
        """The verdict gives a cause for a cut."""
        return self._signal(Signal.SUSPECT, now, cause)

    def clear(self, now: float) -> list[Step]:
        """The verdict gives no cause, or no longer."""
        return self._signal(Signal.CLEAR, now, None)

    def remove(self, cause: RuleName, now: float) -> list[Step]:
        """The stream may not go on whatever is seen: to the top at once, and even while time stands still."""
        if TABLE[self.rung][Signal.REMOVE] is Move.STAY:
            return []
        self.cause, self._climbs = cause, []
        return [self._climb(now)]

    def tick(self, now: float) -> list[Step]:
        """Time has passed; climbs every rung that has run out."""
        steps: list[Step] = []
        while not self.held and self._deadline is not None and now >= self._deadline:
            steps += self._signal(Signal.TIMER, self._deadline, self.cause)
        return steps

    def hold(self, now: float) -> None:
        """Let time stand still: the monitor cannot see, or a person said so."""
        if self._held_since is None:
            self._held_since = now

    def release(self, now: float) -> None:
        """Let time go on; what was left of the rung is left still."""
        if self._held_since is not None and self._deadline is not None:
            self._deadline += now - self._held_since
        self._held_since = None

    def _signal(self, signal: Signal, now: float, cause: RuleName | None) -> list[Step]:
        if self.held:
            return []
        match TABLE[self.rung][signal]:
            case Move.STAY:
                return []
            case Move.COME_DOWN:
                return [self._stand(Rung.WATCHING, None, now)]
            case Move.BEGIN:
                self.cause = cause
                self._climbs = [(Rung(r.rung), r.seconds) for r in self._policy.rungs(cause or RuleName.DRIVING)]
                return [self._climb(now)]
            case Move.CLIMB | Move.LEAP:
                return [self._climb(now)]
            case _ as never:
                assert_never(never)

    def _climb(self, now: float) -> Step:
        if not self._climbs:
            return self._stand(Rung.CUT, None, now)
        rung, seconds = self._climbs.pop(0)
        return self._stand(rung, now + seconds, now)

    def _stand(self, rung: Rung, until: float | None, now: float) -> Step:
        step = Step(now=now, rung=rung, cause=self.cause, until=until)
        self.rung, self._deadline = rung, until
        if rung is Rung.WATCHING:
            self.cause, self._climbs = None, []
        return step
