"""The ladder: notify, challenge, grace, slate, then drop or forbid, and restore. A state machine as one table.

It reads no clock and arms no timer. A session climbs while its verdict gives a cause and comes down as soon as it no
longer does. Where the monitor is blind, or a person holds the ladder, time stands still: nobody climbs because of
trouble that is not theirs. Which rungs there are, for how long, and what is done at the top is the policy's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from protocols.evidence import RuleName
from protocols.ladder_policy import LadderPolicy
from protocols.measure import Measure, MeasureKind


class Rung(StrEnum):
    """Where a session stands on the ladder, from below."""

    WATCHING = "watching"
    NOTIFY = "notify"
    CHALLENGE = "challenge"
    GRACE = "grace"
    SLATE = "slate"
    DROP = "drop"
    FORBID = "forbid"
    RESTORED = "restored"


class Signal(StrEnum):
    """What moves a session on the ladder: its verdict, time, its registration, and people."""

    SUSPECT = "suspect"
    CLEAR = "clear"
    TIMER = "timer"
    REMOVE = "remove"
    ORDER = "order"
    RESTORE = "restore"


class Move(StrEnum):
    """What a signal does on a rung."""

    STAY = "stay"
    BEGIN = "begin"
    CLIMB = "climb"
    COME_DOWN = "come down"
    FORBID = "forbid"
    OBEY = "obey"
    LIFT = "lift"


CUTS = frozenset({Rung.DROP, Rung.FORBID})
"""The rungs on which the stream is taken off air."""

_CLIMBING: Mapping[Signal, Move] = {
    Signal.SUSPECT: Move.STAY,
    Signal.CLEAR: Move.COME_DOWN,
    Signal.TIMER: Move.CLIMB,
    Signal.REMOVE: Move.FORBID,
    Signal.ORDER: Move.OBEY,
    Signal.RESTORE: Move.STAY,
}
_CUT: Mapping[Signal, Move] = {**dict.fromkeys(Signal, Move.STAY), Signal.RESTORE: Move.LIFT}

TABLE: Mapping[Rung, Mapping[Signal, Move]] = {
    Rung.WATCHING: {
        Signal.SUSPECT: Move.BEGIN,
        Signal.CLEAR: Move.STAY,
        Signal.TIMER: Move.STAY,
        Signal.REMOVE: Move.FORBID,
        Signal.ORDER: Move.OBEY,
        Signal.RESTORE: Move.STAY,
    },
    Rung.NOTIFY: _CLIMBING,
    Rung.CHALLENGE: _CLIMBING,
    Rung.GRACE: _CLIMBING,
    Rung.SLATE: _CLIMBING,
    Rung.DROP: _CUT,
    Rung.FORBID: _CUT,
    Rung.RESTORED: dict.fromkeys(Signal, Move.STAY),
}
"""What every signal does on every rung."""

_ABOVE = {
    Rung.NOTIFY: (Rung.CHALLENGE, Rung.GRACE, Rung.SLATE, Rung.DROP, Rung.FORBID),
    Rung.CHALLENGE: (Rung.GRACE, Rung.SLATE, Rung.DROP, Rung.FORBID),
    Rung.GRACE: (Rung.SLATE, Rung.DROP, Rung.FORBID),
    Rung.SLATE: (Rung.DROP, Rung.FORBID),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: on ``rung``, ``signal`` leads to one of ``onto``; policies choose among several."""

    rung: Rung
    signal: Signal
    onto: tuple[Rung, ...]


def rows() -> tuple[Row, ...]:
    """The table, row by row."""
    return tuple(
        Row(rung=rung, signal=signal, onto=_onto(rung, move))
        for rung, moves in TABLE.items()
        for signal, move in moves.items()
    )


