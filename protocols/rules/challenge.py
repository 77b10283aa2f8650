"""Challenges: a gesture that was asked for is seen in the telemetry, then in the picture, as people do it.

A recording of somebody moves as its telemetry says, and answers nothing. So answers settle that the person is there
now, and every question that is missed unsettles it. Digits that were to be typed are bound to no picture and could be
typed by a program: they settle nothing, and of them the last alone speaks, a little.
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from protocols.driving.calibration import Calibration
from protocols.driving.convention import Reading, axis
from protocols.driving.gesture import GestureOutcome, in_order
from protocols.driving.habit import UNTOLD, Habit
from protocols.evidence import HALF_LIVES, Evidence, Fact, Finding, RuleName, capped, decayed
from protocols.gesture import FASTEST_REACTION, Gesture
from protocols.observation import (
    Blindness,
    ChallengeAnswered,
    ChallengeAsked,
    DigitsAsked,
    Observation,
    Presence,
    Rest,
)
from protocols.policy import Policy
from protocols.rules.driving import DrivingRule
from protocols.rules.tracks import Instruments

_TYPED_SETTLE = 1.0  # seconds after the deadline: what was typed in time is on its way
_SETTLE = 2.5  # seconds after the deadline: a heartbeat's delay, and the end of a gesture begun in time
_ASSUMED_LAG = 1.0  # seconds, while the lag of the stream is not known
_AGAIN_EVERY = 1.5  # seconds between two judgements of a challenge that is not passed yet
_LATEST = 2.0  # seconds after the first judgement: by then a gesture begun in time is over
_LAST = 0.5  # seconds before the end of a recording in which nothing more is begun
_KEPT = 32
_FALLBACK = 2  # gestures to choose from where fewer are telling
_ENACTED = 6.0  # seconds, beyond the time to begin, that an answer may take
_LIVELY = 0.5  # of the motion of an avatar that is moved; one that breathes on by itself has less


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A challenge and what became of it. ``passed`` is None where it could not be judged; ``weight``: what it says, in
    nats, before it fades; ``instead``: by axis, the other motion of the head that was told in its place."""

    at: float
    challenge: str
    asked_at: float
    passed: bool | None
    score: float
    seen_at: float | None
    reaction: float | None
    weight: float = 0.0
    gesture: Gesture | None = None
    then: tuple[Gesture, ...] = ()
    instead: tuple[tuple[str, Reading], ...] = ()

    @property
    def typed(self) -> bool:
        """Whether digits were to be typed."""
        return self.gesture is None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "at": round(self.at, 3),
            "challenge": self.challenge,
            "gesture": None if self.gesture is None else self.gesture.value,
            "asked_at": round(self.asked_at, 3),
            "passed": self.passed,
            "score": round(self.score, 4),
            "seen_at": None if self.seen_at is None else round(self.seen_at, 3),
            "reaction_s": None if self.reaction is None else round(self.reaction, 3),
            "weight": round(self.weight, 3),
            **({"then": [gesture.value for gesture in self.then]} if self.then else {}),
            **({"digits": True} if self.typed else {}),
        }


