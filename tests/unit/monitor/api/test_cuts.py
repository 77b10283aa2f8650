from registry.apikey import Scope
from tests.unit.monitor.api.world import World, cut


async def test_a_cut_is_listed_read_and_restored(world: World) -> None:
    session = str((await world.attached(account="a"))["id"])
    made = await cut(world, session)
    page = (await world.client.get("/v1/cuts")).json()
    assert [one["id"] for one in page["items"]] == [made]
    one = (await world.client.get(f"/v1/cuts/{made}")).json()
    assert (one["rule"], one["state"], one["seconds"]) == ("presence", "confirmed", 0.25)
    assert one["evidence"] == {"driver": "AI"}
    assert one["steps"] == [{"rung": "notify"}]
    restored = await world.client.post(f"/v1/cuts/{made}/restore", json={"reason": "appeal upheld"})
    assert restored.json()["state"] == "restored"
    ((which, by, reason),) = world.supervisor.restored
    assert (which, reason) == (made, "appeal upheld")
    assert by.startswith("key_")


async def test_cuts_are_filtered(world: World) -> None:
    one = str((await world.attached(account="a"))["id"])
    other = str((await world.attached(account="b"))["id"])
    first, second = await cut(world, one), await cut(world, other)

    async def found(**params: str) -> list[str]:
        return [item["id"] for item in (await world.client.get("/v1/cuts", params=params)).json()["items"]]

    assert await found() == [second, first]
    assert await found(session=one) == [first]
    assert await found(account="b") == [second]
    assert await found(avatar=world.avatar) == [second, first]
    assert await found(state="failed") == []
    assert (await world.client.get("/v1/cuts", params={"state": "eaten"})).status_code == 422


async def test_restoring_needs_a_reason_and_the_scope(world: World) -> None:
    made = await cut(world, str((await world.attached())["id"]))
    path = f"/v1/cuts/{made}/restore"
    for body in ({}, {"reason": ""}, {"reason": "x" * 1001}, {"reason": "a\x00b"}, {"reason": 5}):
        assert (await world.client.post(path, json=body)).status_code == 422
    reader = await world.key(Scope.CUTS_READ)
    assert (await world.client.post(path, json={"reason": "x"}, headers=reader)).status_code == 403
    assert world.supervisor.restored == []


async def test_a_cut_that_is_not_there(world: World) -> None:
    assert (await world.client.get("/v1/cuts/cut_none")).status_code == 404
    assert (await world.client.post("/v1/cuts/cut_none/restore", json={"reason": "x"})).status_code == 404
