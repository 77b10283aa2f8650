"""The judge: observations in, verdicts out. The same for a live session and for a replay of a recorded one.

It holds no clock and draws no lots: the same observations in the same order give the same verdicts, bit for bit.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from protocols.driving.calibration import CALIBRATION, Calibration
from protocols.driving.habit import Habit, Habits
from protocols.evidence import Evidence, Finding, RuleName
from protocols.gesture import Gesture
from protocols.likeness import LikenessCalibration
from protocols.observation import Blindness, Observation
from protocols.policy import Policy
from protocols.rules.authenticity import AuthenticityRule
from protocols.rules.challenge import ChallengeRule, Judged
from protocols.rules.driving import DrivingRule
from protocols.rules.likeness import LikenessRule
from protocols.rules.originality import OriginalityRule
from protocols.rules.presence import PresenceRule
from protocols.rules.registration import RegistrationRule
from protocols.rules.repetition import RepetitionRule
from protocols.rules.tracks import Instruments, Tracks
from protocols.verdict import Driver, Verdict, conclude

__all__ = ["Judge", "Judged"]


_DISPROVES = (RuleName.AUTHENTICITY, RuleName.ORIGINALITY, RuleName.REPETITION)
"""Rules that say that telemetry or picture are no person's of now; then a motion that matches acquits nobody."""


class Judge:
    """Judges one session. ``claimed`` (n, d) and ``gallery``: reference vectors, of the claimed avatar and others.

    ``avatar``: the claimed one's id, by which it may be forgotten.
    ``habits``: what the operator is known to do unasked; ``instruments``: what measures both motions; without them
    tracks of the session's own.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        policy_id: str,
        claimed: NDArray[np.float32],
        gallery: Mapping[str, NDArray[np.float32]],
        likeness: LikenessCalibration,
        avatar: str = "",
        driving: Calibration = CALIBRATION,
        habits: Habits | None = None,
        instruments: Instruments | None = None,
    ) -> None:
        self._policy = policy
        self._policy_id = policy_id
        self._habits = habits or Habits()
        self._tracks = Tracks(habits=self._habits) if instruments is None else instruments
        self.registration = RegistrationRule()
        self.likeness = LikenessRule(claimed, gallery, likeness, policy.likeness, name=avatar)
        self.presence = PresenceRule(policy.presence)
        self.repetition = RepetitionRule(policy.fusion, self._tracks)
        self.authenticity = AuthenticityRule(policy.fusion, self._tracks)
        self.driving = DrivingRule(policy, self._tracks, driving)
        self.originality = OriginalityRule(policy, self.driving)
        self.challenge = ChallengeRule(policy, self._tracks, self.driving, driving)
        self._rules = (
            self.registration,
            self.likeness,
            self.presence,
            self.repetition,
            self.authenticity,
            self.originality,
            self.challenge,
            self.driving,
        )
        self._driver = Driver.UNKNOWN
        self._blind = False

    def adopt(self, policy: Policy, policy_id: str) -> None:
        """Judge by another policy from now on, with everything that was observed: for trying a draft on a record."""
        self._policy, self._policy_id = policy, policy_id
        self.likeness.adopt(policy.likeness)
        self.presence.adopt(policy.presence)
        self.repetition.adopt(policy.fusion)
        self.authenticity.adopt(policy.fusion)
        self.driving.adopt(policy)
        self.originality.adopt(policy)
        self.challenge.adopt(policy)

    def consider(self, observations: Iterable[Observation], at: float) -> tuple[Verdict, tuple[Judged, ...]]:
        """Take what was observed and judge at media time ``at``; also the challenges that were judged by it."""
        for observation in observations:
            if isinstance(observation, Blindness):
                self._blind = observation.blind
            self._tracks.observe(observation)
            for rule in self._rules:
                rule.observe(observation)
        self.driving.close_windows(at)
        self.repetition.search()
        self.authenticity.examine()
        judged = self.challenge.judge(at)
        return self._verdict(at), judged

    def finish(self, at: float) -> tuple[Verdict, tuple[Judged, ...]]:
        """The last verdict of a recording that ends at ``at``: windows and challenges are judged as far as they go."""
        self.driving.close_rest()
        self.repetition.search(now=True)
        self.authenticity.examine(now=True)
        judged = self.challenge.judge_rest(at)
        return self._verdict(at), judged

    @property
    def settled(self) -> bool:
        """Whether answers have settled that the operator is there, so that there is little to ask."""
        return self.challenge.settled

    @property
    def missed(self) -> bool:
        """Whether the last question that could be judged was missed."""
        return self.challenge.missed

    def telling(self, gestures: tuple[Gesture, ...], at: float) -> tuple[Gesture, ...]:
        """Those of ``gestures`` that would tell an answer from the operator's habits at ``at``, most telling first."""
        return self.challenge.telling(gestures, at)

    def learned(self) -> dict[Gesture, Habit]:
        """What the operator was seen to do unasked, for other evenings."""
        return self._habits.learned()

    def score(self, at: float) -> float:
        """How sure it is that the telemetry's person drives (nats): what all windows said, and what speaks against."""
        against = [rule for rule in self._rules if rule not in (self.driving, self.presence)]
        return self.driving.score + sum(min(0.0, e.weight) for rule in against for e in rule.standing(at))

    def _verdict(self, at: float) -> Verdict:
        findings = {rule.name: rule.finding(at) for rule in self._rules}
        evidence = tuple(e for rule in self._rules for e in rule.standing(at))
        if Finding.FAIL in (findings[name] for name in _DISPROVES):
            evidence = tuple(_unacquitted(e) for e in evidence)
        heard, evidence = evidence, _withdrawn(evidence)
        if self._blind:  # nothing that is seen counts; what is on record does
            heard = evidence = self.registration.standing(at)
            findings = {self.registration.name: findings[self.registration.name]}
        verdict = conclude(
            at=at,
            evidence=evidence,
            heard=heard,
            findings=findings,
            before=self._driver,
            policy=self._policy,
            policy_id=self._policy_id,
        )
        self._driver = verdict.driver
        return verdict


