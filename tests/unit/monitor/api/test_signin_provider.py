"""Signing in to the console at an OpenID provider, one that is honest and one that is not."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from monitor.api.signin import SIGNED_IN, STEPPED_UP
from monitor.api.signin_provider import PROVISIONED
from monitor.openid import OpenIdProvider
from protocols.openid import Client
from registry.registry import Registry
from tests.servers.openid_provider import CLIENT, SECRET, OpenIdServer
from tests.unit.monitor.api.browser import Browser, browser
from tests.unit.monitor.api.world import World, build

ROLES = {"admin": frozenset({"admins"}), "moderator": frozenset({"moderators"})}


def provider(server: OpenIdServer, name: str = "corp", **changes: Any) -> OpenIdProvider:
    client = Client(issuer=server.issuer, client_id=CLIENT, roles=ROLES)
    return OpenIdProvider(name=name, label="Corp", client=replace(client, **changes), secret=SECRET)


@pytest.fixture
async def corp() -> AsyncIterator[OpenIdServer]:
    server = OpenIdServer()
    async with server.web:
        yield server


@pytest.fixture
async def world(tmp_path: Path, registry: Registry, corp: OpenIdServer) -> AsyncIterator[World]:
    made = await build(tmp_path, registry, sign_in=(provider(corp),), clock=lambda: datetime.now(UTC) + corp.ahead)
    async with made.client:
        yield made


async def sent_to(visiting: Browser, path: str = "/v1/sign-in/provider/corp") -> str:
    begun = await visiting.ask("POST", path)
    assert begun.status_code == 200, begun.text
    return str(begun.json()["url"])


async def back_from(url: str) -> dict[str, str]:
    """Follow the browser to the provider; what it comes back with."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(url)
    assert answer.status_code == 303, answer.text
    back = urlsplit(answer.headers["location"])
    assert (back.netloc, back.path) == ("localhost:8470", "/console/provider/corp")
    return {name: values[0] for name, values in parse_qs(back.query).items()}


async def enters(visiting: Browser) -> httpx.Response:
    back = await back_from(await sent_to(visiting))
    answer = await visiting.ask("POST", "/v1/sign-in/provider/corp/answer", back)
    if answer.is_success:
        visiting.csrf = answer.json()["csrf"]
    return answer


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


async def kinds(world: World) -> list[str]:
    return [entry.kind for entry in await world.registry.ledger.read() if entry.kind.startswith("account.")]


async def test_whom_the_provider_names_has_an_account_with_the_role_of_its_groups(
    world: World, corp: OpenIdServer
) -> None:
    visiting = browser(world)
    methods = (await visiting.ask("GET", "/v1/sign-in/methods")).json()
    assert methods["providers"] == [{"name": "corp", "label": "Corp"}]
    entered = await enters(visiting)
    assert entered.status_code == 200, entered.text
    account = entered.json()["account"]
    assert (account["role"], account["issuer"], entered.json()["method"]) == ("moderator", corp.issuer, "openid")
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert (await visiting.ask("GET", "/v1/cases")).status_code == 200
    assert (await visiting.ask("GET", "/v1/accounts")).status_code == 403
    assert (await kinds(world))[:3] == [PROVISIONED, SIGNED_IN, "account.viewed"]
    again = await enters(browser(world))
    assert again.json()["account"]["id"] == account["id"]
    asked = corp.asked[0]
    assert (asked["code_challenge_method"], len(asked["code_challenge"]), len(asked["nonce"])) == ("S256", 43, 43)


async def test_of_the_person_nothing_is_kept(world: World, corp: OpenIdServer, tmp_path: Path) -> None:
    assert (await enters(browser(world))).status_code == 200
    kept = await asyncio.to_thread(everything_in, tmp_path)
    assert corp.issuer.encode() in kept
    for personal in (b"Hoshiko", b"hoshiko@id.example", corp.subject.encode()):
        assert personal not in kept


async def test_who_is_somebody_else_at_the_same_address_of_mail_has_another_account(
    world: World, corp: OpenIdServer
) -> None:
    first = (await enters(browser(world))).json()["account"]["id"]
    corp.subject = "c3a7d1e2"
    assert (await enters(browser(world))).json()["account"]["id"] != first


