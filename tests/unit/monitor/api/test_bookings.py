import pytest

from tests.unit.monitor.api.world import World

PLACE = "/v1/bookings/edge/live/hoshi"


def wish(world: World, **changes: object) -> dict[str, object]:
    shift = {"begins": "2026-11-22T10:00:00+01:00", "ends": None}
    return {"avatar": "Hoshi", "roster": [{"operator": world.operator, "shifts": [shift]}], **changes}


async def test_a_place_is_booked_read_listed_and_taken_back(world: World) -> None:
    put = await world.client.put(PLACE, json=wish(world, callback_url="https://b.example/x?key=hidden"))
    assert put.status_code == 200, put.text
    booking = put.json()
    assert booking["avatar"] == world.avatar
    assert booking["policy"] is None
    assert booking["placement"] == {"server": "edge", "app": "live", "stream": "hoshi"}
    assert booking["roster"][0]["shifts"] == [{"begins": "2026-11-22T10:00:00+01:00", "ends": None}]
    assert booking["callback_url"] == "https://b.example/x"
    assert (await world.client.get(PLACE)).json() == booking
    assert (await world.client.get("/v1/bookings")).json()["items"] == [booking]
    assert (await world.client.delete(PLACE)).json() == booking
    assert (await world.client.get(PLACE)).status_code == 404
    assert (await world.client.delete(PLACE)).status_code == 404


@pytest.mark.parametrize(
    ("place", "changes", "status", "says"),
    [
        (PLACE, {"avatar": "Nobody"}, 404, "No avatar 'Nobody'"),
        (PLACE, {"roster": []}, 422, "body.roster"),
        (PLACE, {"roster": [{"operator": "op_none"}]}, 404, "No operator op_none"),
        (PLACE, {"roster": [{"operator": "op_a"}, {"operator": "op_a"}]}, 422, "names somebody twice"),
        (PLACE, {"policy": "none"}, 404, "no policy none"),
        (PLACE, {"url": "http://m.example/x"}, 422, "kind of 'url' cannot be told"),
        (PLACE, {"key": "x"}, 422, "not known here"),
        ("/v1/bookings/blind/live/hoshi", {}, 422, "servers.blind.watch"),
        ("/v1/bookings/other/live/hoshi", {}, 422, "there: blind, edge"),
        ("/v1/bookings/edge/live/a%20b", {}, 422, "path.stream"),
    ],
)
async def test_bookings_that_cannot_be(
    world: World, place: str, changes: dict[str, object], status: int, says: str
) -> None:
    answer = await world.client.put(place, json=wish(world, **changes))
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert (await world.client.get("/v1/bookings")).json()["items"] == []


async def test_a_shift_that_ends_before_it_begins_is_refused(world: World) -> None:
    shift = {"begins": "2026-11-22T10:00:00Z", "ends": "2026-11-22T09:00:00Z"}
    roster = [{"operator": world.operator, "shifts": [shift]}]
    answer = await world.client.put(PLACE, json=wish(world, roster=roster))
    assert answer.status_code == 422
    assert "a shift ends after it begins" in answer.text
