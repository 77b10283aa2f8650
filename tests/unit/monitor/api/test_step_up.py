"""What hurts asks for the passkey once more; and many cases at once are those that were looked at."""

from datetime import timedelta

import httpx

from monitor.api.step_up import HURTS
from tests.unit.monitor.api.browser import Browser, signed_in
from tests.unit.monitor.api.test_cases import REASON, cut
from tests.unit.monitor.api.world import NOW, World


async def stale(world: World, role: str) -> Browser:
    """Somebody who signed in an hour ago and has not used the passkey since."""
    visiting = await signed_in(world, role)
    [entry, *_] = reversed(await world.registry.ledger.read(kind="account.signed_in"))
    await world.registry.signins.step_up(entry.subject, at=NOW - timedelta(hours=1))
    return visiting


def asked(answer: httpx.Response) -> bool:
    return answer.status_code == 401 and answer.json()["type"] == "urn:nakanohito:problem:step-up"


async def test_what_hurts_is_done_after_the_passkey_and_not_before(world: World) -> None:
    visiting = await stale(world, "admin")
    key = {"name": "x", "scopes": ["sessions:read"]}
    refused = await visiting.ask("POST", "/v1/keys", key)
    assert asked(refused)
    assert "insufficient_user_authentication" in refused.headers["www-authenticate"]
    assert (await visiting.ask("GET", "/v1/keys")).status_code == 200
    assert len(await world.registry.keys.list()) == 1
    await visiting.step_up()
    assert (await visiting.ask("POST", "/v1/keys", key)).status_code == 201


async def test_every_operation_that_hurts_is_there(world: World) -> None:
    document = (await world.client.get("/openapi.json")).json()
    there = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert there >= HURTS


async def test_a_case_asks_for_it_where_two_people_decide(world: World) -> None:
    visiting = await stale(world, "moderator")
    plain, long = await cut(world), await cut(world, days=3)
    body = {"decision": "uphold", **REASON}
    assert asked(await visiting.ask("POST", f"/v1/cases/{long}/decision", body))
    assert (await visiting.ask("POST", f"/v1/cases/{plain}/decision", body)).json()["state"] == "upheld"
    turned = {"decision": "overturn", "reason": "it was wrong after all", "version": 2}
    assert asked(await visiting.ask("POST", f"/v1/cases/{plain}/decision", turned))
    assert (await visiting.ask("POST", "/v1/cases/nothing/decision", body)).status_code == 404


async def test_many_cases_are_decided_at_once_where_each_was_looked_at(world: World) -> None:
    visiting = await signed_in(world, "moderator")
    cases = [await cut(world) for _ in range(3)]
    body = {"decision": "uphold", "reason": "one loop", "cases": dict.fromkeys(cases, 1)}
    for case in cases[:2]:
        await visiting.ask("GET", f"/v1/cases/{case}")
    refused = await visiting.ask("POST", "/v1/case-batches", body)
    assert (refused.status_code, cases[2] in refused.json()["detail"]) == (409, True)
    assert all([(await world.registry.cases.get(case)).state == "open" for case in cases])
    await visiting.ask("GET", f"/v1/cases/{cases[2]}")
    body["cases"] = {cases[0]: 1, cases[1]: 7, cases[2]: 1}
    done = (await visiting.ask("POST", "/v1/case-batches", body)).json()
    assert [case["id"] for case in done["cases"]] == [cases[0], cases[2]]
    assert "changed meanwhile" in done["refused"][cases[1]]
    assert (await visiting.ask("POST", "/v1/case-batches", {**body, "cases": {}})).status_code == 422
    assert (await visiting.ask("POST", "/v1/case-batches", {**body, "cases": {"case_x": 1}})).status_code == 404
