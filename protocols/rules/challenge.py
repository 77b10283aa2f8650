"""Challenges: a gesture that was asked for is seen in the telemetry, then in the picture, as people do it."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from protocols.driving.calibration import Calibration
from protocols.evidence import HALF_LIVES, Evidence, Fact, Finding, RuleName, capped, decayed
from protocols.gesture import Gesture
from protocols.observation import Blindness, ChallengeAsked, Observation, Presence
from protocols.policy import Policy
from protocols.rules.driving import DrivingRule
from protocols.rules.tracks import Instruments

_SETTLE = 2.5  # seconds after the deadline: a heartbeat's delay, and the end of a gesture begun in time
_ASSUMED_LAG = 1.0  # seconds, while the lag of the stream is not known
_AGAIN_EVERY = 1.5  # seconds between two judgements of a challenge that is not passed yet
_LATEST = 5.0  # seconds after the first judgement: by then a gesture begun in time is over
_LAST = 0.5  # seconds before the end of a recording in which nothing more is begun
_KEPT = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A challenge and what became of it. ``passed`` is None where it could not be judged."""

    at: float
    challenge: str
    gesture: Gesture
    asked_at: float
    passed: bool | None
    score: float
    seen_at: float | None
    reaction: float | None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "at": round(self.at, 3),
            "challenge": self.challenge,
            "gesture": self.gesture.value,
            "asked_at": round(self.asked_at, 3),
            "passed": self.passed,
            "score": round(self.score, 4),
            "seen_at": None if self.seen_at is None else round(self.seen_at, 3),
            "reaction_s": None if self.reaction is None else round(self.reaction, 3),
        }


class ChallengeRule:
    """Judges each challenge once its time is over; the weights of the outcomes fade slowly and are capped together."""

    name = RuleName.CHALLENGE

    def __init__(self, policy: Policy, tracks: Instruments, driving: DrivingRule, calibration: Calibration) -> None:
        self._policy = policy.fusion
        self._tracks = tracks
        self._driving = driving
        self._calibration = calibration
        self._open: dict[str, tuple[ChallengeAsked, float]] = {}
        self._void: set[str] = set()
        self._judged: deque[Judged] = deque(maxlen=_KEPT)

    def observe(self, observation: Observation) -> None:
        """Note what is asked, and what makes an answer impossible."""
        match observation:
            case ChallengeAsked():
                self._open[observation.challenge] = observation, self._due(observation)
            case Presence(connected=False) | Blindness(blind=True):
                self._void.update(self._open)  # nobody could hear it, or see the answer
            case _:
                pass

    def judge(self, at: float) -> tuple[Judged, ...]:
        """Judge what can be judged at ``at``: passed as soon as it is seen, failed when its time is over."""
        done = []
        for challenge, (asked, due) in list(self._open.items()):
            if at < due:
                continue
            final = at >= self._due(asked) + _LATEST
            judged = self._outcome(asked, at)
            if judged.passed or final:
                del self._open[challenge]
                self._void.discard(challenge)
                done.append(judged)
            else:
                self._open[challenge] = asked, at + _AGAIN_EVERY
        self._judged.extend(done)
        return tuple(done)

    def judge_rest(self, at: float) -> tuple[Judged, ...]:
        """Judge what is open where a recording ends."""
        cut_short = [
            replace(asked, within=min(asked.within, at - asked.at - _LAST)) for asked, _ in self._open.values()
        ]
        done = tuple(self._outcome(asked, at) for asked in cut_short)
        self._open.clear()
        self._judged.extend(done)
        return done

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """One piece of evidence per judged challenge, faded, the sum of them within the cap."""
        half_life = self._policy.challenge_half_life_s
        oldest = at - HALF_LIVES * half_life
        faded = [(j, decayed(self._weight(j), at - j.at, half_life)) for j in self._judged if j.at >= oldest]
        total = sum(weight for _, weight in faded)
        share = capped(total, self._policy.challenge_cap) / total if total else 1.0
        return tuple(
            Evidence(rule=self.name, start=j.asked_at, end=j.at, weight=weight * share, facts=_facts(j))
            for j, weight in faded
        )

    def finding(self, at: float) -> Finding:
        """By the last challenge that could be judged."""
        for judged in reversed(self._judged):
            if judged.passed is not None:
                return Finding.PASS if judged.passed else Finding.FAIL
        return Finding.UNKNOWN

    def _due(self, asked: ChallengeAsked) -> float:
        lag = self._driving.lag
        return asked.at + asked.within + (_ASSUMED_LAG if lag is None else lag) + _SETTLE

    def _outcome(self, asked: ChallengeAsked, at: float) -> Judged:
        outcome = self._tracks.answered(asked.gesture, asked.at, asked.within, self._driving.lag, self._calibration)
        return Judged(
            at=at,
            challenge=asked.challenge,
            gesture=asked.gesture,
            asked_at=asked.at,
            passed=self._passed(asked, outcome.passed),
            score=outcome.score,
            seen_at=outcome.seen_at,
            reaction=outcome.reaction,
        )

    def _passed(self, asked: ChallengeAsked, seen: bool | None) -> bool | None:
        if asked.challenge in self._void:
            return seen or None
        return False if seen is None and self._silent(asked) else seen

    def _silent(self, asked: ChallengeAsked) -> bool:
        """Whether the operator's side told nothing at all of the time in which the gesture was to be done."""
        return not self._tracks.told(asked.at, asked.at + asked.within)

    def _weight(self, judged: Judged) -> float:
        if judged.passed is None:
            return 0.0
        return self._policy.challenge_passed if judged.passed else -self._policy.challenge_failed


def _facts(judged: Judged) -> tuple[Fact, ...]:
    return (
        ("gesture", judged.gesture.value),
        ("passed", judged.passed),
        ("score", round(judged.score, 3)),
        ("reaction_s", None if judged.reaction is None else round(judged.reaction, 3)),
    )
