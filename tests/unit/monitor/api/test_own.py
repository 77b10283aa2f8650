"""What operators ask for themselves, over HTTP; the browser's part is played by an authenticator of our own."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from monitor.api import own
from monitor.api.own_token import LASTS, OwnTokens
from protocols.backend import ChallengeView, OwnChallenge, OwnSession, SessionStatus, SourceView
from protocols.gesture import Gesture
from protocols.ladder import Rung
from protocols.session import SessionState, SourceKind
from registry.operator import Operator
from tests.servers.authenticator import Authenticator
from tests.unit.monitor.api.world import NOW, World

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ORIGIN = {"origin": "http://localhost:8470", "sec-fetch-site": "same-origin"}


@pytest.fixture
async def page(world: World) -> Any:
    """A browser without an API key, that keeps cookies."""
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=ORIGIN) as client:
        yield client


async def registered(world: World) -> Authenticator:
    device = Authenticator()
    code = (await world.client.post(f"/v1/operators/{world.operator}/invitations")).json()["code"]
    begun = (await world.client.post("/v1/passkeys/registrations", json={"code": code})).json()
    body = {"credential": device.create(begun["options"])}
    answer = await world.client.post(f"/v1/passkeys/registrations/{begun['ceremony']}", json=body)
    assert answer.status_code == 201, answer.text
    return device


async def sign_in(page: httpx.AsyncClient, device: Authenticator, **more: Any) -> httpx.Response:
    begun = (await page.post("/v1/own/sign-ins")).json()
    body = {"credential": device.get(begun["options"]), **more}
    return await page.post(f"/v1/own/sign-ins/{begun['ceremony']}", json=body)


async def test_an_operator_signs_in_with_a_passkey_and_the_key_of_the_browser(
    world: World, page: httpx.AsyncClient
) -> None:
    session = await world.attached()
    device = await registered(world)
    answer = await sign_in(page, device, device_key=KEY)
    assert answer.status_code == 201, answer.text
    assert answer.json()["operator"] == world.operator
    (listed,) = answer.json()["sessions"]
    assert (listed["id"], listed["avatar"], listed["rung"], listed["here"]) == (
        session["id"],
        "Hoshi",
        "watching",
        False,
    )
    assert KEY in (await world.client.get(f"/v1/operators/{world.operator}")).json()["device_keys"]
    assert (await page.get("/v1/own")).json() == answer.json()
    assert (await page.get(f"/v1/own/sessions/{session['id']}")).json() == listed
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/v1/own"))
    assert (await sign_in(page, device, device_key=KEY)).status_code == 201


async def test_only_streams_of_ones_own_roster_that_are_on_are_shown(world: World, page: httpx.AsyncClient) -> None:
    await sign_in(page, await registered(world))
    other = await world.registry.operators.enrol(
        pseudonym="c0de", issuer="id.example", assurance="high", verified_at=NOW, at=NOW
    )
    theirs = await world.attached(operators=[other.id])
    over = await world.attached()
    await world.client.delete(f"/v1/sessions/{over['id']}")
    assert (await page.get("/v1/own")).json()["sessions"] == []
    assert (await page.get(f"/v1/own/sessions/{theirs['id']}")).status_code == 404
    assert (await page.get("/v1/own/sessions/ses_none")).status_code == 404


async def test_nobody_is_signed_in_without_a_cookie_that_holds(world: World, page: httpx.AsyncClient) -> None:
    assert (await page.get("/v1/own")).status_code == 401
    for token in ("", "x", "x.y", "é.é", "A" * 600, "Zm9v.Zm9v", OwnTokens().token("op", "pk", now=NOW)):
        cookie = f"nakanohito_operator={token}".encode()
        assert (await page.get("/v1/own", headers=[("cookie", cookie)])).status_code == 401


async def test_a_sign_in_ends_with_its_time_its_passkey_and_its_operator(world: World, page: httpx.AsyncClient) -> None:
    device = await registered(world)
    await sign_in(page, device)
    (passkey,) = await world.registry.passkeys.of(world.operator)
    tokens = world.service.own_tokens
    token = tokens.token(world.operator, passkey.id, now=NOW)
    assert tokens.read(token, now=NOW + LASTS - timedelta(seconds=1)) is not None
    assert tokens.read(token, now=NOW + LASTS) is None
    await world.client.post(f"/v1/operators/{world.operator}/passkeys/{passkey.id}/revoke")
    assert (await page.get("/v1/own")).status_code == 401


async def test_a_revoked_operator_sees_nothing(world: World, page: httpx.AsyncClient) -> None:
    device = await registered(world)
    await sign_in(page, device)
    await world.client.post(f"/v1/operators/{world.operator}/revoke")
    assert (await page.get("/v1/own")).status_code == 403
    assert (await sign_in(page, device)).status_code == 403


async def test_a_passkey_that_is_no_operators_signs_nobody_in(world: World, page: httpx.AsyncClient) -> None:
    _, code = await world.registry.passkeys.invite("acc_somebody", at=NOW)
    device = Authenticator()
    begun = (await world.client.post("/v1/passkeys/registrations", json={"code": code})).json()
    body = {"credential": device.create(begun["options"])}
    await world.client.post(f"/v1/passkeys/registrations/{begun['ceremony']}", json=body)
    assert (await sign_in(page, device)).status_code == 403


async def test_a_browser_that_is_another_operators_is_not_taken(world: World, page: httpx.AsyncClient) -> None:
    other: Operator = await world.registry.operators.enrol(
        pseudonym="c0de", issuer="id.example", assurance="high", verified_at=NOW, device_keys=[bytes(31) + b"1"], at=NOW
    )
    answer = await sign_in(page, await registered(world), device_key="A" * 41 + "DE=")
    assert (answer.status_code, other.id in answer.text) == (409, False)


async def test_signing_out_takes_the_cookie_away(world: World, page: httpx.AsyncClient) -> None:
    await sign_in(page, await registered(world))
    assert (await page.delete("/v1/own/sign-ins")).status_code == 204
    assert (await page.get("/v1/own")).status_code == 401


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
async def test_another_sites_page_is_refused(page: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await page.post("/v1/own/sign-ins", headers=headers)).status_code == 403


def test_why_it_climbed_and_what_is_asked_are_told_in_words(world: World) -> None:
    status = SessionStatus(
        id="ses_1",
        state=SessionState.LIVE,
        source=SourceView(kind=SourceKind.WHIP),
        avatar="av_1",
        operators=[],
        policy="standard@1",
        epoch=1,
        account="",
        attached_at=NOW,
        at=33.0,
        rung=Rung.GRACE,
        cause="presence",
        challenge=ChallengeView(id="chl_1", gesture=Gesture.NOD, asked_at=31.5, within=8.0),
    )
    assert own._challenge(status) == OwnChallenge(id="chl_1", gesture=Gesture.NOD, ends_in=6.5)
    assert own._challenge(status.model_copy(update={"at": 40.0})) is None
    reason = own._reason(status)
    assert reason is not None
    assert reason.en.startswith("The stream will be cut unless this is mended now: no operator")
    assert own._reason(status.model_copy(update={"rung": Rung.WATCHING})) is None


def test_an_operator_is_shown_no_score() -> None:
    told = set(OwnSession.model_fields)
    assert told == {
        *("id", "avatar", "stream", "state", "attached_at", "rung", "cause", "rung_ends_in", "held"),
        *("here", "colleagues", "reason", "challenge"),
    }


async def test_an_operator_reads_who_looked_and_takes_their_data_along(world: World, page: httpx.AsyncClient) -> None:
    assert (await page.get("/v1/own/accesses")).status_code == 401
    await sign_in(page, await registered(world))
    await world.client.get(f"/v1/operators/{world.operator}")
    (access,) = (await page.get("/v1/own/accesses")).json()["items"]
    assert (access["what"], access["by"][:4]) == ("operator", "key_")
    exported = (await page.get("/v1/own/export")).json()
    assert (exported["operator"]["id"], len(exported["passkeys"])) == (world.operator, 1)
    assert exported["accesses"] == [access]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/own/sign-ins", {}),
        ("/v1/passkeys/registrations", {"code": "no such code"}),
        ("/v1/shifts", {"operator": "op_0", "session": "ses_0", "channel_key": KEY}),
    ],
)
async def test_whoever_begins_too_often_has_to_wait(page: httpx.AsyncClient, path: str, body: dict[str, str]) -> None:
    answers = [await page.post(path, json=body) for _ in range(25)]
    assert 429 not in {answer.status_code for answer in answers[:20]}
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"]


async def test_what_is_lost_is_let_go_by_its_operator_but_for_the_last_passkey(
    world: World, page: httpx.AsyncClient
) -> None:
    device = await registered(world)
    signed_in = (await sign_in(page, device, device_key=KEY)).json()
    assert signed_in["verify_within_s"] is None
    keys = (await page.get("/v1/own/keys")).json()
    assert [one["device_key"] for one in keys["devices"]][-1] == KEY
    lost = keys["devices"][0]["device_key"]
    left = await page.post("/v1/own/keys/devices/remove", json={"device_key": lost})
    assert [one["device_key"] for one in left.json()["devices"]] == [KEY]
    (passkey,) = left.json()["passkeys"]
    last = await page.post(f"/v1/own/keys/passkeys/{passkey['id']}/revoke")
    assert (last.status_code, last.json()["detail"][:29]) == (409, "This is your last passkey; as")
    await registered(world)
    gone = await page.post(f"/v1/own/keys/passkeys/{passkey['id']}/revoke")
    assert [one["id"] == passkey["id"] for one in gone.json()["passkeys"]] == [False]
    assert (await page.get("/v1/own/keys")).status_code == 401  # signed in by it no more


async def test_the_page_says_when_to_be_verified_anew(world: World, page: httpx.AsyncClient) -> None:
    device = await registered(world)
    await world.registry.policies.put("standard", {"operator": {"remind_days": 365}}, at=NOW)
    answer = await sign_in(page, device)
    assert 0 < answer.json()["verify_within_s"] <= 183 * 86_400