async def test_a_role_is_taken_from_the_provider_each_time_and_from_nowhere_else(
    world: World, corp: OpenIdServer
) -> None:
    visiting = browser(world)
    account = (await enters(visiting)).json()["account"]["id"]
    refused = await world.client.patch(f"/v1/accounts/{account}", json={"role": "admin"})
    assert (refused.status_code, corp.issuer in refused.json()["detail"]) == (422, True)
    assert (await world.client.post(f"/v1/accounts/{account}/invitations")).status_code == 409
    corp.groups = ["moderators", "admins"]
    assert (await enters(browser(world))).json()["account"]["role"] == "admin"
    corp.groups = ["readers"]
    refused = await enters(browser(world))
    assert (refused.status_code, "stands for a role" in refused.json()["detail"]) == (403, True)
    assert (await visiting.ask("GET", "/v1/sessions")).status_code == 401  # signed out everywhere
    assert "account.changed" in await kinds(world)


async def test_an_account_that_is_suspended_here_is_not_let_in(world: World) -> None:
    visiting = browser(world)
    account = (await enters(visiting)).json()["account"]["id"]
    await world.client.patch(f"/v1/accounts/{account}", json={"state": "suspended"})
    assert (await visiting.ask("GET", "/v1/sessions")).status_code == 401
    refused = await enters(visiting)
    assert (refused.status_code, "suspended" in refused.json()["detail"]) == (403, True)


async def test_an_id_token_that_is_not_for_us_now_signs_nobody_in(world: World, corp: OpenIdServer) -> None:
    wrong: list[dict[str, Any]] = [
        {"nonce": "of-another-question"},
        {"aud": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ]
    visiting, said = browser(world), []
    for corp.claims in wrong:
        refused = await enters(visiting)
        assert refused.status_code == 422, refused.text
        said.append(refused.json()["detail"])
    assert all(
        words in text for words, text in zip(("another question", "client", "issuer", "too old"), said, strict=True)
    )
    corp.claims = {}
    for corp.algorithm in ("none", "HS256"):  # which anybody can sign by
        assert "No key of the provider" in (await enters(visiting)).json()["detail"]
    assert (await visiting.ask("GET", "/v1/sign-in")).status_code == 401
    assert await world.registry.accounts.list() == ()


async def test_a_key_that_was_rotated_is_fetched_and_the_one_before_counts_no_more(
    world: World, corp: OpenIdServer
) -> None:
    assert (await enters(browser(world))).status_code == 200
    old = corp.key
    corp.rotate()
    assert (await enters(browser(world))).status_code == 422  # asked for a moment ago
    corp.ahead = timedelta(seconds=31)
    assert (await enters(browser(world))).status_code == 200
    corp.key = old
    assert (await enters(browser(world))).status_code == 422


async def test_an_answer_of_another_provider_is_not_taken_for_this_ones(world: World, corp: OpenIdServer) -> None:
    corp.answer = {"iss": "https://evil.example"}
    refused = await enters(browser(world))
    assert (refused.status_code, "another provider" in refused.json()["detail"]) == (422, True)
    corp.answer = {"iss": None}  # it says that it names itself
    assert (await enters(browser(world))).status_code == 422


async def test_an_answer_counts_once_and_in_the_browser_that_asked(world: World) -> None:
    asking, other = browser(world), browser(world)
    back = await back_from(await sent_to(asking))
    await sent_to(other)
    for body in (back, back | {"state": "cer_unknown"}):
        assert (await other.ask("POST", "/v1/sign-in/provider/corp/answer", body)).status_code == 404
    assert (await browser(world).ask("POST", "/v1/sign-in/provider/corp/answer", back)).status_code == 404
    back = await back_from(await sent_to(asking))
    assert (await asking.ask("POST", "/v1/sign-in/provider/corp/answer", back)).status_code == 200
    assert (await asking.ask("POST", "/v1/sign-in/provider/corp/answer", back)).status_code == 404


async def test_a_code_that_was_made_for_another_question_is_not_taken(world: World) -> None:
    visiting, other = browser(world), browser(world)
    stolen = (await back_from(await sent_to(other)))["code"]
    back = await back_from(await sent_to(visiting))
    refused = await visiting.ask("POST", "/v1/sign-in/provider/corp/answer", back | {"code": stolen})
    assert (refused.status_code, "does not take this code" in refused.json()["detail"]) == (422, True)
    back = await back_from(await sent_to(visiting))
    assert (await visiting.ask("POST", "/v1/sign-in/provider/corp/answer", back | {"code": ""})).status_code == 422


async def test_another_sites_page_cannot_begin_nor_end_it(world: World) -> None:
    for path in ("/v1/sign-in/provider/corp", "/v1/sign-in/provider/corp/answer"):
        body = {"state": "s", "code": "c"}
        assert (await browser(world).ask("POST", path, body, origin="https://evil.example")).status_code == 403


async def test_a_provider_that_is_down_is_said_once_and_a_passkey_still_signs_in(
    world: World, corp: OpenIdServer
) -> None:
    corp.down = True
    refused = await browser(world).ask("POST", "/v1/sign-in/provider/corp")
    assert refused.status_code == 502
    assert refused.json()["detail"].startswith("Corp does not answer now (it answers 502); try again")
    assert (await browser(world).ask("POST", "/v1/sign-in/passkey")).status_code == 200
    assert (await browser(world).ask("POST", "/v1/sign-in/provider/none")).status_code == 404


async def test_metadata_that_is_not_the_providers_is_not_used(world: World, corp: OpenIdServer) -> None:
    for corp.metadata in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}):
        assert (await browser(world).ask("POST", "/v1/sign-in/provider/corp")).status_code == 422


