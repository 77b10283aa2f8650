import pytest

from tests.unit.monitor.api.house import House
from tests.unit.monitor.cli.terminal import Terminal


def put(terminal: Terminal, home: House, *more: str) -> tuple[str, ...]:
    return ("bookings", "put", "edge/live/hoshi", "--avatar", "Hoshi", "--operator", home.world.operator, *more)


def test_a_place_is_booked_listed_shown_and_taken_back(terminal: Terminal, home: House) -> None:
    operator = home.world.operator
    assert "Nothing is booked" in terminal.type("bookings").err
    shift = f"{operator}=2026-11-26T10:00Z/2026-11-26T12:00"
    booking = terminal.document(*put(terminal, home, "--shift", shift, "--shift", f"{operator}=/2026-11-01"))
    assert booking["roster"][0]["shifts"] == [
        {"begins": "2026-11-26T10:00:00Z", "ends": "2026-11-26T12:00:00Z"},
        {"begins": None, "ends": "2026-11-01T00:00:00Z"},
    ]
    assert "edge/live/hoshi" in terminal.well("bookings", "list")
    assert "2026-11-26T10:00:00Z/2026-11-26T12:00:00Z" in terminal.well("bookings", "show", "edge/live/hoshi")
    terminal.well("bookings", "remove", "edge/live/hoshi")
    assert terminal.document("bookings", "list") == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--shift", "op_x=/"), "no --operator names"),
        (("--shift", "{operator}=soon/"), "no moment"),
        (("--shift", "{operator}=2026-11-26"), "no shift"),
        (("--policy", "none"), "no policy none"),
    ],
)
def test_bookings_that_cannot_be(terminal: Terminal, home: House, more: tuple[str, ...], says: str) -> None:
    words = [word.replace("{operator}", home.world.operator) for word in more]
    typed = terminal.type(*put(terminal, home, *words))
    assert typed.code in {1, 2}
    assert says in typed.err


def test_a_place_has_three_parts(terminal: Terminal, home: House) -> None:
    assert "like edge/live/room-42" in terminal.type("bookings", "show", "edge/hoshi").err
