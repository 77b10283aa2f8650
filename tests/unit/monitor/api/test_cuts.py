import pytest

from monitor.enforcers.enforcer import EnforcerFailure
from protocols.session import CutId
from registry.apikey import Scope
from registry.cut import Cut
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


async def test_a_restore_overturns_the_case_and_another_person_decides_what_takes_two(world: World) -> None:
    made = await cut(world, str((await world.attached())["id"]), hours=None)
    path, other = f"/v1/cuts/{made}/restore", await world.key(Scope.CUTS_RESTORE)
    first = await world.client.post(path, json={"reason": "the operator was there"})
    assert (first.status_code, first.json()["waits"], first.json()["state"]) == (202, True, "confirmed")
    again = await world.client.post(path, json={"reason": "really"})
    assert (again.status_code, "another moderator" in again.json()["detail"]) == (409, True)
    assert world.supervisor.restored == []
    done = (await world.client.post(path, json={"reason": "the telemetry shows it"}, headers=other)).json()
    assert (done["waits"], done["state"], done["restored_at"] is not None) == (False, "restored", True)
    case = (await world.client.get(f"/v1/cases/{done['case']}")).json()
    assert (case["state"], case["because"]) == ("overturned", "the telemetry shows it")
    kinds = [entry.kind for entry in await world.registry.ledger.read(subject=done["case"])]
    assert kinds[:2] == ["case.proposed", "case.decided"]
    after = await world.client.post(path, json={"reason": "again"})
    assert (after.status_code, len(world.supervisor.restored)) == (200, 1)


async def test_what_was_upheld_is_restored_by_two_people_and_not_by_who_upheld_it(world: World) -> None:
    made = await cut(world, str((await world.attached())["id"]))
    path, other, third = f"/v1/cuts/{made}/restore", await world.key(Scope.ADMIN), await world.key(Scope.CUTS_RESTORE)
    case = (await world.registry.cases.of_cut(CutId(made))).id
    decided = {"decision": "uphold", "reason": "nobody was there", "version": 1}
    assert (await world.client.post(f"/v1/cases/{case}/decision", json=decided)).json()["state"] == "upheld"
    assert (await world.client.post(path, json={"reason": "I was wrong"})).status_code == 409
    assert (await world.client.post(path, json={"reason": "somebody was"}, headers=other)).status_code == 202
    assert (await world.client.post(path, json={"reason": "indeed"}, headers=third)).json()["state"] == "restored"


async def test_a_restore_that_the_media_server_does_not_do_is_decided_and_tried_again(world: World) -> None:
    made = await cut(world, str((await world.attached())["id"]))

    async def down(*_: object, **__: object) -> Cut:
        raise EnforcerFailure("the media server cannot be reached", retry=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.service.caseload, "_restore", down)
        answer = await world.client.post(f"/v1/cuts/{made}/restore", json={"reason": "appeal upheld"})
        assert (answer.status_code, answer.json()["restored_at"]) == (200, None)
    again = await world.client.post(f"/v1/cuts/{made}/restore", json={"reason": "appeal upheld"})
    assert again.json()["restored_at"] is not None


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


async def test_strikes_are_read_and_go_with_the_restore(world: World) -> None:
    made = await cut(world, str((await world.attached())["id"]))

    async def found(**params: str) -> list[tuple[str, str]]:
        items = (await world.client.get("/v1/strikes", params=params)).json()["items"]
        return [(item["kind"], item["subject"]) for item in items]

    both = [("account", "channel-1"), ("avatar", world.avatar)]
    assert sorted(await found()) == sorted(await found(cut=made, standing="true")) == both
    assert await found(kind="avatar", subject=world.avatar) == both[1:]
    await world.client.post(f"/v1/cuts/{made}/restore", json={"reason": "appeal upheld"})
    assert await found(standing="true") == []
    assert sorted(await found()) == both
    assert (await world.client.get("/v1/strikes", params={"kind": "house"})).status_code == 422


async def test_a_person_orders_a_cut_with_the_scope_for_it(world: World) -> None:
    path = f"/v1/sessions/{(await world.attached())['id']}/cut"
    order = {"rule": "driving", "measure": "forbid", "seconds": 60, "reason": "nobody drives it"}
    for change in ({"seconds": -1}, {"seconds": 1e9}, {"measure": "execute"}, {"rule": "taste"}, {"reason": ""}):
        assert (await world.client.post(path, json=order | change)).status_code == 422
    reader = await world.key(Scope.SESSIONS_WRITE)
    assert (await world.client.post(path, json=order, headers=reader)).status_code == 403
    assert (await world.client.post(path, json=order)).status_code == 202
    [(_, ordered)] = world.supervisor.ordered
    assert (ordered.measure.kind, ordered.measure.seconds, ordered.because) == ("forbid", 60, "nobody drives it")
    assert ordered.measure.by.startswith("key_")
    assert (await world.client.post("/v1/sessions/ses_none/cut", json=order)).status_code == 404


async def test_one_strike_is_taken_back_and_entered_in_the_ledger(world: World) -> None:
    made = await cut(world, str((await world.attached())["id"]))
    first, second = (await world.client.get("/v1/strikes", params={"cut": made})).json()["items"]
    path, reason = f"/v1/strikes/{first['id']}/take-back", {"reason": "it was the first"}
    unfit = await world.key(Scope.CUTS_READ)
    assert (await world.client.post(path, json=reason, headers=unfit)).status_code == 403
    assert (await world.client.post(path, json=reason)).json()["taken_back_at"] is not None
    assert (await world.client.post(path, json=reason)).status_code == 409
    standing = (await world.client.get("/v1/strikes", params={"standing": "true"})).json()["items"]
    assert [one["id"] for one in standing] == [second["id"]]
    [entry] = await world.registry.ledger.read(kind="strike.taken_back")
    assert (entry.subject, entry.content["cut"], entry.content["because"]) == (first["id"], made, "it was the first")
