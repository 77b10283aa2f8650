"""Coming in: an invitation, a passkey, the live wall; and going out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from protocols.backend import EventType
from tests.integration.console.stage import Stage, stage

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("console")) as made:
        yield made


async def test_nobody_is_let_in_without_an_account(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/live")
    await page.says("Sign in with a passkey")
    await on_stage.flawless()
    await page.press("Sign in with a passkey")
    await page.says("No passkey was used")


async def test_an_invitation_that_is_not_good_says_so(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/invitation#AAAAAAAAAAAAAAAAAAAAAAAAAAA")
    await page.says("This invitation is used, over, or was never made")
    assert await page.evaluate("location.hash") == ""


async def test_who_is_invited_registers_signs_out_and_signs_in_again(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open(await on_stage.invite("kuro", "admin"))
    await page.says("To moderate here as “kuro”")
    assert await page.flaws() == []
    await page.press("Register a passkey")
    await page.says("No stream is on air")
    await page.press("Sign out")
    await page.press("Sign in with a passkey")
    await page.says("No stream is on air")


async def test_the_wall_follows_what_happens_without_being_asked(on_stage: Stage) -> None:
    page, house = on_stage.page, on_stage.house
    session = house.attach()
    await page.says("Hoshi")
    await page.says("Waiting for picture")
    verdict = {
        "at": 22.0,
        "driver": "AI",
        "p_human": 0.04,
        "findings": {},
        "explanation": {"en": "Nobody drives this avatar (probability 96 %).", "zh": "该虚拟形象无真人驱动。"},
    }
    feed, now = house.world.supervisor.feed, datetime.now(UTC)

    async def happen() -> None:
        feed.publish(EventType.SESSION_LIVE, session, now, {"at": 1.0})
        feed.publish(EventType.VERDICT_CHANGED, session, now, verdict)
        feed.publish(
            EventType.LADDER_STEP, session, now, {"at": 23.0, "rung": "grace", "cause": "driving", "ends_in": 9}
        )

    house.call(happen())
    await page.says("Nobody drives this avatar")
    await page.says("Last chance")
    assert await page.evaluate("document.querySelector('[role=meter]').getAttribute('aria-valuenow')") == "4"
    await on_stage.flawless()


async def test_an_administrator_invites_and_suspends(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/accounts")
    await page.press("Invite")
    await page.fill("#name", "shiro")
    await page.press("senior")
    assert await page.flaws() == []
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    link = await page.until("document.querySelector('[data-link]')?.innerText")
    assert link.startswith(f"{page.url}/console/invitation#")
    await page.press("Close")
    await page.says("shiro")
    await on_stage.flawless()
    await page.until("[...document.querySelectorAll('tr')].some((row) => row.innerText.includes('shiro'))")
    await page.evaluate(
        "[...document.querySelectorAll('tr')].find((row) => row.innerText.includes('shiro'))"
        ".querySelectorAll('button')[1].click()"
    )
    await page.says("Suspended")


async def test_a_sign_in_that_has_ended_leads_back_to_the_door(on_stage: Stage) -> None:
    page, house = on_stage.page, on_stage.house
    me = await page.evaluate("fetch('/v1/sign-in').then((a) => a.json()).then((a) => a.account.id)")
    house.call(house.world.registry.signins.end_all(me, at=datetime.now(UTC)))
    await page.press("Invite")
    await page.fill("#name", "aka")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("Your sign-in has ended")
    await page.says("Sign in with a passkey")


async def test_the_page_runs_under_its_own_policy_and_fetches_nothing_from_elsewhere(
    on_stage: Stage, tmp_path: Path
) -> None:
    page = on_stage.page
    answer = await on_stage.api.get("/console/live")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    fetched = await page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert fetched
    assert all(address.startswith((page.url, "data:")) for address in fetched), fetched
