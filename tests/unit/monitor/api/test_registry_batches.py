"""Registrations changed in bulk, and who has to approve of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from protocols.session import OperatorId
from registry.apikey import Scope
from registry.avatar import Submission
from registry.reference import Reference
from registry.registry import Registry
from tests.unit.monitor.api.world import NOW, World, build

BATCHES = "/v1/registry-batches"
LATE = [timedelta(0)]
"""How much later it is by now."""


@pytest.fixture
async def world(tmp_path: Path, registry: Registry) -> AsyncIterator[World]:
    made = await build(tmp_path, registry, avatars={"alone_an_hour": 2}, clock=lambda: NOW + LATE[-1])
    async with made.client:
        yield made
    del LATE[1:]


async def avatars(world: World, count: int) -> list[str]:
    ids = []
    for number in range(1, count + 1):
        vector = np.eye(1, 8, number % 8, dtype=np.float32)[0]
        reference = Reference(digest=bytes([number]) * 32, vector=vector)
        given = Submission(name=f"Avatar {number}", owner="studio", references=[reference], model="m")
        ids.append(str((await world.registry.avatars.register(given, at=NOW)).id))
    return ids


async def states(world: World, ids: list[str]) -> set[str]:
    return {(await world.client.get(f"/v1/avatars/{one}")).json()["state"] for one in ids}


async def test_many_are_changed_once_another_key_approves(world: World) -> None:
    ids = await avatars(world, 3)
    wish = {"act": "suspend", "subjects": ids, "reason": "the studio has closed"}
    waits = await world.client.post(BATCHES, json=wish)
    assert (waits.status_code, waits.json()["state"]) == (202, "waiting")
    assert await states(world, ids) == {"active"}
    path = f"{BATCHES}/{waits.json()['id']}"
    own = await world.client.post(f"{path}/approve", json={"reason": "it is right"})
    assert (own.status_code, "another key or account" in own.json()["detail"]) == (409, True)
    assert [one["id"] for one in (await world.client.get(BATCHES, params={"waiting": "true"})).json()["items"]]
    other = await world.key(Scope.AVATARS_WRITE)
    done = (await world.client.post(f"{path}/approve", json={"reason": "it is right"}, headers=other)).json()
    assert (done["state"], done["outcome"]) == ("done", dict.fromkeys(ids, "done"))
    assert await states(world, ids) == {"suspended"}
    again = await world.client.post(f"{path}/approve", json={"reason": "again"}, headers=other)
    assert again.status_code == 409
    kinds = [entry.kind for entry in await world.registry.ledger.read(subject=done["id"])]
    assert kinds == ["batch.proposed", "batch.approved", "batch.done"]
    assert (await world.client.get(f"/v1/avatars/{ids[0]}")).json()["because"].startswith("the studio has closed")


async def test_a_few_are_changed_at_once_and_what_is_refused_keeps_none_of_the_others(world: World) -> None:
    ids = await avatars(world, 2)
    wish = {"act": "revoke", "subjects": [world.operator, ids[0], ids[0]], "reason": "left"}
    done = await world.client.post(BATCHES, json=wish)
    assert (done.status_code, done.json()["outcome"]) == (201, {world.operator: "done", ids[0]: "done"})
    assert (await world.registry.operators.get(OperatorId(world.operator))).state == "revoked"
    [entry] = await world.registry.ledger.read(kind="operator.revoked")
    assert entry.content["because"].startswith("left (batch bat_")
    one = await world.client.post(f"/v1/avatars/{ids[1]}/revoke", json={"reason": "one more"})
    assert (one.status_code, "registry-batches" in one.json()["detail"]) == (409, True)
    LATE.append(timedelta(hours=1))
    assert (await world.client.post(f"/v1/avatars/{ids[1]}/suspend")).status_code == 200


async def test_one_by_one_is_no_way_round(world: World) -> None:
    ids = await avatars(world, 3)
    answers = [(await world.client.post(f"/v1/avatars/{one}/suspend")).status_code for one in ids]
    assert answers == [200, 200, 409]
    assert (await world.client.post(f"/v1/operators/{world.operator}/revoke")).status_code == 409
    assert (await world.client.post(f"/v1/avatars/{ids[0]}/reinstate")).status_code == 200


async def test_a_batch_is_rejected_once_also_by_who_proposed_it(world: World) -> None:
    ids = await avatars(world, 3)
    made = (await world.client.post(BATCHES, json={"act": "revoke", "subjects": ids, "reason": "x"})).json()
    path = f"{BATCHES}/{made['id']}"
    assert (await world.client.post(f"{path}/reject", json={"reason": "a slip"})).json()["state"] == "rejected"
    assert (await world.client.post(f"{path}/reject", json={"reason": "a slip"})).status_code == 409
    assert (await world.client.get(path)).json()["settled_because"] == "a slip"
    assert await states(world, ids) == {"active"}


async def test_what_is_no_batch_is_refused_whole(world: World) -> None:
    reader, writer = await world.key(Scope.AVATARS_READ), await world.key(Scope.AVATARS_WRITE)
    wish = {"act": "revoke", "subjects": [world.operator], "reason": "x"}
    for change, headers, status in (
        ({"subjects": []}, {}, 422),
        ({"act": "merge"}, {}, 422),
        ({"act": "suspend"}, {}, 422),
        ({"subjects": ["av_none"]}, {}, 404),
        ({}, reader, 403),
        ({}, writer, 403),
    ):
        answer = await world.client.post(BATCHES, json=wish | change, headers=headers)
        assert answer.status_code == status, answer.text
    assert (await world.client.get(f"{BATCHES}/bat_none")).status_code == 404
    assert (await world.client.get(BATCHES)).json()["items"] == []
