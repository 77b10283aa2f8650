"""The documentation shows the table of the ladder as it is."""

import re
from pathlib import Path

from protocols.ladder_diagram import draw

PAGE = Path(__file__).parents[3] / "docs" / "ladder.md"


def test_the_page_draws_what_the_table_draws() -> None:
    assert re.findall(r"```mermaid\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) == [draw()]


def test_arrows_name_their_signals() -> None:
    assert "    watching --> notify: suspect\n" in draw()
    assert "    notify --> forbid: timer, remove, order\n" in draw()
    assert draw().endswith("    restored --> [*]\n")
