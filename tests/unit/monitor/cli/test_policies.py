from pathlib import Path

import pytest

from tests.unit.monitor.api.house import House
from tests.unit.monitor.api.test_cases import cut as case_of
from tests.unit.monitor.cli.terminal import Terminal


def test_a_policy_is_written_listed_and_shown_in_versions(terminal: Terminal, home: House, tmp_path: Path) -> None:
    assert [one["id"] for one in terminal.document("policies")] == ["brisk@1", "standard@1"]
    file = tmp_path / "night.toml"
    for within in (25, 40):
        file.write_text(f"[challenge]\nwithin_s = {within}\n")
        terminal.well("policies", "put", "night", str(file))
    assert [one["id"] for one in terminal.document("policies", "versions", "night")] == ["night@2", "night@1"]
    assert [one["id"] for one in terminal.document("policies", "versions", "night", "--limit", "1")] == ["night@2"]
    assert terminal.document("policies", "show", "night@1")["document"]["challenge"]["within_s"] == 25
    shown = terminal.well("policies", "show", "night")
    assert "challenge.within_s" in shown
    assert "40" in shown
    [row] = [line for line in terminal.well("policies", "list").splitlines() if "night@2" in line]
    assert "challenge.within_s" in row
    assert "watch.window_s" not in row


def test_a_document_that_is_the_newest_already_makes_no_version(
    terminal: Terminal, home: House, tmp_path: Path
) -> None:
    file = tmp_path / "same.json"
    file.write_text("{}")
    ids = [terminal.document("policies", "put", "plain", str(file))["id"] for _ in range(2)]
    assert ids == ["plain@1", "plain@1"]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[challenge]\nwithin = 25\n", "challenge.within:"),
        ("[challenge\n", "cannot be read as TOML"),
        ('name = "other"\n', "for the policy 'other'"),
    ],
)
def test_a_policy_that_cannot_be_written_is_one_line(
    terminal: Terminal, home: House, tmp_path: Path, written: str, says: str
) -> None:
    file = tmp_path / "night.toml"
    file.write_text(written)
    typed = terminal.type("policies", "put", "night", str(file))
    assert typed.code in {1, 2}
    assert says in typed.err
    assert "no policy night" in terminal.type("policies", "versions", "night").err


def test_a_name_or_a_file_that_is_none_is_one_line(terminal: Terminal, home: House) -> None:
    assert "no policy night" in terminal.type("policies", "show", "night").err
    assert "cannot be read" in terminal.type("policies", "put", "night", "nowhere.toml").err


def test_a_draft_is_tried_on_sessions_that_are_over(terminal: Terminal, home: House, tmp_path: Path) -> None:
    assert "No session is over" in terminal.type("policies", "back-test", "brisk").err
    for _ in range(12):
        home.call(case_of(home.world))
    file = tmp_path / "mild.toml"
    file.write_text("[fusion]\nai_at = 9\n")
    found = terminal.document("policies", "back-test", str(file), "--limit", "11")
    assert len(found) == 11
    assert {(one["then"], one["outcome"]) for one in found} == {("warned", "passed")}
    typed = terminal.type("policies", "back-test", str(file), "--cut")
    assert "0 come out as they did, 12 milder, 0 harder" in typed.err
    assert "no policy nobodys" in terminal.type("policies", "back-test", "nobodys").err
    file.write_text("[fusion]\nai = 9\n")
    assert "fusion.ai" in terminal.type("policies", "back-test", str(file)).err