def _onto(rung: Rung, move: Move) -> tuple[Rung, ...]:
    match move:
        case Move.STAY:
            return (rung,)
        case Move.BEGIN:
            return (Rung.NOTIFY,)
        case Move.CLIMB:
            return _ABOVE[rung]
        case Move.COME_DOWN:
            return (Rung.WATCHING,)
        case Move.FORBID:
            return (Rung.FORBID,)
        case Move.OBEY:
            return (Rung.DROP, Rung.FORBID)
        case Move.LIFT:
            return (Rung.RESTORED,)
        case _ as never:
            assert_never(never)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on the ladder at ``now``: onto ``rung`` because of ``cause``, decided by ``by``.

    ``until``: when the rung ends by itself; on DROP and FORBID when the stream may publish again.
    """

    now: float
    rung: Rung
    cause: RuleName | None
    until: float | None
    by: str
    measure: Measure | None = None


class Ladder:
    """One session's ladder. ``suspect``, ``clear`` and ``tick`` return the steps that the shell has to carry out.

    ``strikes`` is what stands against the session's avatar, operators and account, as the policy counts it: the shell
    keeps it up to date. ``by`` is who decides where no person does: the policy, by its id.
    """

    def __init__(self, policy: LadderPolicy, by: str = "policy") -> None:
        self._policy = policy
        self._by = by
        self.strikes = 0
        self.rung = Rung.WATCHING
        self.cause: RuleName | None = None
        self._climbs: list[tuple[Rung, float]] = []
        self._deadline: float | None = None
        self._held_since: float | None = None

    @property
    def held(self) -> bool:
        """Whether time stands still."""
        return self._held_since is not None

    @property
    def cut(self) -> bool:
        """Whether it has come to a cut."""
        return self.rung in CUTS

    def next_deadline(self) -> float | None:
        """When ``tick`` wants to be called, None while nothing runs out."""
        return None if self.held else self._deadline

    def suspect(self, cause: RuleName, now: float) -> list[Step]:
        """The verdict gives a cause for a cut."""
        return [] if self.held else self._signal(Signal.SUSPECT, now, cause)

    def clear(self, now: float) -> list[Step]:
        """The verdict gives no cause, or no longer."""
        return [] if self.held else self._signal(Signal.CLEAR, now)

    def remove(self, cause: RuleName, now: float) -> list[Step]:
        """The stream may not go on whatever is seen: to the top at once, and even while time stands still."""
        return self._signal(Signal.REMOVE, now, cause)

    def order(self, cause: RuleName, measure: Measure, now: float) -> list[Step]:
        """A person has decided: to the top at once, and even while time stands still."""
        return self._signal(Signal.ORDER, now, cause, measure)

    def restore(self, by: str, now: float) -> list[Step]:
        """A person undoes the cut."""
        return self._signal(Signal.RESTORE, now, self.cause, by=by)

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

    def _signal(
        self,
        signal: Signal,
        now: float,
        cause: RuleName | None = None,
        measure: Measure | None = None,
        *,
        by: str | None = None,
    ) -> list[Step]:
        match TABLE[self.rung][signal]:
            case Move.STAY:
                return []
            case Move.BEGIN:
                self.cause = cause
                self._climbs = [(Rung(r.rung), r.seconds) for r in self._policy.rungs(cause or RuleName.DRIVING)]
                return [self._climb(now)]
            case Move.CLIMB:
                return [self._climb(now)]
            case Move.COME_DOWN:
                self.cause = None
                return [self._stand(Rung.WATCHING, None, now)]
            case Move.FORBID | Move.OBEY:
                self.cause = cause
                return [self._top(now, measure)]
            case Move.LIFT:
                return [self._stand(Rung.RESTORED, None, now, by=by)]
            case _ as never:
                assert_never(never)

    def _climb(self, now: float) -> Step:
        if not self._climbs:
            return self._top(now, None)
        rung, seconds = self._climbs.pop(0)
        return self._stand(rung, now + seconds, now)

    def _top(self, now: float, ordered: Measure | None) -> Step:
        decided = ordered or self._policy.measure(self.cause or RuleName.DRIVING, self.strikes, self._by)
        rung = Rung.DROP if decided.kind is MeasureKind.DROP else Rung.FORBID
        return self._stand(rung, now + decided.seconds, now, by=decided.by, measure=decided)

    def _stand(
        self, rung: Rung, until: float | None, now: float, *, by: str | None = None, measure: Measure | None = None
    ) -> Step:
        self.rung = rung
        self._deadline = None if rung in CUTS else until
        return Step(now=now, rung=rung, cause=self.cause, until=until, by=by or self._by, measure=measure)