async def test_what_hurts_asks_the_provider_for_the_person_once_more(world: World, corp: OpenIdServer) -> None:
    corp.groups, visiting = ["admins"], browser(world)
    corp.signed_in_at -= 3600
    entered = await enters(visiting)
    assert entered.json()["fresh_until"] is None  # signed in there an hour ago
    key = {"name": "x", "scopes": ["sessions:read"]}
    assert (await visiting.ask("POST", "/v1/keys", key)).json()["type"].endswith("step-up")
    back = await back_from(await sent_to(visiting, "/v1/sign-in/step-up/provider"))
    assert (corp.asked[-1]["max_age"], corp.asked[-1]["prompt"]) == ("0", "login")
    stepped = await visiting.ask("POST", "/v1/sign-in/step-up/provider/answer", back)
    assert stepped.json()["fresh_until"] is not None, stepped.text
    assert STEPPED_UP in await kinds(world)
    assert (await visiting.ask("POST", "/v1/keys", key)).status_code == 201


async def test_a_provider_that_did_not_ask_again_or_names_another_steps_nobody_up(
    world: World, corp: OpenIdServer
) -> None:
    visiting = browser(world)
    await enters(visiting)
    old = int(datetime.now(UTC).timestamp()) - 3600
    for claims, status in (({"auth_time": old}, 422), ({"auth_time": None}, 422), ({"sub": "somebody-else"}, 403)):
        corp.claims = claims
        back = await back_from(await sent_to(visiting, "/v1/sign-in/step-up/provider"))
        answer = await visiting.ask("POST", "/v1/sign-in/step-up/provider/answer", back)
        assert answer.status_code == status, answer.text
    corp.claims = {}
    back = await back_from(await sent_to(visiting))  # to sign in is not to step up
    assert (await visiting.ask("POST", "/v1/sign-in/step-up/provider/answer", back)).status_code == 404


async def test_how_the_person_must_have_been_asked_is_insisted_on(
    registry: Registry, tmp_path: Path, corp: OpenIdServer
) -> None:
    strict = await build(
        tmp_path,
        registry,
        sign_in=(provider(corp, acr_values=("phr",)),),
        clock=lambda: datetime.now(UTC),
    )
    assert (await enters(browser(strict))).status_code == 422
    assert corp.asked[-1]["acr_values"] == "phr"
    corp.claims = {"acr": "phr"}
    assert (await enters(browser(strict))).status_code == 200
    await strict.client.aclose()


async def test_who_signs_out_is_told_where_to_sign_out_of_the_provider(world: World, corp: OpenIdServer) -> None:
    visiting = browser(world)
    await enters(visiting)
    out = (await visiting.ask("DELETE", "/v1/sign-in")).json()["provider"]
    assert out.startswith(f"{corp.issuer}/logout?client_id={CLIENT}&post_logout_redirect_uri=http")
    assert (await visiting.ask("GET", "/v1/sign-in")).status_code == 401
    entered = await world.registry.ledger.read(kind=SIGNED_IN)
    assert json.loads(entered[0].body)["provider"] == "corp"
