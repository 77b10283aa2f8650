import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.evidence import Evidence, Finding, RuleName, capped, decayed, probability
from protocols.policy import STANDARD
from protocols.verdict import Driver, conclude, decide, deregistered

FUSION = STANDARD.fusion


def evidence(rule, weight):
    return Evidence(rule=rule, start=0.0, end=10.0, weight=weight, facts=(("score", 0.5),))


def concluded(*weights, findings=None, before=Driver.UNKNOWN):
    return conclude(
        at=10.0,
        evidence=tuple(evidence(rule, weight) for rule, weight in weights),
        findings=findings or {},
        before=before,
        policy=STANDARD,
        policy_id="standard@1",
    )


@pytest.mark.parametrize(
    ("weights", "before", "driver"),
    [
        ([], Driver.UNKNOWN, Driver.UNKNOWN),
        ([FUSION.human_at], Driver.UNKNOWN, Driver.HUMAN),
        ([FUSION.human_until], Driver.UNKNOWN, Driver.UNKNOWN),
        ([FUSION.human_until], Driver.HUMAN, Driver.HUMAN),
        ([-FUSION.ai_at], Driver.UNKNOWN, Driver.AI),
        ([-FUSION.ai_until], Driver.UNKNOWN, Driver.UNKNOWN),
        ([-FUSION.ai_until], Driver.AI, Driver.AI),
        ([FUSION.mixed_at, -FUSION.mixed_at], Driver.UNKNOWN, Driver.MIXED),
        ([FUSION.mixed_at, -FUSION.mixed_at / 2], Driver.UNKNOWN, Driver.UNKNOWN),
    ],
)
def test_the_driver_is_named_with_hysteresis(weights, before, driver):
    facts = tuple(evidence(RuleName.DRIVING, weight) for weight in weights)
    assert decide(sum(weights), facts, before, FUSION) is driver


@given(st.lists(st.tuples(st.sampled_from(RuleName), st.floats(-6, 6)), max_size=12))
def test_the_table_sums_to_the_probability(weights):
    verdict = concluded(*weights)
    assert verdict.log_odds == verdict.prior + math.fsum(e.weight for e in verdict.evidence)
    assert verdict.p_human == pytest.approx(1 / (1 + math.exp(-verdict.log_odds)))
    assert {rule for rule, _ in verdict.findings} == set(RuleName)


def test_the_cause_is_what_weighs_most_against():
    verdict = concluded((RuleName.DRIVING, -2.0), (RuleName.REPETITION, -5.0), (RuleName.CHALLENGE, -1.0))
    assert verdict.driver is Driver.AI
    assert verdict.cause is RuleName.REPETITION


def test_a_foreign_likeness_is_a_cause_even_where_a_person_drives():
    verdict = concluded((RuleName.DRIVING, 5.0), findings={RuleName.LIKENESS: Finding.FAIL})
    assert verdict.driver is Driver.HUMAN
    assert verdict.cause is RuleName.LIKENESS
    assert verdict.finding(RuleName.LIKENESS) is Finding.FAIL


@pytest.mark.parametrize("weight", [0.0, 5.0])
def test_unknown_and_human_give_no_cause(weight):
    assert concluded((RuleName.DRIVING, weight)).cause is None


def test_the_document_names_policy_and_every_weight():
    document = concluded((RuleName.DRIVING, 1.25)).document()
    assert document["policy"] == "standard@1"
    assert document["evidence"] == [
        {"rule": "driving", "start": 0.0, "end": 10.0, "weight": 1.25, "facts": {"score": 0.5}}
    ]
    assert document["cause"] is None
    assert concluded((RuleName.PRESENCE, -5.0)).document()["cause"] == "presence"


def test_weights_fade_by_half_lives_and_stay_within_their_cap():
    assert decayed(4.0, 45.0, 45.0) == 2.0
    assert decayed(4.0, -3.0, 45.0) == 4.0
    assert capped(9.0, 6.0) == 6.0
    assert capped(-9.0, 6.0) == -6.0
    assert evidence(RuleName.DRIVING, 4.0).weighed(1.0).weight == 1.0
    assert probability(1e9) <= 1.0
    assert probability(-1e9) >= 0.0


def test_a_stream_that_nobody_watches_and_may_not_be_on_air_is_a_matter_of_record():
    verdict = deregistered("the avatar is revoked", STANDARD, "standard@1")
    assert (verdict.cause, verdict.driver, verdict.log_odds) == (RuleName.REGISTRATION, Driver.UNKNOWN, 0.0)
    assert dict(verdict.evidence[0].facts) == {"because": "the avatar is revoked"}
