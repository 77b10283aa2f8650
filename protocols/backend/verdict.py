"""A verdict as the backend reads it: who drives, how sure, and which evidence weighed how much."""

from typing import Annotated, Any

from pydantic import Field

from protocols.backend.part import Part
from protocols.evidence import Evidence, Finding, RuleName
from protocols.explanation import explain
from protocols.verdict import Driver, Verdict

Rule = Annotated[RuleName, Field(strict=False)]


class EvidenceView(Part):
    """What the observations of a window add up to, for one rule."""

    rule: Rule = Field(description="The rule that this evidence is for.", examples=["driving"])
    start: float = Field(description="Media time at which the window begins, in seconds since attach.", examples=[12.0])
    end: float = Field(description="Media time at which it ends, in seconds since attach.", examples=[22.0])
    weight: float = Field(
        description="Log-likelihood ratio in nats: above zero speaks for a person who drives, below zero against.",
        examples=[3.1],
    )
    facts: dict[str, str | float | bool | None] = Field(
        description="The figures that the weight was computed from.", examples=[{"score": 0.93, "lag_s": 0.18}]
    )

    @classmethod
    def of(cls, evidence: Evidence) -> "EvidenceView":
        """The evidence, for the wire."""
        return cls(
            rule=evidence.rule,
            start=round(evidence.start, 3),
            end=round(evidence.end, 3),
            weight=evidence.weight,
            facts=dict(evidence.facts),
        )


class Explanation(Part):
    """The verdict in one sentence, for people."""

    en: str = Field(
        description="In English.",
        examples=["A person drives this avatar (probability 96 %): the avatar's motion is the operator's motion."],
    )
    zh: str = Field(
        description="In Chinese.", examples=["该虚拟形象由真人驱动（概率 96%）：虚拟形象的动作与操作员的动作一致。"]
    )


class VerdictView(Part):
    """The judgement at one media time."""

    at: float = Field(description="Media time in seconds since attach.", examples=[22.0])
    driver: Annotated[Driver, Field(strict=False)] = Field(
        description="Who drives: HUMAN, AI, MIXED (as much speaks for as against) or UNKNOWN (too little is known).",
        examples=["HUMAN"],
    )
    p_human: float = Field(ge=0, le=1, description="Probability that a person drives, 0..1.", examples=[0.96])
    log_odds: float = Field(description="The same in nats: `prior` plus the weights of `evidence`.", examples=[3.1])
    prior: float = Field(description="Log-odds before anything was seen, from the policy.", examples=[0.0])
    findings: dict[Rule, Annotated[Finding, Field(strict=False)]] = Field(
        description="What each rule has to say: pass, warn, fail or unknown. Unknown never cuts.",
        examples=[{"likeness": "pass", "presence": "pass", "driving": "pass", "challenge": "unknown"}],
    )
    evidence: list[EvidenceView] = Field(description="What weighed, and how much.")
    policy: str = Field(description="The policy and its version.", examples=["standard@1"])
    cause: Rule | None = Field(
        None, description="The rule that a cut would be for; null where nothing calls for one.", examples=[None]
    )
    explanation: Explanation = Field(description="The verdict in one sentence, in English and in Chinese.")

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictView":
        """The verdict, for the wire."""
        sentence = explain(verdict)
        return cls(
            at=round(verdict.at, 3),
            driver=verdict.driver,
            p_human=verdict.p_human,
            log_odds=verdict.log_odds,
            prior=verdict.prior,
            findings=dict(verdict.findings),
            evidence=[EvidenceView.of(e) for e in verdict.evidence],
            policy=verdict.policy,
            cause=verdict.cause,
            explanation=Explanation(en=sentence.en, zh=sentence.zh),
        )

    def document(self) -> dict[str, Any]:
        """As JSON, like ``Verdict.document`` with the explanation added."""
        return self.model_dump(mode="json")
