"""Policies whose ladders or measures make no sense are refused with one error that says what to write instead."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from protocols.evidence import RuleName
from protocols.ladder_policy import LadderPolicy
from protocols.measure import MeasureKind
from protocols.policy import BRISK, PROFILES, Policy

GRACE, NOTIFY = {"rung": "grace", "seconds": 5}, {"rung": "notify", "seconds": 5}
DROP = {"from_strike": 1, "measure": "drop", "seconds": 10}


def ban(seconds: Any, strike: int = 1) -> dict[str, Any]:
    return {"from_strike": strike, "measure": "forbid", "seconds": seconds}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"block_s": None}, "cannot forbid for ever"),
        ({"block_s": -1}, "cannot forbid for ever or for no time"),
        ({"block_s": float("nan")}, "cannot forbid for ever or for no time"),
        ({"block_s": 60, "measures": {}}, "one of them"),
        ({"measures": {"driving": [ban(float("inf"))]}}, "finite|less than"),
        ({"measures": {"driving": [ban(91 * 86_400)]}}, "less than or equal to 7776000"),
        ({"measures": {"driving": [ban(-5)]}}, "greater than 0"),
        ({"measures": {"driving": [ban(None)]}}, "valid number"),
        ({"measures": {"driving": []}}, "begin with the first strike"),
        ({"measures": {"challenge": [DROP, ban(5, strike=2)]}}, "a person does"),
        ({"measures": {"driving": [ban(5, strike=2)]}}, "begin with the first strike"),
        ({"measures": {"driving": [DROP, ban(5, strike=1)]}}, "order of their strikes"),
        ({"measures": {"driving": [ban(5), {**DROP, "from_strike": 2}]}}, "never get milder"),
        ({"measures": {"driving": [ban(50), ban(5, strike=2)]}}, "never get milder"),
        ({"measures": {"presence": [ban(5)]}}, "begin the measures of presence with a drop"),
        ({"measures": {"registration": [DROP]}}, "begin its measures with a forbid"),
        ({"driving": []}, "the operator is told first"),
        ({"presence": [GRACE]}, "the operator is told first"),
        ({"driving": [NOTIFY, GRACE, {"rung": "challenge", "seconds": 5}]}, "rungs of driving are out of order"),
        ({"likeness": [NOTIFY, NOTIFY]}, "rungs of likeness are out of order"),
        ({"driving": [NOTIFY, {"rung": "drop", "seconds": 5}]}, "'notify', 'challenge', 'grace' or 'slate'"),
        ({"strikes": {"of": []}}, "at least 1 item"),
    ],
)
def test_nonsense_is_refused_with_one_error(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        Policy.model_validate({"ladder": document})
    assert refused.value.error_count() == 1


def test_a_policy_of_before_forbids_for_as_long_as_it_said_and_drops_who_was_away() -> None:
    ladder = LadderPolicy.model_validate({"block_s": 600})
    for cause, kind in ((RuleName.DRIVING, MeasureKind.FORBID), (RuleName.PRESENCE, MeasureKind.DROP)):
        measure = ladder.measure(cause, 7, "standard@1")
        assert (measure.kind, measure.seconds, measure.by, measure.strike) == (kind, 600, "standard@1", 8)
    assert LadderPolicy.model_validate(ladder.model_dump(mode="json")) == ladder
    assert LadderPolicy.model_validate(ladder) is ladder


@pytest.mark.parametrize("policy", PROFILES, ids=lambda policy: policy.name)
def test_who_was_away_is_never_forbidden_at_first(policy: Policy) -> None:
    assert policy.ladder.measure(RuleName.PRESENCE, 0, "x").kind is MeasureKind.DROP
    assert policy.ladder.measure(RuleName.REGISTRATION, 0, "x").kind is MeasureKind.FORBID


def test_the_standard_policy_forbids_by_strikes_alone() -> None:
    ladder = LadderPolicy()
    for cause in set(RuleName) - {RuleName.REGISTRATION, RuleName.CHALLENGE}:
        assert ladder.measure(cause, 0, "x").kind is MeasureKind.DROP
        assert ladder.measure(cause, 9, "x").kind is MeasureKind.FORBID


def test_a_ladder_is_read_as_the_api_reads_it() -> None:
    rungs = {"likeness": [{"rung": "notify", "seconds": 6}]}
    measures = {"driving": [{"from_strike": 1, "measure": "forbid", "seconds": 60}]}
    written = json.dumps({"ladder": {**rungs, "measures": measures, "strikes": {"of": ["avatar"]}}})
    ladder = Policy.model_validate_json(written, strict=True).ladder
    assert [(rung.rung, rung.seconds) for rung in ladder.likeness] == [("notify", 6.0)]
    assert [step.seconds for step in ladder.measures.driving] == [60.0]


def test_questions_that_were_missed_forbid_nobody() -> None:
    for ladder in (LadderPolicy(), LadderPolicy.model_validate({"block_s": 600}), BRISK.ladder):
        measures = {ladder.measure(RuleName.CHALLENGE, strikes, "x").kind for strikes in range(20)}
        assert measures == {MeasureKind.DROP}
