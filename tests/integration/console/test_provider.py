"""Coming in by an OpenID provider: there and back, once more for what hurts, and out of both."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from monitor.openid import OpenIdProvider
from protocols.openid import Client
from tests.integration.console.stage import Stage, stage
from tests.servers.openid_provider import CLIENT, SECRET, OpenIdServer

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

CORP = OpenIdServer(groups=["admins"])
ROLES = {"admin": frozenset({"admins"})}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    client = Client(issuer=CORP.issuer, client_id=CLIENT, roles=ROLES)
    corp = OpenIdProvider(name="corp", label="Corp", client=client, secret=SECRET)
    folder = tmp_path_factory.mktemp("provider")
    async with CORP.web, stage(folder, "--disable-popup-blocking", sign_in=(corp,)) as made:
        yield made


async def test_who_comes_from_the_provider_is_where_they_wanted_to_be(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/accounts")
    await page.says("Sign in with Corp")
    await on_stage.flawless()
    CORP.signed_in_at -= 3600
    await page.press("Sign in with Corp")
    await page.says("Invite")
    assert await page.evaluate("location.pathname + location.search") == "/console/accounts"
    await page.says("corp-")


async def test_what_hurts_goes_on_once_the_provider_has_asked_again(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/accounts")
    await page.press("Invite")
    await page.fill("#name", "shiro")
    await page.press("senior")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("Your provider asks for you once more")
    assert await page.flaws() == []
    await page.press("Go to the provider")
    assert await page.until("document.querySelector('[data-link]')?.innerText")
    assert CORP.asked[-1]["prompt"] == "login"
    await page.press("Close")


async def test_who_signs_out_is_out_at_the_provider_too(on_stage: Stage) -> None:
    page = on_stage.page
    await page.press("Sign out")
    await page.says("Signed out of Corp")
    await page.open("/console/live")
    await page.says("Sign in with Corp")


async def test_an_answer_that_signs_nobody_in_is_said_in_words(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/provider/corp?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    await page.says("The provider has not signed you in")
    assert await page.flaws() == []
    await page.open("/console/provider/corp?code=stolen&state=cer_x")
    await page.says("This was begun in another browser, or is over")
    assert await page.evaluate("location.search") == ""
    await page.press("Try again")
    CORP.down = True
    on_stage.house.world.service.openid._found.clear()
    await page.press("Sign in with Corp")
    await page.says("Corp does not answer now")