def _withdrawn(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Correlation alone acquits nobody, nor do answers alone.

    A motion that matches speaks for a person by so much less as questions were missed: recordings match, and answer
    nothing. And answers by so much less as the windows after them speak against, or motion that was told before and
    comes after them: who drove then has gone.
    """
    answers = [e for e in evidence if e.rule is RuleName.CHALLENGE]
    if not answers:
        return evidence
    missed = min(0.0, sum(e.weight for e in answers))
    answered_at = max((e.end for e in answers if e.weight > 0), default=math.inf)
    gone = sum(e.weight for e in evidence if e.weight < 0 and _shows_who_has_gone(e, answered_at))
    return _lessened(_lessened(evidence, RuleName.DRIVING, missed), RuleName.CHALLENGE, gone)


def _shows_who_has_gone(evidence: Evidence, answered_at: float) -> bool:
    match evidence.rule:
        case RuleName.DRIVING:
            return evidence.start >= answered_at
        case RuleName.ORIGINALITY:
            return evidence.end >= answered_at
        case _:
            return False


def _lessened(evidence: tuple[Evidence, ...], rule: RuleName, by: float) -> tuple[Evidence, ...]:
    """What ``rule`` says for a person altogether lessened ``by`` nats (at most 0), down to nothing."""
    total = sum(e.weight for e in evidence if e.rule is rule) if by else 0.0
    if total <= 0.0:
        return evidence
    left = max(0.0, total + by) / total
    return tuple(e.weighed(e.weight * left) if e.rule is rule else e for e in evidence)


def _unacquitted(evidence: Evidence) -> Evidence:
    """A motion that matches acquits nobody where the telemetry is a machine's or the picture a recording."""
    return evidence.weighed(0.0) if evidence.rule is RuleName.DRIVING and evidence.weight > 0 else evidence