class ChallengeRule:
    """Judges each challenge once its time is over; the weights of the outcomes fade slowly and are capped together.

    ``settled``: answers have spoken for enough since the last question that was missed; ``missed``: the last one was.
    """

    name = RuleName.CHALLENGE

    def __init__(self, policy: Policy, tracks: Instruments, driving: DrivingRule, calibration: Calibration) -> None:
        self._policy = policy.fusion
        self._enough = policy.challenge.enough
        self._telling = policy.challenge.telling
        self._tracks = tracks
        self._driving = driving
        self._calibration = calibration
        self._open: dict[str, tuple[ChallengeAsked, float]] = {}
        self._habits: dict[str, tuple[Habit, ...]] = {}
        self._typing: dict[str, DigitsAsked] = {}
        self._typed: dict[str, float] = {}
        self._busy: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._void: set[str] = set()
        self._judged: deque[tuple[Judged, tuple[Fact, ...]]] = deque(maxlen=_KEPT)
        self._read_last: Judged | None = None
        self._standing = 0.0
        self._missed_at = -math.inf
        self._readings: dict[str, Reading] = {}

    def adopt(self, policy: Policy) -> None:
        """Weigh by another policy from now on; what was judged stays."""
        self._policy = policy.fusion
        self._enough = policy.challenge.enough
        self._telling = policy.challenge.telling

    @property
    def settled(self) -> bool:
        """Whether there is nothing to ask but now and then."""
        return self._standing >= self._enough

    @property
    def missed(self) -> bool:
        """Whether the last question that could be judged was missed."""
        return self.finding(0.0) is Finding.FAIL

    def telling(self, gestures: tuple[Gesture, ...], at: float) -> tuple[Gesture, ...]:
        """Those of ``gestures`` that would tell an answer from the operator's habits at ``at``; the most telling two
        where there are fewer. What the operator's tracking does not tell is not among them."""
        habits = {g: self._tracks.habit(g, at, self._busy) for g in gestures}
        # Where some channels are told and others are not, a gesture in those would never be seen.
        told = [g for g in gestures if habits[g] is not UNTOLD] or gestures
        weights = {g: habits[g].telling(self._calibration) for g in told}
        ranked = sorted(told, key=lambda g: -weights[g])
        enough = sum(weights[g] >= self._telling for g in ranked)
        return tuple(ranked[: max(enough, _FALLBACK)])

    def observe(self, observation: Observation) -> None:
        """Note what is asked, and what makes an answer impossible."""
        match observation:
            case ChallengeAsked(at=at, challenge=challenge, within=within):
                self._open[challenge] = observation, self._due(observation)
                self._habits[challenge] = tuple(self._tracks.habit(g, at, self._busy) for g in observation.gestures)
                self._busy.append((at, at + within + _ENACTED))
            case DigitsAsked(challenge=challenge):
                self._typing[challenge] = observation
            case ChallengeAnswered(at=at, challenge=challenge) if challenge in self._typing:
                self._typed[challenge] = at
            case Presence(connected=False) | Rest():
                self._void.update(self._open, self._typing)  # nobody could hear it
            case Blindness(blind=True):
                self._void.update(self._open)  # nobody could see the answer
            case _:
                pass

    def judge(self, at: float) -> tuple[Judged, ...]:
        """Judge what can be judged at ``at``: passed as soon as it is seen, failed when its time is over."""
        done = [self._read(asked, at) for asked in list(self._typing.values()) if self._is_typed(asked, at)]
        for challenge, (asked, due) in list(self._open.items()):
            if at < due:
                continue
            final = at >= self._due(asked) + _LATEST
            judged = self._outcome(asked, at)
            if judged.passed or final:
                del self._open[challenge]
                self._void.discard(challenge)
                self._habits.pop(challenge)
                self._settle(judged)
                done.append(judged)
            else:
                self._open[challenge] = asked, at + _AGAIN_EVERY
        return tuple(done)

    def judge_rest(self, at: float) -> tuple[Judged, ...]:
        """Judge what is open where a recording ends."""
        cut_short = [
            replace(asked, within=min(asked.within, at - asked.at - _LAST)) for asked, _ in self._open.values()
        ]
        self._open.clear()
        done = [self._read(asked, at) for asked in list(self._typing.values()) if asked.challenge in self._typed]
        for asked in cut_short:
            done.append(self._outcome(asked, at))
            self._settle(done[-1])
        return tuple(done)

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """One piece of evidence per judged challenge, faded, the sum of them within the cap."""
        half_life = self._policy.challenge_half_life_s
        oldest = at - HALF_LIVES * half_life
        least = 0.0 if self._driving.misplaced else -math.inf  # what was missed was not, by another clock
        faded = [
            (j, facts, decayed(j.weight if j is self._read_last else max(least, j.weight), at - j.at, half_life))
            for j, facts in self._judged
            if j.at >= oldest and (j is self._read_last or not j.typed)
        ]
        total = sum(weight for _, _, weight in faded)
        cap = self._policy.challenge_cap if total > 0 else self._policy.challenge_missed_cap
        share = capped(total, cap) / total if total else 1.0
        return tuple(
            Evidence(rule=self.name, start=j.asked_at, end=j.at, weight=weight * share, facts=facts)
            for j, facts, weight in faded
        )

    def finding(self, at: float) -> Finding:
        """By the last challenge that could be judged."""
        for judged, _ in reversed(self._judged):
            if judged.passed is not None:
                return Finding.PASS if judged.passed else Finding.FAIL
        return Finding.UNKNOWN

    def _is_typed(self, asked: DigitsAsked, at: float) -> bool:
        """Whether the digits were typed, or are not any more."""
        return asked.challenge in self._typed or at >= asked.at + asked.within + _TYPED_SETTLE

    def _read(self, asked: DigitsAsked, at: float) -> Judged:
        """What the channel says of the digits; typed sooner than a person can, they were not typed by one."""
        typed = self._typed.pop(asked.challenge, None)
        del self._typing[asked.challenge]
        reaction = None if typed is None else typed - asked.at
        passed: bool | None = reaction is not None and reaction >= asked.soonest
        if reaction is None and asked.challenge in self._void:
            passed = None
        self._void.discard(asked.challenge)
        weights = {True: self._policy.digits_passed, False: -self._policy.digits_missed, None: 0.0}
        judged = Judged(
            at=at,
            challenge=asked.challenge,
            asked_at=asked.at,
            passed=passed,
            score=1.0 if passed else 0.0,
            seen_at=None,
            reaction=reaction,
            weight=weights[passed],
        )
        self._judged.append((judged, _facts(judged)))
        self._read_last = judged
        return judged

    @property
    def _lag(self) -> float | None:
        """Seconds that the picture runs behind, be they as no stream's are."""
        return self._driving.lag if self._driving.lag is not None else self._driving.elsewhere

    def _due(self, asked: ChallengeAsked) -> float:
        return asked.at + asked.within + (_ASSUMED_LAG if self._lag is None else self._lag) + _SETTLE

    def _outcome(self, asked: ChallengeAsked, at: float) -> Judged:
        outcome, instead = self._answered(asked)
        passed = self._passed(asked, outcome.passed)
        return Judged(
            at=at,
            challenge=asked.challenge,
            gesture=asked.gesture,
            then=asked.then,
            asked_at=asked.at,
            passed=passed,
            score=outcome.score,
            seen_at=outcome.seen_at,
            reaction=None if outcome.reaction is None else outcome.reaction + asked.soonest - FASTEST_REACTION,
            weight=self._weight(asked, passed, outcome, judgeable=not instead and asked.challenge not in self._void),
            instead=instead,
        )

    def _answered(self, asked: ChallengeAsked) -> tuple[GestureOutcome, tuple[tuple[str, Reading], ...]]:
        """What became of the gestures, each looked for from where the one before began: then they are in order. And
        which of them were told in another way; such a one cannot be judged, and was done if it was told so before."""
        since, end = asked.at + asked.soonest - FASTEST_REACTION, asked.at + asked.within
        outcomes: list[GestureOutcome] = []
        instead: list[tuple[str, Reading]] = []
        for gesture, habit in zip(asked.gestures, self._habits[asked.challenge], strict=True):
            done = self._tracks.answered(gesture, since, end - since, self._lag, habit, self._calibration)
            if done.instead is not None:
                known = self._readings.get(axis(gesture))
                instead.append((axis(gesture), done.instead))
                done = replace(done, passed=True if known is not None and known.agrees(done.instead) else None)
            outcomes.append(done)
            since = since if done.began is None else done.began
        return in_order(outcomes) if asked.then else outcomes[0], tuple(instead)

    def _passed(self, asked: ChallengeAsked, seen: bool | None) -> bool | None:
        if asked.challenge in self._void:
            return seen or None
        if seen is False and self._driving.misplaced:
            return None  # what the telemetry says of the time in which it was asked belongs to another time
        return False if seen is None and self._silent(asked) else seen

    def _silent(self, asked: ChallengeAsked) -> bool:
        """Whether the operator's side told nothing at all of the time in which the gesture was to be done.

        Where the avatar hardly moves either, nobody drives it and nothing does: that is a seat left for a moment."""
        end = asked.at + asked.within
        return not self._tracks.told(asked.at, end) and self._tracks.liveliness(asked.at, end) >= _LIVELY

    def _weight(self, asked: ChallengeAsked, passed: bool | None, outcome: GestureOutcome, *, judgeable: bool) -> float:
        """Questions that overlap are one question: whoever did not look missed them all. And what is not told of the
        time may have been the answer: a person misses the question, or the network loses the answer.

        What was done and shown and is no answer, being late or usual with this person, says what it says all the
        same: a person who did not hear moves by chance, one who did may be slow."""
        if passed:
            return min(outcome.weight, self._policy.challenge_passed * len(asked.gestures))
        shown = judgeable and outcome.passed is None and outcome.began is not None and outcome.picture_score >= 1.0
        overlaps = asked.at < self._missed_at + asked.within + _SETTLE
        if overlaps or (passed is None and not shown):
            return 0.0
        by_person = math.exp(-self._policy.challenge_failed)
        as_likely = math.exp(outcome.weight) if shown else outcome.untold
        return math.log(by_person + (1.0 - by_person) * as_likely)

    def _settle(self, judged: Judged) -> None:
        self._judged.append((judged, _facts(judged)))
        self._readings.update(judged.instead)
        self._standing = min(self._enough, max(-self._policy.challenge_missed_cap, self._standing + judged.weight))
        if judged.weight < 0:
            self._missed_at = judged.asked_at


def _facts(judged: Judged) -> tuple[Fact, ...]:
    gestures = () if judged.gesture is None else (judged.gesture, *judged.then)
    return (
        ("gesture", ", ".join(gestures) or "digits"),
        ("passed", judged.passed),
        ("score", round(judged.score, 3)),
        ("reaction_s", None if judged.reaction is None else round(judged.reaction, 3)),
        ("told_instead", ", ".join(str(reading) for _, reading in judged.instead) or None),
    )
