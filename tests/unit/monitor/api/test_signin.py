"""Signing in to the console, and what keeps others out."""

import json

import pytest

from monitor.api.signin import REGISTERED, SIGNED_IN, SIGNED_OUT, STEPPED_UP
from monitor.api.trail import ACTED, VIEWED
from registry.apikey import Scope
from tests.servers.authenticator import Authenticator
from tests.unit.monitor.api.browser import browser, invited, signed_in
from tests.unit.monitor.api.world import World


async def test_who_is_invited_registers_a_passkey_and_is_signed_in_from_then_on_by_it(world: World) -> None:
    made = await invited(world, "moderator")
    assert made["link"].startswith("http://localhost:8470/console/invitation#")
    visiting = browser(world)
    welcome = await visiting.ask("POST", "/v1/sign-in/invitation", {"code": made["link"].partition("#")[2]})
    assert (welcome.json()["name"], welcome.json()["role"]) == ("the-moderator", "moderator")
    first = await visiting.accept(made["link"])
    assert first.status_code == 200, first.text
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await visiting.ask("GET", "/v1/sign-in")).json()["account"]["id"] == made["id"]
    assert (await visiting.ask("GET", "/v1/sessions")).status_code == 200
    assert (await visiting.ask("DELETE", "/v1/sign-in")).json() == {"provider": None}
    assert (await visiting.ask("GET", "/v1/sign-in")).status_code == 401
    again = await visiting.sign_in()
    assert again.json()["account"]["id"] == made["id"]
    assert again.json()["fresh_until"] is not None
    stepped = await visiting.step_up()
    assert stepped.json()["account"]["id"] == made["id"], stepped.text
    kinds = [entry.kind for entry in await world.registry.ledger.read() if entry.kind.startswith("account.")]
    assert kinds == ["account.invited", REGISTERED, SIGNED_IN, VIEWED, SIGNED_OUT, SIGNED_IN, STEPPED_UP]


async def test_a_link_is_good_once(world: World) -> None:
    link = (await invited(world, "viewer"))["link"]
    assert (await browser(world).accept(link)).status_code == 200
    assert (await browser(world).accept(link)).status_code == 404


async def test_over_tls_the_cookie_is_for_tls_alone(world: World) -> None:
    visiting = browser(world)
    code = (await invited(world, "viewer"))["link"].partition("#")[2]
    begun = (await visiting.ask("POST", "/v1/sign-in/invitation", {"code": code})).json()
    answer = {"ceremony": begun["ceremony"], "credential": visiting.device.create(begun["options"])}
    made = await visiting.ask("POST", "/v1/sign-in/invitation/answer", answer, origin="https://localhost:8470")
    assert made.headers["set-cookie"].startswith("__Host-nakanohito=")
    assert "Secure" in made.headers["set-cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": ""},
        {"x_csrf_token": ""},
        {"x_csrf_token": "0" * 64},
    ],
)
async def test_another_sites_page_changes_nothing(world: World, headers: dict[str, str]) -> None:
    visiting = await signed_in(world, "admin")
    forged = await visiting.ask("POST", "/v1/keys", {"name": "x", "scopes": ["admin"]}, **headers)
    assert forged.status_code == 403
    assert "own page" in forged.json()["detail"]
    assert len(await world.registry.keys.list()) == 1


async def test_another_sites_page_cannot_sign_in_either(world: World) -> None:
    answer = await browser(world).ask("POST", "/v1/sign-in/passkey", origin="https://evil.example")
    assert answer.status_code == 403


async def test_a_role_allows_what_it_says_and_no_more(world: World) -> None:
    expected = {
        "viewer": (200, 200, 403, 403, 403),
        "moderator": (200, 200, 403, 403, 403),
        "senior": (200, 200, 200, 403, 403),
        "auditor": (200, 200, 403, 200, 403),
        "admin": (200, 200, 200, 200, 200),
    }
    paths = ("/v1/sessions", "/v1/wall", "/v1/reviews", "/v1/ledger/key", "/v1/accounts")
    for role, statuses in expected.items():
        visiting = await signed_in(world, role)
        assert tuple([(await visiting.ask("GET", path)).status_code for path in paths]) == statuses, role


async def test_an_operators_passkey_signs_nobody_in(world: World) -> None:
    code = (await world.client.post(f"/v1/operators/{world.operator}/invitations")).json()["code"]
    visiting = browser(world)
    assert (await visiting.ask("POST", "/v1/sign-in/invitation", {"code": code})).status_code == 403
    begun = (await world.client.post("/v1/passkeys/registrations", json={"code": code})).json()
    body = {"credential": visiting.device.create(begun["options"])}
    assert (await world.client.post(f"/v1/passkeys/registrations/{begun['ceremony']}", json=body)).status_code == 201
    refused = await visiting.sign_in()
    assert (refused.status_code, "no account" in refused.json()["detail"]) == (403, True)


