import json

import pytest

from protocols.evidence import Evidence, Finding, RuleName
from protocols.policy import STANDARD
from protocols.recorded import verdict_of
from protocols.verdict import Driver, Verdict, conclude, deregistered


def verdicts() -> list[Verdict]:
    evidence = Evidence(rule=RuleName.DRIVING, start=1.5, end=2.25, weight=-4.2, facts=(("score", -1.5), ("lag", None)))
    return [
        deregistered("suspended", STANDARD, "standard@1"),
        conclude(
            at=9.125,
            evidence=(evidence,),
            findings={RuleName.DRIVING: Finding.FAIL},
            before=Driver.UNKNOWN,
            policy=STANDARD,
            policy_id="standard@1",
        ),
        conclude(at=1.0, evidence=(), findings={}, before=Driver.UNKNOWN, policy=STANDARD, policy_id="standard@1"),
    ]


@pytest.mark.parametrize("verdict", verdicts(), ids=["deregistered", "ai", "unknown"])
def test_a_verdict_is_read_back_as_it_was(verdict: Verdict) -> None:
    assert verdict_of(json.loads(json.dumps(verdict.document()))) == verdict


@pytest.mark.parametrize(
    "damage", [{"driver": "NOBODY"}, {"evidence": [{}]}, {"findings": []}, {"at": "x"}, {"cause": 1}]
)
def test_what_is_none_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no verdict"):
        verdict_of({**verdicts()[0].document(), **damage})
    with pytest.raises(ValueError, match="no verdict"):
        verdict_of({})
