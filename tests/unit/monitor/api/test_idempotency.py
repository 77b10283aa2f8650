import asyncio
import sqlite3
from pathlib import Path

from monitor.refusal import AttachRefused
from tests.unit.monitor.api.world import World

KEY = {"idempotency-key": "3d1c0f2e"}


async def test_a_repetition_gets_the_first_answer(world: World) -> None:
    first = await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)
    again = await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)
    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert len((await world.client.get("/v1/sessions")).json()["items"]) == 1


async def test_another_request_under_the_same_key_is_refused(world: World) -> None:
    await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)
    other = await world.client.post("/v1/sessions", json=world.wish(account="a"), headers=KEY)
    assert other.status_code == 422
    assert "another request" in other.json()["detail"]


async def test_keys_of_others_do_not_collide(world: World) -> None:
    from registry.apikey import Scope

    mine = await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)
    theirs = await world.client.post(
        "/v1/sessions", json=world.wish(), headers={**KEY, **await world.key(Scope.SESSIONS_WRITE)}
    )
    assert mine.json()["id"] != theirs.json()["id"]


async def test_what_was_refused_may_be_tried_again(world: World) -> None:
    world.supervisor.fault = AttachRefused("not now")
    assert (await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)).status_code == 422
    world.supervisor.fault = RuntimeError("broken")
    assert (await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)).status_code == 500
    world.supervisor.fault = None
    assert (await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)).status_code == 201


async def test_at_the_same_time_it_is_done_once(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(world.client.post("/v1/sessions", json=world.wish(), headers=KEY)) for _ in range(5)]
    statuses = sorted(task.result().status_code for task in tasks)
    assert set(statuses) <= {201, 409}
    assert len({task.result().json()["id"] for task in tasks if task.result().status_code == 201}) == 1
    assert len((await world.client.get("/v1/sessions")).json()["items"]) == 1


async def test_an_unusable_key_is_refused(world: World) -> None:
    answer = await world.client.post("/v1/sessions", json=world.wish(), headers={"idempotency-key": "x" * 300})
    assert answer.status_code == 422


async def test_secrets_are_not_readable_in_the_database(world: World, tmp_path: Path) -> None:
    answer = await world.client.post("/v1/sessions", json=world.wish(), headers=KEY)
    token = answer.json()["whip"]["token"].encode()
    with sqlite3.connect(tmp_path / "registry.sqlite") as database:
        (body,) = database.execute("SELECT body FROM requests").fetchone()
    assert len(body) > len(token)
    assert token not in body
