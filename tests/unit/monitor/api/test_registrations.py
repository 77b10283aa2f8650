from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.observers.likeness.enrolment import PictureRefused, vectors_of
from monitor.observers.likeness.sight import Sight
from registry.registry import Registry
from tests.unit.monitor.api.world import World, build

KEY = b64encode(bytes(range(32))).decode()
OPERATOR = {"issuer": "id.example", "pseudonym": "c3d4", "assurance": "high", "device_key": KEY}


async def test_an_operator_is_enrolled_listed_and_revoked(world: World) -> None:
    answer = await world.client.post("/v1/operators", json={**OPERATOR, "verified_at": "2026-11-01T10:00:00+08:00"})
    assert answer.status_code == 201
    operator = answer.json()
    assert answer.headers["location"] == f"/v1/operators/{operator['id']}"
    assert operator["verified_at"] == "2026-11-01T02:00:00Z"
    assert operator["device_keys"] == [KEY]
    listed = (await world.client.get("/v1/operators")).json()["items"]
    assert [one["id"] for one in listed] == [operator["id"], world.operator]
    second = b64encode(bytes(range(1, 33))).decode().replace("+", "-").replace("/", "_").rstrip("=")
    more = await world.client.post(f"/v1/operators/{operator['id']}/device-keys", json={"device_key": second})
    assert len(more.json()["device_keys"]) == 2
    revoked = await world.client.post(f"/v1/operators/{operator['id']}/revoke")
    assert revoked.json()["state"] == "revoked"
    refused = await world.client.post("/v1/sessions", json=world.wish(operators=[operator["id"]]))
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"device_key": "short"}, 422),
        ({"device_key": "!" * 43}, 422),
        ({"real_name": "somebody"}, 422),
        ({"verified_at": "2026-11-01T10:00:00"}, 422),
        ({"verified_at": 5}, 422),
        ({"pseudonym": "b2f6"}, 409),
        ({"device_key": b64encode(bytes(32)).decode()}, 409),
    ],
)
async def test_operators_that_cannot_be_enrolled(world: World, changes: dict[str, object], status: int) -> None:
    answer = await world.client.post("/v1/operators", json={**OPERATOR, **changes})
    assert answer.status_code == status, answer.text


async def test_policies_are_read_and_written_in_versions(world: World) -> None:
    names = [policy["id"] for policy in (await world.client.get("/v1/policies")).json()]
    assert names == ["brisk@1", "standard@1"]
    changed = await world.client.put("/v1/policies/standard", json={"watch": {"window_s": 5}})
    assert changed.json()["id"] == "standard@2"
    assert changed.json()["document"]["watch"]["window_s"] == 5
    assert changed.json()["document"]["fusion"]["human_at"] > 0
    same = await world.client.put("/v1/policies/standard", json={"watch": {"window_s": 5}})
    assert same.json()["id"] == "standard@2"
    assert (await world.client.get("/v1/policies/standard@1")).json()["document"]["watch"]["window_s"] == 10
    assert (await world.client.get("/v1/policies/none")).status_code == 404
    assert (await world.client.get("/v1/policies/standard@x")).status_code == 422


@pytest.mark.parametrize(
    ("name", "document", "words"),
    [
        ("standard", {"watch": {"window_s": True}}, "body.watch.window_s"),
        ("standard", {"watch": {"window_s": "5"}}, "body.watch.window_s"),
        ("standard", {"watch": {"window": 5}}, "body.watch.window"),
        ("standard", {"fusion": {"human_at": 1, "human_until": 2}}, "hysteresis|must end at or below"),
        ("standard", {"name": "other"}, "for the policy 'other'"),
        ("Standard", {}, "path.name"),
        ("standard", [], "body"),
    ],
)
async def test_policies_that_cannot_be_written(world: World, name: str, document: object, words: str) -> None:
    answer = await world.client.put(f"/v1/policies/{name}", json=document)
    assert answer.status_code == 422
    assert any(word in answer.text for word in words.split("|")), answer.text
    assert [policy["version"] for policy in (await world.client.get("/v1/policies")).json()] == [1, 1]


async def test_an_avatar_is_suspended_reinstated_and_revoked(world: World) -> None:
    path = f"/v1/avatars/{world.avatar}"
    assert (await world.client.get(path)).json()["state"] == "active"
    assert (await world.client.post(f"{path}/suspend")).json()["state"] == "suspended"
    assert (await world.client.post("/v1/sessions", json=world.wish())).status_code == 422
    assert (await world.client.post(f"{path}/reinstate")).json()["state"] == "active"
    assert (await world.client.post(f"{path}/revoke")).json()["state"] == "revoked"
    assert (await world.client.post(f"{path}/reinstate")).status_code == 409
    assert (await world.client.get("/v1/avatars", params={"state": "revoked"})).json()["items"][0]["name"] == "Hoshi"
    assert (await world.client.get("/v1/avatars", params={"owner": "nobody"})).json()["items"] == []
    assert (await world.client.get("/v1/avatars/av_none")).status_code == 404


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Portraits that are fit to register with; which ones are not is the observer's to say."""
    from samples.studio.portrait import portraits

    sight, fit = Sight.load(), []
    for path in portraits("nia", tmp_path_factory.mktemp("portraits")):
        with suppress(PictureRefused):
            vectors_of([path], sight)
            fit.append(path)
    assert len(fit) >= 3
    return fit[:3]


async def test_an_avatar_is_registered_from_pictures(tmp_path: Path, registry: Registry, pictures: list[Path]) -> None:
    world = await build(tmp_path, registry, sight=Sight.load())
    async with world.client as client:
        files = [("pictures", (path.name, path.read_bytes())) for path in pictures]
        form = {"name": "Nia", "owner": "house", "abilities": ["head", "mouth"]}
        answer = await client.post("/v1/avatars", data=form, files=files)
        assert answer.status_code == 201, answer.text
        avatar = answer.json()
        assert (avatar["pictures"], avatar["abilities"]) == (3, ["head", "mouth"])
        again = await client.post("/v1/avatars", data=form, files=files)
        assert (again.status_code, again.json()["other"]) == (409, avatar["id"])
        theirs = await client.post("/v1/avatars", data={**form, "owner": "other"}, files=files)
        assert (theirs.status_code, theirs.json()["other"]) == (409, avatar["id"])
        broken = await client.post(
            "/v1/avatars", data={"name": "x"}, files=[files[0], ("pictures", ("me.png", b"no picture"))]
        )
        assert broken.status_code == 422
        assert broken.json()["detail"].startswith("me.png: this is no JPEG")


async def test_forms_that_are_not_whole(world: World) -> None:
    assert (await world.client.post("/v1/avatars", data={"name": "x"})).status_code == 422
    assert (await world.client.post("/v1/avatars", json={"name": "x"})).status_code == 422
    files = [("pictures", ("a.png", b"x"))]
    assert (await world.client.post("/v1/avatars", files=files)).status_code == 422
    many = [("pictures", (f"{n}.png", b"x")) for n in range(65)]
    assert (await world.client.post("/v1/avatars", data={"name": "x"}, files=many)).status_code == 422
    head = {"content-type": "multipart/form-data; boundary=x"}
    for body in (b"--x\r\nbroken", b"", b"--y--"):
        assert (await world.client.post("/v1/avatars", content=body, headers=head)).status_code in {400, 422}
