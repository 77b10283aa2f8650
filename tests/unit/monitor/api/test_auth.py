from datetime import timedelta

import httpx
import pytest

from registry.apikey import Scope
from tests.unit.monitor.api.world import NOW, World


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer nkh_0000000000000_wrong",
        "Bearer " + "x" * 10_000,
        "Bearer \u00fc",
    ],
)
async def test_every_failure_looks_the_same(world: World, header: str | None) -> None:
    raw = [(b"host", b"test")] + ([] if header is None else [(b"authorization", header.encode("latin-1"))])
    request = world.client.build_request("GET", "/v1/sessions")
    request.headers = httpx.Headers(raw, encoding="latin-1")
    answer = await world.client.send(request)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="nakanohito"'
    expected = "Give a valid API key as 'Authorization: Bearer nkh_…'; 'nakanohito keys create' makes one."
    assert answer.json()["detail"] == expected


async def test_a_revoked_and_an_expired_key_are_refused(world: World) -> None:
    _, secret = await world.registry.keys.create(
        name="x", scopes=[Scope.SESSIONS_READ], at=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1)
    )
    expired = await world.client.get("/v1/sessions", headers={"authorization": f"Bearer {secret}"})
    other, secret = await world.registry.keys.create(name="x", scopes=[Scope.SESSIONS_READ], at=NOW)
    await world.registry.keys.revoke(other.id, at=NOW)
    revoked = await world.client.get("/v1/sessions", headers={"authorization": f"Bearer {secret}"})
    assert (expired.status_code, revoked.status_code) == (401, 401)
    assert expired.json()["detail"] == revoked.json()["detail"]


async def test_the_key_is_looked_at_before_the_body(world: World) -> None:
    headers = {"authorization": "Bearer nkh_0000000000000_wrong", "content-length": str(10**9)}
    answer = await world.client.post("/v1/avatars", content=b"x", headers=headers)
    assert answer.status_code == 401


async def test_every_operation_but_a_few_needs_a_key(world: World) -> None:
    document = (await world.client.get("/openapi.json")).json()
    anonymous = world.client
    del anonymous.headers["authorization"]
    open_to_all = []
    for path, operations in document["paths"].items():
        for method in operations:
            concrete = path.replace("{", "").replace("}", "")
            answer = await anonymous.request(method.upper(), concrete, headers={"x-forwarded-for": "198.51.100.7"})
            if answer.status_code != 401:
                open_to_all.append(path)
    assert set(open_to_all) == {
        "/healthz",
        "/readyz",
        "/v1/own/sign-ins",
        "/v1/own/sign-ins/{ceremony}",
        "/v1/passkeys/registrations",
        "/v1/passkeys/registrations/{ceremony}",
        "/v1/reports/{report}",
        "/v1/shifts",
        "/v1/shifts/{ceremony}",
        "/v1/sign-in/invitation",
        "/v1/sign-in/invitation/answer",
        "/v1/sign-in/methods",
        "/v1/sign-in/passkey",
        "/v1/sign-in/passkey/answer",
        "/v1/sign-in/provider/{provider}",
        "/v1/sign-in/provider/{provider}/answer",
    }


async def test_keys_are_created_listed_and_revoked(world: World) -> None:
    made = await world.client.post("/v1/keys", json={"name": "backend", "scopes": ["sessions:read"]})
    assert made.status_code == 201
    bearer = {"authorization": f"Bearer {made.json()['secret']}"}
    assert (await world.client.get("/v1/sessions", headers=bearer)).status_code == 200
    assert (await world.client.get("/v1/keys", headers=bearer)).status_code == 403
    listed = (await world.client.get("/v1/keys")).json()
    assert [key["name"] for key in listed] == ["admin", "backend"]
    assert "secret" not in listed[1]
    assert (await world.client.delete(f"/v1/keys/{made.json()['id']}")).json()["revoked_at"] is not None
    assert (await world.client.get("/v1/sessions", headers=bearer)).status_code == 401
    unknown = await world.client.post("/v1/keys", json={"name": "x", "scopes": ["everything"]})
    assert unknown.status_code == 422
    assert "sessions:write" in unknown.json()["detail"]
