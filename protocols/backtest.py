"""Back-test: what a policy would have done with sessions that are on record, beside what was done.

A session is on record in the ledger: each change of its verdict with every weight, who came and went, when the
monitor was blind. The policy concludes from those weights by its own thresholds, counts absence by its own times, and
climbs its own ladder; weights themselves stay as they were weighed then. Where a case keeps what its judge was told,
the judge is told it again with the policy, and weighs anew: those verdicts take the place of the ones on record.

What nobody can know stays unknown: how an operator would have answered what was never asked, and what would have come
after the record's end. A ladder that had not come to its top by then has warned, and no more.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from protocols.evidence import RuleName
from protocols.frozen import FrozenRefused, thaw
from protocols.ladder import Ladder, Rung, Step
from protocols.observation import Blindness, Observation, Presence, Rest
from protocols.policy import Policy
from protocols.recorded import verdict_of
from protocols.rules.presence import PresenceRule
from protocols.verdict import Driver, Verdict, conclude


class Outcome(StrEnum):
    """How a session came out: never suspected, brought onto the ladder, or taken off air."""

    PASSED = "passed"
    WARNED = "warned"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A session on record, in media time: ``end`` is the last moment that is told of.

    ``then`` is how it came out; ``ordered``: a person had it cut, whatever was seen.
    """

    verdicts: Sequence[Verdict]
    happened: Sequence[Observation]
    end: float
    then: Outcome
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a policy would have had it: the highest ``rung``, when it came there and for which ``cause``.

    ``p_human`` is the lowest probability that a person drives. ``anew``: whether the judge was told everything again.
    """

    outcome: Outcome
    rung: Rung
    at: float | None
    cause: RuleName | None
    p_human: float | None
    anew: bool


def recorded(entries: Iterable[tuple[str, Mapping[str, Any]]]) -> Record:
    """A session from its ledger entries, given as kind and content, in order. What cannot be read is passed over."""
    verdicts, happened, then, end, ordered = list[Verdict](), list[Observation](), Outcome.PASSED, 0.0, False
    for kind, data in entries:
        at = data.get("at")
        if isinstance(at, int | float) and math.isfinite(at):
            end = max(end, float(at))
        match kind:
            case "verdict.changed":
                verdicts += _verdicts(data)
            case "ladder.step" if data.get("rung") not in (Rung.WATCHING, Rung.RESTORED):
                ordered = ordered or str(data.get("by")).startswith(("key_", "acc_"))
                then = then if then is Outcome.CUT else Outcome.WARNED
            case "cut.intended":
                then = Outcome.CUT
            case _:
                happened += _observations(kind, data)
    return Record(verdicts=verdicts, happened=happened, end=end, then=then, ordered=ordered)


def judged_again(frozen: bytes, policy: Policy, policy_id: str) -> list[Verdict]:
    """The verdicts of the judge that a case keeps, told everything again and judging by ``policy``.

    Raises FrozenRefused, whatever is in it.
    """
    record = thaw(frozen)
    try:
        judge = record["judge"]
        judge.adopt(policy, policy_id)
        return [judge.consider(batch, at)[0] for at, batch in record["told"]]
    except Exception as error:  # what was frozen may be anything that could be read
        raise FrozenRefused(f"the observations cannot be judged again ({type(error).__name__}: {error})") from error


def tried(record: Record, policy: Policy, policy_id: str, anew: Sequence[Verdict] = ()) -> Trial:
    """What ``policy`` would have done with a session; ``anew``: its last verdicts, judged again by it."""
    trial = _Trial(record, policy, policy_id, anew)
    trial.run()
    return trial.result()


def tally(trials: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many of the trials come out as they did, milder or harder; and how many of those people had looked at.

    ``trials``: each with ``then``, ``outcome`` and ``case_state``, as the API gives them.
    """
    counted = dict.fromkeys(("same", "milder", "harder", "wrongs_mended", "rights_lost"), 0)
    for one in trials:
        then, now = _GRAVITY[Outcome(one["then"])], _GRAVITY[Outcome(one["outcome"])]
        counted["same" if then == now else "milder" if now < then else "harder"] += 1
        spared = one["then"] == Outcome.CUT and one["outcome"] != Outcome.CUT
        counted["wrongs_mended"] += spared and one["case_state"] == "overturned"
        counted["rights_lost"] += spared and one["case_state"] == "upheld"
    return counted


def text(counted: Mapping[str, int]) -> str:
    """A tally in words."""
    return (
        f"{counted['same']} come out as they did, {counted['milder']} milder, {counted['harder']} harder; "
        f"not cut any more: {counted['wrongs_mended']} that people overturned, "
        f"{counted['rights_lost']} that they upheld."
    )


