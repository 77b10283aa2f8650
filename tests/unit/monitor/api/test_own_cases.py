"""What an operator reads and contests of the decisions about their own streams."""

import httpx

from tests.unit.monitor.api.test_cases import cut, with_evidence
from tests.unit.monitor.api.test_own import page, registered, sign_in
from tests.unit.monitor.api.world import NOW, World

__all__ = ["page"]


async def test_an_operator_reads_the_reasons_and_appeals_once(world: World, page: httpx.AsyncClient) -> None:
    case = await cut(world)
    assert (await page.get("/v1/own/cases")).status_code == 401
    await sign_in(page, await registered(world))
    [told] = (await page.get("/v1/own/cases")).json()
    assert (told["id"], told["state"], told["avatar"], told["appeal"]) == (case, "open", "Hoshi", None)
    assert "How to contest it" in told["statement"]["text"]["en"]
    assert "p_human" not in str(told)
    filed = await page.post(f"/v1/own/cases/{case}/appeal", json={"text": "I was there."})
    assert (filed.status_code, filed.json()["by"], filed.json()["fast"]) == (201, world.operator, True)
    assert (await page.post(f"/v1/own/cases/{case}/appeal", json={"text": "Again."})).status_code == 409
    [told] = (await page.get("/v1/own/cases")).json()
    assert told["appeal"]["text"] == "I was there."
    forged = await page.post(
        f"/v1/own/cases/{case}/appeal", json={"text": "x"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert forged.status_code == 403


async def test_an_operator_sees_what_was_on_air_and_nothing_else_of_the_evidence(
    world: World, page: httpx.AsyncClient
) -> None:
    case, content = await with_evidence(world)
    assert (await page.get(f"/v1/own/cases/{case}/clips/clip-1.mp4")).status_code == 401
    await sign_in(page, await registered(world))
    [told] = (await page.get("/v1/own/cases")).json()
    [address] = told["clips"]
    whole = await page.get(address)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, content, "video/mp4")
    assert (await page.get(address, headers={"range": "bytes=10-19"})).content == content[10:20]
    assert (await page.get(f"/v1/own/cases/{case}/clips/timeline.json")).status_code == 404


async def test_nobody_appeals_for_another(world: World, page: httpx.AsyncClient) -> None:
    other = await world.registry.operators.enrol(
        pseudonym="c0de", issuer="id.example", assurance="high", verified_at=NOW, at=NOW
    )
    case = await cut(world, operators=[other.id])
    await sign_in(page, await registered(world))
    assert (await page.get("/v1/own/cases")).json() == []
    assert (await page.post(f"/v1/own/cases/{case}/appeal", json={"text": "x"})).status_code == 404
    assert (await page.get(f"/v1/own/cases/{case}/clips/clip-1.mp4")).status_code == 404
