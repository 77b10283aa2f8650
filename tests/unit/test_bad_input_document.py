"""The table of docs/bad-input.md: every row names a test that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", (ROOT / "docs" / "bad-input.md").read_text())


def test_the_table_has_rows() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize(("file", "test"), ROWS)
def test_every_row_names_a_test_that_is_there(file: str, test: str) -> None:
    assert re.search(rf"def {test}\(", (ROOT / file).read_text()), f"{file} has no {test}"