class _Trial:
    """Goes through a record: from one thing that happened, or ran out, to the next."""

    def __init__(self, record: Record, policy: Policy, policy_id: str, anew: Sequence[Verdict]) -> None:
        self._policy, self._id = policy, policy_id
        self._from = min((verdict.at for verdict in anew), default=math.inf)
        told = [*(v for v in record.verdicts if v.at < self._from), *anew]
        self._ahead: list[Verdict | Observation] = sorted([*told, *record.happened], key=lambda one: one.at)
        self._end = max(record.end, *(one.at for one in self._ahead), 0.0) + _APART
        self._presence = PresenceRule(policy.presence)
        self._ladder = Ladder(policy.ladder, policy_id)
        self._said: Verdict | None = None
        self._driver = Driver.UNKNOWN
        self._lowest: float | None = None
        self._steps: list[Step] = []
        self._anew = bool(anew)
        self._blind = False
        sights = [one for one in record.happened if isinstance(one, Blindness)]
        if sights and not sights[0].blind:  # until the first picture nobody could see
            self._take(Blindness(at=0.0, blind=True, cause=""))

    def run(self) -> None:
        """From the beginning to the end of the record, or to the cut."""
        now: float | None = 0.0
        while now is not None:
            while self._ahead and self._ahead[0].at <= now:
                self._take(self._ahead.pop(0))
            self._judge(now)
            now = None if self._ladder.cut else self._next(now)

    def result(self) -> Trial:
        """The farthest that it came."""
        last = max(self._steps, key=lambda step: _HEIGHT[step.rung], default=None)
        cut = last is not None and self._ladder.cut
        return Trial(
            outcome=Outcome.CUT if cut else Outcome.PASSED if last is None else Outcome.WARNED,
            rung=Rung.WATCHING if last is None else last.rung,
            at=None if last is None else round(last.now, 3),
            cause=None if last is None else last.cause,
            p_human=self._lowest,
            anew=self._anew,
        )

    def _next(self, now: float) -> float | None:
        """When there is something to judge again; None where the record ends before."""
        absent = self._presence.fails_at(now)
        coming = (
            self._ahead[0].at if self._ahead else None,
            self._ladder.next_deadline(),
            None if absent is None else absent + _A_MOMENT,
        )
        return min((at for at in coming if at is not None and now < at <= self._end), default=None)

    def _take(self, one: Verdict | Observation) -> None:
        match one:
            case Verdict():
                self._said = one
            case Blindness():
                self._presence.observe(one)
                self._blind = one.blind
                (self._ladder.hold if one.blind else self._ladder.release)(one.at)
            case _:
                self._presence.observe(one)

    def _judge(self, now: float) -> None:
        if self._said is None:
            return
        verdict = self._said if self._said.at >= self._from else self._concluded(self._said, now)
        self._driver = verdict.driver
        self._lowest = verdict.p_human if self._lowest is None else min(self._lowest, verdict.p_human)
        ladder = self._ladder
        if verdict.cause is RuleName.REGISTRATION:
            steps = ladder.remove(verdict.cause, now)
        else:
            steps = ladder.clear(now) if verdict.cause is None else ladder.suspect(verdict.cause, now)
        self._steps += [step for step in (*steps, *ladder.tick(now)) if step.rung is not Rung.WATCHING]

    def _concluded(self, said: Verdict, now: float) -> Verdict:
        """What the policy concludes from the weights of ``said``, with absence counted by its own times."""
        findings, evidence = dict(said.findings), said.evidence
        if not self._blind:
            findings[RuleName.PRESENCE] = self._presence.finding(now)
            others = (e for e in evidence if e.rule is not RuleName.PRESENCE)
            evidence = (*others, *self._presence.standing(now))
        return conclude(
            at=now,
            evidence=evidence,
            findings=findings,
            before=self._driver,
            policy=self._policy,
            policy_id=self._id,
        )


_APART = 0.5
"""Seconds by which the clocks of a record may be apart: it is judged twice a second, and pictures have their own."""

_A_MOMENT = 1e-3
"""Seconds after which what runs out has run out, whatever floats make of sums."""

_GRAVITY = {outcome: gravity for gravity, outcome in enumerate(Outcome)}
_HEIGHT = {rung: height for height, rung in enumerate(Rung)}


def _verdicts(document: Mapping[str, Any]) -> list[Verdict]:
    try:
        return [verdict_of(document)]
    except ValueError:
        return []


def _observations(kind: str, data: Mapping[str, Any]) -> list[Observation]:
    try:
        at, cause = float(data["at"]), str(data.get("cause") or "")
        match kind:
            case "operator.present" | "operator.lapsed":
                there = kind == "operator.present"
                return [Presence(at=at, operator=str(data["operator"]), connected=there, cause=cause)]
            case "operator.break":
                return [Rest(at=at, operator=str(data["operator"]), until=float(data["until"]))]
            case "session.blind" | "session.live" | "session.sighted":
                return [Blindness(at=at, blind=kind == "session.blind", cause=cause)]
            case _:
                return []
    except (KeyError, TypeError, ValueError):
        return []
