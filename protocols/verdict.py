"""Verdict: for every rule pass, warn, fail or unknown; and who drives, with a probability and its reasons."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from protocols.evidence import Evidence, Finding, RuleName, probability
from protocols.policy import FusionPolicy, Policy

_RULES = tuple(RuleName)  # an enumeration is walked through far more slowly


class Driver(StrEnum):
    """Who drives the interaction."""

    HUMAN = "HUMAN"
    MIXED = "MIXED"
    AI = "AI"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement at media time ``at``.

    ``log_odds`` (nats) is ``prior`` plus the sum of the weights of ``evidence``; ``p_human`` its logistic. ``cause``
    is the rule that a cut would be for, None where nothing calls for one.
    """

    at: float
    driver: Driver
    p_human: float
    log_odds: float
    prior: float
    findings: tuple[tuple[RuleName, Finding], ...]
    evidence: tuple[Evidence, ...]
    policy: str
    cause: RuleName | None

    def finding(self, rule: RuleName) -> Finding:
        """What ``rule`` found; UNKNOWN where it was not asked."""
        return dict(self.findings).get(rule, Finding.UNKNOWN)

    @property
    def told_elsewhere(self) -> bool:
        """Whether another session tells the operator's motion too, or did: then the picture has to show whose it is."""
        return self.finding(RuleName.ORIGINALITY) in (Finding.WARN, Finding.FAIL)

    def document(self) -> dict[str, Any]:
        """As JSON: what goes into the ledger, the API and the report."""
        return {
            "at": round(self.at, 3),
            "driver": self.driver.value,
            "p_human": self.p_human,
            "log_odds": self.log_odds,
            "prior": self.prior,
            "findings": {rule.value: finding.value for rule, finding in self.findings},
            "evidence": [
                {
                    "rule": e.rule.value,
                    "start": round(e.start, 3),
                    "end": round(e.end, 3),
                    "weight": e.weight,
                    "facts": dict(e.facts),
                }
                for e in self.evidence
            ],
            "policy": self.policy,
            "cause": self.cause.value if self.cause else None,
        }


def decide(log_odds: float, evidence: tuple[Evidence, ...], before: Driver, policy: FusionPolicy) -> Driver:
    """Name the driver, with hysteresis around the verdict ``before``."""
    human_at = policy.human_until if before is Driver.HUMAN else policy.human_at
    ai_at = policy.ai_until if before is Driver.AI else policy.ai_at
    if log_odds >= human_at:
        return Driver.HUMAN
    if log_odds <= -ai_at:
        return Driver.AI
    speaks_for = sum(e.weight for e in evidence if e.weight > 0)
    speaks_against = -sum(e.weight for e in evidence if e.weight < 0)
    if min(speaks_for, speaks_against) >= policy.mixed_at:
        return Driver.MIXED
    return Driver.UNKNOWN


def conclude(
    *,
    at: float,
    evidence: tuple[Evidence, ...],
    findings: dict[RuleName, Finding],
    before: Driver,
    policy: Policy,
    policy_id: str,
    heard: tuple[Evidence, ...] | None = None,
) -> Verdict:
    """Fuse the standing ``evidence`` and the ``findings`` into a verdict.

    ``heard``: the evidence before any of it was withdrawn because of other; what is MIXED goes by that."""
    log_odds = _log_odds(policy.fusion.prior, evidence)
    driver = decide(log_odds, evidence if heard is None else heard, before, policy.fusion)
    return Verdict(
        at=at,
        driver=driver,
        p_human=probability(log_odds),
        log_odds=log_odds,
        prior=policy.fusion.prior,
        findings=tuple((rule, findings.get(rule, Finding.UNKNOWN)) for rule in _RULES),
        evidence=evidence,
        policy=policy_id,
        cause=_cause(driver, evidence, findings),
    )


def _log_odds(prior: float, evidence: tuple[Evidence, ...]) -> float:
    return prior + math.fsum(e.weight for e in evidence)  # the same in any order and in any Python


def weighed(verdict: Verdict) -> tuple[float, float]:
    """The log-odds and the probability that the evidence of ``verdict`` sums to."""
    log_odds = _log_odds(verdict.prior, verdict.evidence)
    return log_odds, probability(log_odds)


def deregistered(because: str, policy: Policy, policy_id: str) -> Verdict:
    """The verdict on a stream that nobody watches and whose avatar may not be on air: nothing was seen."""
    evidence = Evidence(rule=RuleName.REGISTRATION, start=0.0, end=0.0, weight=0.0, facts=(("because", because),))
    return conclude(
        at=0.0,
        evidence=(evidence,),
        findings={RuleName.REGISTRATION: Finding.FAIL},
        before=Driver.UNKNOWN,
        policy=policy,
        policy_id=policy_id,
    )


def _cause(driver: Driver, evidence: tuple[Evidence, ...], findings: dict[RuleName, Finding]) -> RuleName | None:
    """The rule that a cut would be for: an avatar that may not be on air, a foreign likeness, else what weighs most
    against a driver."""
    if findings.get(RuleName.REGISTRATION) is Finding.FAIL:
        return RuleName.REGISTRATION
    if findings.get(RuleName.LIKENESS) is Finding.FAIL:
        return RuleName.LIKENESS
    if driver is not Driver.AI:
        return None
    against: dict[RuleName, float] = {}
    for e in evidence:
        against[e.rule] = against.get(e.rule, 0.0) + min(0.0, e.weight)
    return min(RuleName, key=lambda rule: against.get(rule, 0.0))
