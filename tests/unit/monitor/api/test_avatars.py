"""An avatar's life over the API: registered, reviewed, consented to, protected, purged."""

from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from monitor.observers.likeness.enrolment import PictureRefused, vectors_of
from monitor.observers.likeness.sight import Sight
from protocols.avatar import AvatarState
from protocols.purge import PurgeProof
from registry.apikey import Scope
from registry.avatar import Submission
from registry.reference import Reference
from registry.registry import Registry
from registry.state import AssetKind
from samples.studio.portrait import portraits
from tests.unit.monitor.api.world import NOW, World, build

CONSENT = {
    "subject": "person-17",
    "purpose": "live streaming",
    "scope": "this platform",
    "obtained_at": "2026-10-30T09:00:00Z",
}
WHY = {"reason": "complaint 2214"}


@pytest.fixture(scope="module")
def sight() -> Sight:
    return Sight.load()


@pytest.fixture(scope="module")
def pictures(sight: Sight, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """Of each avatar pictures that are fit to register with."""
    fit: dict[str, list[bytes]] = {}
    for name in ("nia", "kon"):
        for path in portraits(name, tmp_path_factory.mktemp(name)):
            with suppress(PictureRefused):
                vectors_of([path], sight)
                fit.setdefault(name, []).append(path.read_bytes())
    return fit


@pytest.fixture
async def seeing(tmp_path: Path, registry: Registry, sight: Sight) -> Any:
    world = await build(tmp_path, registry, sight=sight)
    async with world.client:
        yield world


async def send(world: World, pictures: list[bytes], path: str = "/v1/avatars", **form: Any) -> httpx.Response:
    files = [("pictures", (f"{n}.jpg", picture)) for n, picture in enumerate(pictures)]
    return await world.client.post(path, data=form, files=files or None)


async def register(world: World, pictures: list[bytes], path: str = "/v1/avatars", **form: Any) -> dict[str, Any]:
    answer = await send(world, pictures, path, **form)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def post(world: World, path: str, document: Any = WHY, status: int = 200) -> dict[str, Any]:
    answer = await world.client.post(path, json=document)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_what_is_too_like_another_is_reviewed_side_by_side(
    seeing: World, pictures: dict[str, list[bytes]]
) -> None:
    nia = await register(seeing, pictures["nia"][:3], name="Nia", owner="studio", aliases=["妮娅", "Nia 2"])
    assert (nia["state"], nia["conflicts"], nia["aliases"], nia["barred"]) == ("active", [], ["Nia 2", "妮娅"], None)
    kon = await register(seeing, pictures["kon"][:3], name="Kon", owner="studio")
    assert kon["state"] == "active"
    thief = await register(seeing, pictures["nia"][3:6], name="Nyx", owner="thief")
    assert (thief["state"], [one["other"] for one in thief["conflicts"]]) == ("review", [nia["id"]])
    refused = await seeing.client.post("/v1/sessions", json=seeing.wish(avatar=thief["id"]))
    assert (refused.status_code, "waits for a person's review" in refused.text) == (422, True)
    waiting = (await seeing.client.get("/v1/reviews")).json()["items"]
    assert [one["id"] for one in waiting] == [thief["id"]]
    review = (await seeing.client.get(f"/v1/reviews/{thief['id']}")).json()
    [pair] = review["conflicts"]
    assert (pair["other_name"], pair["other_owner"], pair["reason"]) == ("Nia", "studio", "likeness")
    assert pair["probability"] > 0.9
    for side in ("picture", "other_picture"):
        assert cv2.imdecode(np.frombuffer(b64decode(pair[side]), np.uint8), cv2.IMREAD_COLOR) is not None
    rejected = await post(seeing, f"/v1/reviews/{thief['id']}/reject")
    assert (rejected["state"], rejected["because"]) == ("revoked", WHY["reason"])
    await post(seeing, f"/v1/reviews/{thief['id']}/approve", status=409)
    assert (await seeing.client.get("/v1/reviews")).json()["items"] == []


async def in_review(world: World) -> str:
    """An avatar with the model file of another owner's, registered by the administrator's key."""
    admin, found = (await world.registry.keys.list())[0].id, []
    for number, owner in enumerate(("studio", "another")):
        reference = Reference(digest=bytes([40 + number]) * 32, vector=np.eye(8, dtype=np.float32)[number])
        submission = Submission(
            name=owner, owner=owner, references=[reference], model="m", assets=[(AssetKind.VRM, "ab" * 32)]
        )
        found.append(await world.registry.avatars.register(submission, by=admin, at=NOW))
    assert found[1].state is AvatarState.REVIEW
    return found[1].id


async def test_who_registered_an_avatar_does_not_approve_it(world: World) -> None:
    avatar = await in_review(world)
    refused = await world.client.post(f"/v1/reviews/{avatar}/approve", json=WHY)
    assert (refused.status_code, "keys create" in refused.json()["detail"]) == (409, True)
    reviewer = await world.key(Scope.AVATARS_REVIEW)
    approved = await world.client.post(f"/v1/reviews/{avatar}/approve", json=WHY, headers=reviewer)
    assert (approved.status_code, approved.json()["state"]) == (200, "active")


async def test_two_eyes_will_do_where_the_settings_say_so(tmp_path: Path, registry: Registry) -> None:
    world = await build(tmp_path, registry, avatars={"four_eyes": False})
    async with world.client:
        avatar = await in_review(world)
        assert (await post(world, f"/v1/reviews/{avatar}/approve"))["state"] == "active"


async def test_near_duplicates_of_one_owner_are_merged_on_purpose(
    seeing: World, pictures: dict[str, list[bytes]]
) -> None:
    first = await register(seeing, pictures["nia"][:2], name="Nia", owner="studio")
    second = await register(seeing, pictures["nia"][2:4], name="Nia in winter", owner="studio")
    assert second["state"] == "review"
    into = {"into": first["id"], **WHY}
    merged = await post(seeing, f"/v1/avatars/{second['id']}/merge", into)
    assert (merged["id"], merged["aliases"]) == (first["id"], ["Nia in winter"])
    assert len((await seeing.client.get(f"/v1/avatars/{first['id']}/pictures")).json()) == 4
    stranger = await register(seeing, pictures["kon"][:2], name="Kon", owner="another")
    await post(seeing, f"/v1/avatars/{stranger['id']}/merge", into, status=422)
    dressed = await send(seeing, pictures["nia"][4:6], f"/v1/avatars/{first['id']}/outfits", outfit="summer")
    assert (dressed.status_code, dressed.json()["outfits"]) == (200, ["default", "summer"])
    wrong = await send(seeing, pictures["nia"][6:8], f"/v1/avatars/{stranger['id']}/outfits", outfit="summer")
    assert (wrong.status_code, first["id"] in wrong.json()["detail"]) == (422, True)


async def test_a_withdrawn_consent_purges_with_a_proof(seeing: World, pictures: dict[str, list[bytes]]) -> None:
    files = pictures["nia"][:2]
    nia = await register(
        seeing, files, name="Nia", resembles_person="true", code="DH-1", valid_until="2030-01-01T00:00Z"
    )
    assert (nia["state"], nia["code"]) == ("approved", "DH-1")
    path = f"/v1/avatars/{nia['id']}"
    named = await seeing.client.post(f"{path}/consents", json={**CONSENT, "subject": "Ada Lovelace"})
    assert (named.status_code, "names of people are not kept" in named.text) == (422, True)
    consent = await post(seeing, f"{path}/consents", CONSENT, 201)
    assert (await seeing.client.get(path)).json()["state"] == "active"
    assert (await seeing.client.get(f"{path}/consents")).json() == [consent]
    shown = (await seeing.client.get(f"{path}/pictures")).json()
    picture = await seeing.client.get(f"{path}/pictures/{shown[0]['digest']}")
    assert (picture.status_code, picture.headers["content-type"], picture.content[:2]) == (
        200,
        "image/jpeg",
        b"\xff\xd8",
    )
    session = await seeing.attached(avatar=nia["id"])
    purge = await post(seeing, f"/v1/consents/{consent['id']}/withdraw")
    assert (purge["avatar"]["state"], len(purge["pictures"]), purge["vectors"]) == ("revoked", 2, 2)
    assert seeing.supervisor.removed[-1].keys() == {session["id"]}
    proof = PurgeProof(
        pictures=tuple(bytes.fromhex(one) for one in purge["pictures"]),
        vectors=purge["vectors"],
        vectors_commitment=bytes.fromhex(purge["vectors_commitment"]),
    )
    assert all(proof.covers(file, bytes.fromhex(purge["salt"])) for file in files)
    assert (await seeing.client.get(f"{path}/pictures")).json() == []
    assert (await seeing.client.get(f"{path}/pictures/{shown[0]['digest']}")).status_code == 404
    again = await register(seeing, files, name="Nia", code="DH-1")  # nothing is left that it could be too like
    assert again["state"] == "active"


async def test_a_protected_likeness_is_never_on_air_and_holds_back_who_is_like_it(
    seeing: World, pictures: dict[str, list[bytes]]
) -> None:
    protected = await register(seeing, pictures["nia"][:3], "/v1/protected", name="case-9", owner="agency")
    assert protected["role"] == "protected"
    refused = await seeing.client.post("/v1/sessions", json=seeing.wish(avatar=protected["id"]))
    assert (refused.status_code, "never be on air" in refused.text) == (422, True)
    nia = await register(seeing, pictures["nia"][3:5], name="Nia", owner="studio")
    assert [one["other_role"] for one in nia["conflicts"]] == ["protected"]
    listed = (await seeing.client.get("/v1/protected")).json()["items"]
    assert [one["id"] for one in listed] == [protected["id"]]
    assert (await seeing.client.get(f"/v1/protected/{nia['id']}")).status_code == 404
    released = await post(seeing, f"/v1/protected/{protected['id']}/release")
    assert released["avatar"]["state"] == "revoked"
    other = await register(seeing, pictures["nia"][5:7], name="Nea", owner="third")
    assert [one["other"] for one in other["conflicts"]] == [nia["id"]]


async def test_a_generic_look_makes_no_conflict(seeing: World, pictures: dict[str, list[bytes]]) -> None:
    stock = await register(seeing, pictures["nia"], "/v1/negatives", name="stock model 3", kind="look", owner="house")
    first = await register(seeing, pictures["nia"][:3], name="Nia", owner="house")
    second = await register(seeing, pictures["nia"][3:6], name="Nea", owner="house")
    assert (stock["role"], first["state"], second["state"]) == ("look", "active", "active")
    assert len((await seeing.client.get("/v1/negatives")).json()["items"]) == 1
    await post(seeing, f"/v1/negatives/{stock['id']}/release")
    third = await register(seeing, pictures["nia"][6:8], name="Nela", owner="house")
    assert third["state"] == "review"


async def test_a_background_needs_no_avatar_on_it(seeing: World) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    file = cv2.imencode(".png", cv2.blur(noise, (9, 9)))[1].tobytes()
    scene = await register(seeing, [file], "/v1/negatives", name="shelf", kind="scene")
    assert (scene["role"], scene["pictures"]) == ("scene", 1)
    assert (await send(seeing, [file], "/v1/negatives", name="shelf", kind="person")).status_code == 422
    assert (await seeing.client.get(f"/v1/negatives/{scene['id']}")).json()["id"] == scene["id"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "a\u202eb"}, "direction of text"),
        ({"name": "ok", "vrm_sha256": "12"}, "64 hexadecimal digits"),
        ({"name": "ok", "vtube_studio_model": "zz"}, "32 hexadecimal digits"),
        ({"name": "ok", "valid_until": "2020-01-01T00:00:00Z"}, "end in the future"),
        ({"name": "ok", "valid_until": "2030-01-01T00:00:00"}, "timezone"),
        ({"name": "ok", "policy": "none"}, "no policy none"),
    ],
)
async def test_one_wrong_value_is_one_clear_error_and_nothing_is_registered(
    seeing: World, pictures: dict[str, list[bytes]], form: dict[str, str], words: str
) -> None:
    answer = await send(seeing, pictures["kon"][:1], **form)
    assert answer.status_code in (404, 422)
    assert words in answer.json()["detail"]
    assert [one["name"] for one in (await seeing.client.get("/v1/avatars")).json()["items"]] == ["Hoshi"]


async def test_a_review_needs_its_scope_and_nothing_given_is_refused(world: World) -> None:
    writer = await world.key(Scope.AVATARS_WRITE, Scope.AVATARS_READ)
    assert (await world.client.get("/v1/reviews", headers=writer)).status_code == 403
    nothing = await world.client.post("/v1/avatars", data={"name": "x"})
    assert (nothing.status_code, "no pictures were given" in nothing.text) == (422, True)
    path = f"/v1/avatars/{world.avatar}"
    session = await world.attached()
    suspended = await post(world, f"{path}/suspend")
    assert suspended["because"] == WHY["reason"]
    assert world.supervisor.removed[-1] == {session["id"]: f"is suspended ({WHY['reason']})"}
    await post(world, f"{path}/reinstate")
    renewed = await post(world, f"{path}/renew", {"valid_until": "2030-01-01T00:00:00Z"})
    assert (renewed["state"], renewed["valid_until"]) == ("active", "2030-01-01T00:00:00Z")
