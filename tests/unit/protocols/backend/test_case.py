from protocols.backend import verdict_view, weights
from protocols.evidence import Evidence, RuleName
from protocols.policy import STANDARD
from protocols.verdict import Driver, conclude


def test_the_table_sums_to_the_verdict() -> None:
    evidence = tuple(
        Evidence(rule=rule, start=0.0004, end=10.0, weight=weight)
        for rule, weight in ((RuleName.DRIVING, 0.1), (RuleName.DRIVING, 0.2), (RuleName.CHALLENGE, -0.7))
    )
    verdict = conclude(
        at=10.0, evidence=evidence, findings={}, before=Driver.UNKNOWN, policy=STANDARD, policy_id="standard@1"
    )
    rows = weights(verdict)
    assert [row.rule for row in rows] == ["prior", "driving", "driving", "challenge"]
    assert (rows[0].log_odds, rows[-1].log_odds) == (verdict.prior, verdict.log_odds)
    assert [row.words is None for row in rows] == [True, True, True, False]
    assert verdict_view(verdict.document()) is not None


def test_a_cut_without_a_whole_verdict_has_none() -> None:
    assert verdict_view({"driver": "AI"}) is None
