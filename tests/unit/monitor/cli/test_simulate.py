"""``nakanohito simulate`` as it is typed."""

from pathlib import Path

import pytest

from tests.unit.monitor.cli.terminal import Terminal

QUICK = ("simulate", "--hours", "0.01", "--attacks", "2")


def test_json_names_policy_seed_and_every_species_asked_for(terminal: Terminal) -> None:
    told = terminal.document(*QUICK, "--species", "heartbeat_bot", "--species", "no_one", "--seed", "4")
    assert [row["species"] for row in told["species"]] == ["no_one", "heartbeat_bot"]
    assert [row["sessions"] for row in told["species"]] == [2, 2]
    assert (told["policy"]["name"], told["seed"]) == ("standard", 4)
    assert told["wrongful_per_10000_h"] is None


def test_a_table_for_people(terminal: Terminal) -> None:
    out = terminal.well(*QUICK, "--species", "no_one", "--species", "restless", "--policy", "brisk")
    assert "Attacks, policy brisk" in out
    assert "Honest operators, policy brisk" in out
    assert "no_one" in out
    assert "per 10,000 h" in out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("late.toml", 'name = "late"\n[fusion]\nai_at = 9.0\n'),
        ("late.json", '{"name": "late", "fusion": {"ai_at": 9.0}}'),
    ],
)
def test_a_policy_file_changes_the_figures(terminal: Terminal, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    words = (*QUICK, "--species", "heartbeat_bot")
    usual, late = (terminal.document(*words, "--policy", p) for p in ("standard", str(tmp_path / name)))
    assert late["policy"]["name"] == "late"
    assert late["policy"]["challenge"] == usual["policy"]["challenge"]
    [before], [after] = usual["species"], late["species"]
    assert after["cut_median_s"] is None or after["cut_median_s"] > before["cut_median_s"]


REFUSED = {
    "no such policy": ("--policy", "nowhere.toml", "neither a profile (standard, brisk) nor a file"),
    "no TOML": ("--policy", "broken.toml", "cannot be read as TOML"),
    "no JSON": ("--policy", "broken.json", "cannot be read as JSON"),
    "a list": ("--policy", "list.json", "a policy is an object of parts"),
    "an unknown field": ("--policy", "unknown.toml", "fusion.ai_att: Extra inputs are not permitted"),
    "out of range": ("--policy", "far.toml", "fusion.ai_at: Input should be less than or equal to 20"),
    "no hours": ("--hours", "0", "give more than 0"),
    "hours without end": ("--hours", "nan", "give more than 0"),
    "no attacks": ("--attacks", "0", "give 1 to"),
    "no such species": ("--species", "vampire", "there is no species 'vampire'; there are restless, still"),
}
FILES = {
    "broken.toml": "fusion = ",
    "broken.json": "{",
    "list.json": "[]",
    "unknown.toml": "[fusion]\nai_att = 3.0\n",
    "far.toml": "[fusion]\nai_at = 30.0\n",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_one_line(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    option, value, said = REFUSED[what]
    typed = terminal.type("simulate", option, value)
    assert (typed.code, typed.out) == (2, "")
    [line] = typed.err.splitlines()
    assert line.startswith("nakanohito simulate: ")
    assert said in line
