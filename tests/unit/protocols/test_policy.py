import pytest
from pydantic import ValidationError

from protocols.evidence import RuleName
from protocols.policy import PROFILES, STANDARD, FusionPolicy, Policy


@pytest.mark.parametrize("policy", PROFILES, ids=lambda policy: policy.name)
def test_a_profile_survives_its_document(policy):
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


@pytest.mark.parametrize("policy", PROFILES, ids=lambda policy: policy.name)
def test_every_cause_is_announced_before_it_is_cut(policy):
    for rule in set(RuleName) - {RuleName.REGISTRATION}:  # a matter of record, which no operator could mend
        rungs = policy.ladder.rungs(rule)
        assert rungs[0].rung == "notify"
        assert rungs[-1].rung == "grace"


@pytest.mark.parametrize(
    "document",
    [
        {"name": "Loud Name"},
        {"presence": {"connect_within_s": -1}},
        {"ladder": {"block_s": float("nan")}},
        {"ladder": {"driving": [{"rung": "execute", "seconds": 1}]}},
        {"thresholds": {}},
        {"likeness": {"fail_at": 1.5}},
        {"fusion": {"human_at": 1.0, "human_until": 2.0}},
        {"fusion": {"ai_at": 1.0, "ai_until": 2.0}},
    ],
)
def test_nonsense_is_refused(document):
    with pytest.raises(ValidationError):
        Policy.model_validate(document)


def test_to_call_a_person_ai_takes_more_than_to_call_one_human():
    assert STANDARD.fusion.ai_at > STANDARD.fusion.human_at
    assert FusionPolicy() == STANDARD.fusion
