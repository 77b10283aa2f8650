"""The operator's page in a real browser with its virtual authenticator, against the real service."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor.operator.agent import Agent, address
from monitor.operator.device import public
from protocols.channel.event import FloorOffered
from protocols.telemetry import TelemetrySample
from samples.studio.portrait import portraits
from tests.servers.chromium import CAMERA, Chromium
from tests.servers.page import Page
from tests.servers.pages import needs_pages
from tests.servers.publisher import draw_test_card
from tests.servers.service import Service
from tests.servers.wire import Wire

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

WITHIN = 30.0
PATIENT = {"connect_within_s": 80_000, "absent_after_s": 80_000}
BUSY = {
    "operator": {"passkey": "any"},
    "presence": PATIENT,
    "challenge": {"first_after_s": 2, "mean_every_s": 2, "least_gap_s": 2, "within_s": 20},
}
CALM = {"presence": PATIENT, "challenge": {"first_after_s": 80_000}}
HASTY = {"presence": PATIENT, "challenge": {"first_after_s": 2, "mean_every_s": 60, "least_gap_s": 60, "within_s": 2}}


class Booth:
    """The service, a browser with an authenticator, and a wire between them that can be cut."""

    def __init__(self, service: Service, page: Page, wire: Wire, avatar: str, operator: str) -> None:
        self.service, self.page, self.wire, self.avatar, self.operator = service, page, wire, avatar, operator

    async def goes_on_shift(self, policy: str, *colleagues: str) -> str:
        """Attach a stream, and go on shift for it from the list of streams; the session."""
        url = (self.service.directory / "card.mp4").as_uri()
        session = await self.service.api.attach(
            url=url, avatar=self.avatar, operators=[self.operator, *colleagues], policy=policy
        )
        await self.page.open("/operator")
        await self.page.press("Go on shift")
        await self.page.says("you drive")
        return str(session["id"])

    async def ends(self, session: str) -> None:
        """End the broadcast; the page says so."""
        await self.service.api.end(session)
        await self.page.says("The broadcast is over")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def booth(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Booth]:
    needs_pages()
    folder = tmp_path_factory.mktemp("operator-page")
    stills = await asyncio.to_thread(_film, folder / "service")
    wire = Wire()
    settings = f'\n[passkeys]\norigins = ["http://localhost:{wire.port}"]\n'
    async with Service(folder / "service", settings=settings) as service, Chromium(folder, *CAMERA) as browser, wire:
        wire.leads_to(service.port)
        await service.api.policy("busy", BUSY)
        await service.api.policy("hasty", HASTY)
        await service.api.policy("calm", CALM)
        await service.api.policy("asking", {**BUSY, "operator": {"passkey": "none"}})
        page = Page(browser, f"http://localhost:{wire.port}")
        await page.passkey()
        await page.window(390, 844)
        yield Booth(
            service, page, wire, await service.api.register("Hoshi", stills), await service.api.enrol("op", "A" * 43)
        )


def _film(folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    draw_test_card(folder / "card.mp4", seconds=120)
    return portraits("sakura", folder / "stills")[:4]


async def test_an_operator_enrols_signs_in_goes_on_shift_and_answers(booth: Booth) -> None:
    page, api = booth.page, booth.service.api
    invitation = await api.call("POST", f"/v1/operators/{booth.operator}/invitations")
    await page.open(f"/operator/invitation#{invitation['code']}")
    await page.says("Register your passkey")
    assert invitation["code"] not in await page.evaluate("location.href")
    assert await page.flaws() == []
    await page.press("Register a passkey")
    await page.says("Your passkey is registered")
    await page.press("Sign in with a passkey")
    await page.says("Nothing of yours is on air")
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    await page.says("this browser")
    assert await page.flaws() == []
    await page.press("Remove")
    await page.press("Remove for good?")
    await page.until("document.querySelectorAll('details li').length === 2")
    assert len((await api.call("GET", f"/v1/operators/{booth.operator}"))["device_keys"]) == 1
    session = await booth.goes_on_shift("busy")
    present = await api.until(session, lambda s: s["operators_present"] != [], within=WITHIN)
    assert present["operators_present"] == [booth.operator]
    (shift,) = (await api.call("GET", f"/v1/operators/{booth.operator}/shifts"))["items"]
    assert (shift["session"], shift["passkey"] is not None) == (session, True)
    await page.says("I have done it")
    assert await page.flaws() == []
    await page.press("I have done it")
    await page.says("Thank you, noted")
    await booth.ends(session)


async def test_digits_are_typed_where_no_gesture_can_be_asked(booth: Booth) -> None:
    page, api = booth.page, booth.service.api
    profile = f"/v1/operators/{booth.operator}/profile"
    await api.call("PUT", profile, json={"cannot": ["head", "mouth", "eyelids", "hands"]})
    session = await booth.goes_on_shift("busy")
    await page.says("Type these digits")
    assert await page.flaws() == []
    digits = (await page.evaluate("document.querySelector('.digits').innerText")).replace(" ", "")
    await page.fill("input[inputmode=numeric]", f"{(int(digits) + 1) % 10_000:04}")
    await page.says("Those were other digits")
    assert await page.flaws() == []
    await page.fill("input[inputmode=numeric]", digits)
    await page.says("Thank you, noted")
    await booth.ends(session)
    await api.call("PUT", profile, json={"cannot": []})


async def test_an_answer_given_without_a_network_arrives_once_it_is_back(booth: Booth) -> None:
    page = booth.page
    session = await booth.goes_on_shift("busy")
    await page.says("I have done it")
    await booth.wire.cut()
    await page.says("Connection lost")
    await page.press("I have done it")
    await page.says("It is sent as soon as the connection is back")
    await booth.wire.mend()
    await page.says("Thank you, noted")
    assert "Connection lost" not in await page.text()
    await booth.ends(session)


async def test_a_gesture_that_was_missed_is_told_calmly(booth: Booth) -> None:
    session = await booth.goes_on_shift("hasty")
    await booth.page.says("I have done it")
    await booth.page.says("That time is over")
    await booth.ends(session)


async def test_an_operator_leaves_on_purpose(booth: Booth) -> None:
    session = await booth.goes_on_shift("hasty")
    await booth.page.press("End my shift")
    await booth.page.press("End it")
    await booth.page.says("Your shift is over")
    await booth.service.api.until(session, lambda s: s["operators_present"] == [], within=WITHIN)
    await booth.service.api.end(session)
    await booth.page.press("Back")


async def test_a_break_is_announced_within_its_budget_and_ended(booth: Booth) -> None:
    page = booth.page
    session = await booth.goes_on_shift("calm")
    await page.press("Take a break")
    await page.says("10 min of breaks are left this hour")
    await page.press("2 min")
    await page.says("On a break")
    assert await page.flaws() == []
    await page.press("I am back")
    await page.until("!document.body.innerText.includes('On a break')")
    await page.says("you drive")
    await booth.ends(session)


async def test_the_floor_is_handed_over_and_back(booth: Booth) -> None:
    page, key = booth.page, Ed25519PrivateKey.generate()
    colleague = await booth.service.api.enrol("colleague", public(key))
    session = await booth.goes_on_shift("calm", colleague)
    heard: asyncio.Queue[object] = asyncio.Queue()
    url = address(booth.service.url)
    other = Agent(url=url, session=session, operator=colleague, key=key, motion=_still(), tell=heard.put_nowait)
    running = asyncio.create_task(other.run())
    try:
        await page.press("Hand over")
        await page.press(colleague)
        offered = await _heard(heard, FloorOffered)
        await page.says("You drive until they take it")
        other.accept(offered.by, offered.nonce)
        await page.says("You stand by")
        other.offer(booth.operator)
        await page.says("A colleague hands over to you")
        assert await page.flaws() == []
        await page.press("Take over")
        await page.says("you drive")
    finally:
        other.leave()
        await running
    await booth.ends(session)


async def test_the_page_shows_beside_the_studio_program_what_that_is_asked(booth: Booth) -> None:
    page, key, api = booth.page, Ed25519PrivateKey.generate(), booth.service.api
    await api.call("POST", f"/v1/operators/{booth.operator}/device-keys", json={"device_key": public(key)})
    url = (booth.service.directory / "card.mp4").as_uri()
    session = (await api.attach(url=url, avatar=booth.avatar, operators=[booth.operator], policy="asking"))["id"]
    await api.until(session, lambda standing: standing["at"] is not None, within=WITHIN)
    studio = Agent(
        url=address(booth.service.url),
        session=session,
        operator=booth.operator,
        key=key,
        motion=_still(),
        tell=lambda event: None,
    )
    running = asyncio.create_task(studio.run())
    try:
        await page.open("/operator")
        await page.press("Watch beside it")
        await page.says("the studio program sees it")
        assert await page.flaws() == []
        assert (await api.session(session))["operators_present"] == [booth.operator]
        assert not running.done()
    finally:
        studio.leave()
        await running
    await page.says("The studio program is not connected")
    await booth.ends(session)


async def test_the_camera_is_followed_on_the_page_and_only_angles_leave_it(booth: Booth) -> None:
    page = booth.page
    session = await booth.goes_on_shift("calm")
    await page.says("none from here")
    await page.press("Follow my head")
    await page.says("arrives")
    assert await page.flaws() == []
    await page.press("Stop the camera")
    await page.says("Follow my head")
    sent = await page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert all(name.startswith(f"http://localhost:{booth.wire.port}/") for name in sent)
    await booth.ends(session)


async def _still() -> AsyncIterator[TelemetrySample]:
    await asyncio.get_running_loop().create_future()
    yield TelemetrySample(at=0.0)


async def _heard(heard: asyncio.Queue[object], kind: type[FloorOffered]) -> FloorOffered:
    async with asyncio.timeout(WITHIN):
        while True:
            if isinstance(event := await heard.get(), kind):
                return event


async def test_what_was_decided_is_read_seen_and_contested_once(booth: Booth) -> None:
    page, api = booth.page, booth.service.api
    session = await booth.goes_on_shift("calm")
    order = {"rule": "driving", "measure": "drop", "seconds": 5, "reason": "nobody drives it"}
    await api.call("POST", f"/v1/sessions/{session}/cut", json=order)
    await api.until(session, lambda s: s["state"] == "cut", within=WITHIN)
    await page.open("/operator")
    await page.says("Decisions about your streams")
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    await page.says("How to contest it")
    assert await page.flaws() == []
    await page.fill("textarea", "I was there the whole time.")
    await page.press("Send the appeal")
    await page.says("Your appeal has arrived")
    (case,) = await page.evaluate("fetch('/v1/own/cases').then(answer => answer.json())")
    assert (case["appeal"]["text"], case["appeal"]["fast"]) == ("I was there the whole time.", True)
    assert await page.evaluate("document.querySelector('textarea')") is None


async def test_who_is_on_no_roster_any_more_is_told_so_and_not_asked_for_ever(booth: Booth) -> None:
    session = await booth.goes_on_shift("calm")
    await booth.service.api.call("POST", f"/v1/operators/{booth.operator}/revoke")
    await booth.wire.cut()
    await booth.page.says("Connection lost")
    await booth.wire.mend()
    await booth.page.says("You are not let in")
    await booth.service.api.end(session)


async def test_practice_is_marked_and_sends_nothing_in_chinese_in_the_dark(booth: Booth) -> None:
    page = booth.page
    await page.prefer(theme="dark", language="zh")
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    await page.press("练习")
    await page.press("开始提问")
    await page.says("未直播")
    assert await page.flaws() == []
    asked = await page.evaluate("performance.getEntriesByType('resource').length")
    await page.press("我做好了")
    await page.says("就是这么简单")
    await page.press("换一个动作")
    await page.says("依次完成")
    assert await page.flaws() == []
    await page.press("我做好了")
    await page.press("换一个动作")
    await page.says("请输入以下数字")
    assert await page.flaws() == []
    digits = (await page.evaluate("document.querySelector('.digits').innerText")).replace(" ", "")
    await page.fill("input[inputmode=numeric]", digits)
    await page.says("就是这么简单")
    assert await page.evaluate("performance.getEntriesByType('resource').length") == asked
