"""The table of docs/security.md: every test that it names is there, and every outcome is one of three."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/\S+\.py)::(test_\w+)`", TEXT)))
ROWS = [
    row.split("|") for row in TEXT.splitlines() if row.startswith("| ") and not row.startswith(("| ---", "| attack"))
]


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_test_that_is_named_is_there(file: str, test: str) -> None:
    assert re.search(rf"def {test}\(", (ROOT / file).read_text()), f"{file} has no {test}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].strip())
def test_every_attack_has_an_outcome_and_a_test_unless_nothing_stops_it(row: list[str]) -> None:
    outcome, tests = row[2].strip(), row[3]
    assert outcome in {"held", "bounded", "not yet"}
    assert ("::test_" in tests) is (outcome != "not yet")


def test_the_table_has_rows() -> None:
    assert len(ROWS) > 20
