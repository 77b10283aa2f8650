"""The documentation shows the tables as they are."""

import re
from pathlib import Path

from protocols.channel import diagram

PAGE = Path(__file__).parents[4] / "docs" / "operator-protocol.md"


def test_the_page_draws_what_the_tables_draw() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert drawn == [diagram.server(), diagram.client()]


def test_arrows_say_who_sends() -> None:
    assert "    greeting --> claimed: ?hello\n" in diagram.server()
    assert "    waiting --> claiming: ?welcome\n" in diagram.client()
    assert "claimed --> verified: signature verifies" in diagram.server()
    assert diagram.server().endswith("closed --> [*]\n")