async def test_a_passkey_that_is_not_known_signs_nobody_in(world: World) -> None:
    visiting = browser(world)
    visiting.device = Authenticator()
    assert (await visiting.sign_in()).status_code == 422


async def test_one_sign_in_cannot_step_up_for_another(world: World) -> None:
    visiting = await signed_in(world, "senior")
    begun = (await visiting.ask("POST", "/v1/sign-in/step-up")).json()
    answer = {"ceremony": begun["ceremony"], "credential": visiting.device.get(begun["options"])}
    await visiting.ask("DELETE", "/v1/sign-in")
    await visiting.sign_in()
    assert (await visiting.ask("POST", "/v1/sign-in/step-up/answer", answer)).status_code == 403


async def test_who_tries_too_often_has_to_wait(world: World) -> None:
    visiting = browser(world)
    answers = [await visiting.ask("POST", "/v1/sign-in/passkey") for _ in range(22)]
    assert {answer.status_code for answer in answers[:20]} == {200}
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"]


async def test_what_an_account_looks_at_and_does_is_in_the_ledger_first(world: World) -> None:
    visiting = await signed_in(world, "admin")
    who = (await visiting.ask("GET", "/v1/sign-in")).json()["account"]["id"]
    for _ in range(3):
        await visiting.ask("GET", f"/v1/avatars/{world.avatar}")
    await visiting.ask("POST", f"/v1/operators/{world.operator}/revoke")
    viewed = await world.registry.ledger.read(kind=VIEWED)
    assert [(entry.subject, json.loads(entry.body)["account"]) for entry in viewed] == [(world.avatar, who)]
    [acted] = await world.registry.ledger.read(kind=ACTED)
    body = json.loads(acted.body)
    assert (body["operation"], body["of"]) == ("operators-revoke", {"operator": world.operator})


async def test_an_account_that_is_suspended_is_out_at_once(world: World) -> None:
    visiting = await signed_in(world, "viewer")
    me = (await visiting.ask("GET", "/v1/sign-in")).json()["account"]["id"]
    changed = await world.client.patch(f"/v1/accounts/{me}", json={"state": "suspended"})
    assert changed.json()["state"] == "suspended"
    assert (await visiting.ask("GET", "/v1/sessions")).status_code == 401
    assert (await visiting.sign_in()).status_code == 403
    assert (await world.client.post(f"/v1/accounts/{me}/invitations")).status_code == 409
    await world.client.patch(f"/v1/accounts/{me}", json={"state": "active", "role": "senior"})
    assert (await visiting.sign_in()).json()["account"]["role"] == "senior"


async def test_the_last_administrator_stays(world: World) -> None:
    visiting = await signed_in(world, "admin")
    me = (await visiting.ask("GET", "/v1/sign-in")).json()["account"]["id"]
    refused = await visiting.ask("PATCH", f"/v1/accounts/{me}", {"role": "viewer"})
    assert refused.status_code == 422
    assert "last active administrator" in refused.json()["detail"]


async def test_a_handle_is_taken_once_however_it_is_written(world: World) -> None:
    await invited(world, "viewer", "Mod-7")
    again = await world.client.post("/v1/accounts", json={"name": "ｍｏｄ-7", "role": "viewer"})
    assert again.status_code == 409


async def test_how_one_signs_in_is_told_to_everybody(world: World) -> None:
    found = (await browser(world).ask("GET", "/v1/sign-in/methods")).json()
    assert found == {"passkey_at": "http://localhost:8470", "providers": []}


async def test_what_an_account_posts_twice_is_done_once(world: World) -> None:
    visiting = await signed_in(world, "admin")
    answers = [
        await visiting.ask("POST", "/v1/keys", {"name": "x", "scopes": ["sessions:read"]}, idempotency_key="once")
        for _ in range(2)
    ]
    assert answers[0].json()["secret"] == answers[1].json()["secret"]


async def test_who_may_read_cases_reads_the_handles_of_whoever_decided_them(world: World) -> None:
    made = await world.client.post("/v1/accounts", json={"name": "shiro", "role": "moderator"})
    reader = await world.key(Scope.CASES_READ)
    found = (await world.client.get("/v1/accounts/handles", headers=reader)).json()
    assert found == {made.json()["id"]: "shiro"}
    stranger = await world.key(Scope.CUTS_READ)
    assert (await world.client.get("/v1/accounts/handles", headers=stranger)).status_code == 403
