from tests.unit.monitor.api.house import House
from tests.unit.monitor.api.test_cases import cut
from tests.unit.monitor.cli.terminal import Terminal


def test_a_case_is_listed_shown_noted_and_decided(terminal: Terminal, home: House) -> None:
    case = home.call(cut(home.world))
    assert case in terminal.well("cases")
    assert [one["id"] for one in terminal.document("cases", "list", "--state", "open", "--text", "hosh")] == [case]
    assert terminal.document("cases", "list", "--rule", "presence") == []
    terminal.well("cases", "note", case, "asked the studio")
    shown = terminal.well("cases", "show", case)
    assert "Nobody drives this avatar" in shown
    assert "asked the studio" in shown
    assert "overturned" in terminal.well("cases", "overturn", case, "--reason", "the operator was there")
    assert case in terminal.well("cases", "list")
    assert case not in terminal.well("cases")


def test_two_people_are_asked_for(terminal: Terminal, home: House) -> None:
    case = home.call(cut(home.world, days=30))
    assert "another moderator must" in terminal.type("cases", "uphold", case, "--reason", "a loop").err
    again = terminal.type("cases", "uphold", case, "--reason", "a loop")
    assert (again.code, "another moderator must confirm" in again.err) == (1, True)
    assert terminal.document("cases", "ask-more", case, "--reason", "which loop?")["state"] == "more_asked"
