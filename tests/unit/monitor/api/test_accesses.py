"""Every look at an operator's data is on record, and the operator can read that record and take their data along."""

from registry.apikey import Scope
from registry.print import Kept
from tests.unit.monitor.api.world import World


async def test_every_look_at_an_operators_data_is_on_record(world: World) -> None:
    headers = await world.key(Scope.OPERATORS_READ)
    looks = {"": "operator", "/passkeys": "passkeys", "/shifts": "shifts", "/export": "export", "/accesses": "accesses"}
    for path in looks:
        assert (await world.client.get(f"/v1/operators/{world.operator}{path}", headers=headers)).status_code == 200
    assert (await world.client.get("/v1/operators", headers=headers)).status_code == 200
    page = await world.registry.accesses.of(world.operator, limit=4)  # type: ignore[arg-type]
    rest = await world.registry.accesses.of(world.operator, cursor=page.next)  # type: ignore[arg-type]
    found = [*page.items, *rest.items]
    assert [access.what for access in found] == ["list", *reversed(looks.values())]
    assert len({access.by for access in found}) == 1
    assert found[0].by.startswith("key_")


async def test_who_may_not_look_leaves_no_trace_and_sees_nothing(world: World) -> None:
    headers = await world.key(Scope.SESSIONS_WRITE)
    for path in ("", "/export", "/accesses", "/shifts"):
        assert (await world.client.get(f"/v1/operators/{world.operator}{path}", headers=headers)).status_code == 403
    assert (await world.registry.accesses.of(world.operator)).items == ()  # type: ignore[arg-type]


async def test_an_export_holds_everything_that_is_kept(world: World) -> None:
    exported = (await world.client.get(f"/v1/operators/{world.operator}/export")).json()
    assert exported["operator"]["id"] == world.operator
    assert (exported["passkeys"], exported["shifts"]) == ([], [])
    assert [access["what"] for access in exported["accesses"]] == ["export"]
    assert exported["motion"] == {"turns": 0, "since": None, "until": None, "kept_days": 30}


async def test_an_export_says_how_much_is_remembered_of_the_motion(world: World) -> None:
    session = (await world.client.post("/v1/sessions", json=world.wish())).json()["id"]
    await world.registry.prints.add([Kept(key=n, session=session, at=1_000_000.0 + n) for n in range(3)])
    exported = (await world.client.get(f"/v1/operators/{world.operator}/export")).json()
    assert exported["motion"] == {
        "turns": 3, "since": "1970-01-12T13:46:40Z", "until": "1970-01-12T13:46:42Z", "kept_days": 30,
    }  # fmt: skip


async def test_an_agency_makes_rosters_without_seeing_who_is_on_them(world: World) -> None:
    headers = await world.key(Scope.SESSIONS_WRITE)
    attached = await world.client.post("/v1/sessions", json=world.wish(), headers=headers)
    assert attached.status_code == 201
    assert "b2f6" not in attached.text


async def test_an_operator_is_spared_what_they_cannot_do(world: World) -> None:
    path = f"/v1/operators/{world.operator}/profile"
    spared = await world.client.put(path, json={"cannot": ["hands", "head"]})
    assert spared.json()["cannot"] == ["hands", "head"]
    assert (await world.client.put(path, json={"cannot": ["flying"]})).status_code == 422
    assert (await world.client.put(path, json={"cannot": []})).json()["cannot"] == []
