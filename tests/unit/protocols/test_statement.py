import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from protocols.evidence import RuleName
from protocols.statement import DsaStatement, notice_statement, statement

DOCS = Path(__file__).parents[3] / "docs"
DATABASE = Draft202012Validator(
    json.loads((DOCS / "dsa-transparency-database.schema.json").read_text()),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
"""What the Commission's database takes, from what it publishes; see the schema's ``$comment``."""
SCHEMA = Path(__file__).parents[3] / "docs" / "dsa-statement.schema.json"
CUT: dict[str, Any] = {
    "id": "cut_1",
    "rule": "driving",
    "decided_at": "2026-11-26T12:00:00Z",
    "until": "2026-11-26T13:00:00Z",
    "placement": {"server": "edge", "app": "live", "stream": "hoshi"},
    "decided_by": "standard@1",
    "steps": [{"rung": "notify"}],
    "evidence": {"policy": "standard@1"},
}


def test_it_says_what_why_who_until_when_how_to_mend_and_how_to_contest() -> None:
    said = statement(CUT, "case_1")
    for words in (
        "case_1", "live/hoshi", "2026-11-26 12:00:00", "until 2026-11-26 13:00:00", "the operator's motion",
        "rule driving, policy standard@1", "a program", "Move yourself", "appeal", "six months", "clip",
    ):  # fmt: skip
        assert words in said.text.en, words
    for words in ("case_1", "申诉", "2026-11-26 13:00:00", "虚拟形象的动作与操作员的动作不一致", "六个月"):
        assert words in said.text.zh, words
    assert max(len(said.text.en), len(said.text.zh)) <= 2000  # fits an operator's notice
    assert said.dsa.automated_decision == "AUTOMATED_DECISION_FULLY"
    assert said.dsa.end_date_service_restriction == "2026-11-26"
    document = said.document("case_1")
    assert DsaStatement.model_validate(document["dsa"]) == said.dsa
    assert document["dsa"]["puid"] == "case_1"
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize("placement", [{"server": "edge", "app": "live", "stream": "hoshi"}, None])
def test_a_notice_over_the_picture_has_one_too_and_it_is_no_suspension(placement: dict[str, str] | None) -> None:
    at = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    said = notice_statement("case_1", rule=RuleName.DRIVING, at=at, placement=placement, policy="standard@1")
    for words in ("case_1", "notice instead of its picture since 2026-11-26 12:00:00", "a program", "appeal"):
        assert words in said.text.en, words
    assert "提示画面" in said.text.zh
    dsa = said.document("case_1")["dsa"]
    DATABASE.validate(dsa)
    assert dsa["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert not {"decision_provision", "end_date_service_restriction"} & set(dsa)


def test_a_person_s_order_and_a_block_without_an_end_are_said_so() -> None:
    said = statement({**CUT, "decided_by": "key_1", "until": None, "placement": None, "steps": []}, "case_1")
    assert "a person, on what was measured" in said.text.en
    assert "until" not in said.text.en.partition("Why")[0]
    assert said.dsa.automated_decision == "AUTOMATED_DECISION_PARTIALLY"
    assert "end_date_service_restriction" not in said.document("case_1")["dsa"]


@pytest.mark.parametrize("rule", RuleName)
def test_there_is_one_for_every_rule(rule: RuleName) -> None:
    assert rule.value in statement({**CUT, "rule": rule.value}, "case_1").text.en


@pytest.mark.parametrize("damage", [{"rule": "eating"}, {"decided_at": 5}, {"evidence": None}, {"placement": "x"}])
def test_what_is_no_cut_has_none(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no cut|not a valid"):
        statement({**CUT, **damage}, "case_1")


@pytest.mark.parametrize("rule", RuleName)
@pytest.mark.parametrize("until", ["2026-11-28T13:00:00Z", None])
@pytest.mark.parametrize("decided_by", ["standard@1", "key_1"])
def test_the_commissions_database_takes_it(rule: RuleName, until: str | None, decided_by: str) -> None:
    said = statement({**CUT, "rule": rule.value, "until": until, "decided_by": decided_by}, "case_3k9d7m2x8q0ab")
    dsa = said.document("case_3k9d7m2x8q0ab")["dsa"]
    DATABASE.validate(dsa)
    for end in (value for name, value in dsa.items() if name.startswith("end_date_")):
        assert end >= dsa["application_date"]
    assert len(dsa["territorial_scope"]) == 30


@pytest.mark.parametrize(
    "damage",
    [
        {"category": "STATEMENT_CATEGORY_SCOPE_OF_PLATFORM_SERVICE"},
        {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]},
        {"decision_visibility": None},
        {"incompatible_content_ground": None},
        {"territorial_scope": ["UK"]},
        {"puid": "case 1"},
        {"content_date": "26.11.2026"},
        {"decision_facts": "x" * 5001},
        {"operator": "op_1"},
    ],
)
def test_what_the_commissions_database_would_refuse_is_refused(damage: dict[str, Any]) -> None:
    dsa = statement(CUT, "case_1").document("case_1")["dsa"]
    dsa.pop("decision_provision")
    changed = {name: value for name, value in {**dsa, **damage}.items() if value is not None}
    with pytest.raises(ValidationError):
        DATABASE.validate(changed)


def test_the_schema_that_is_shipped_is_the_one_that_is_emitted() -> None:
    assert json.loads(SCHEMA.read_text()) == DsaStatement.model_json_schema(mode="serialization")
