"""Appeals, reports, held cuts, what belongs to a case, and drafts of policies, as moderators use them."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from protocols.backend import CutView, EventType
from protocols.observation import Presence
from registry.state import ReportKind
from tests.integration.console.exhibits import keep
from tests.integration.console.stage import Stage, stage
from tests.unit.monitor.api.test_cases import cut, verdict

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

STATE = "document.querySelector('.title')?.innerText ?? ''"
TITLES = "[...document.querySelectorAll('[data-row] strong')].length"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("contest")) as made:
        await made.enter("kuro", "moderator")
        yield made


async def a_case(on_stage: Stage, *, minutes: float = 5) -> str:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    return await asyncio.to_thread(on_stage.house.call, cut(on_stage.house.world, at=at))


async def appeal(on_stage: Stage, case: str, text: str) -> None:
    body = {"text": text, "on_behalf": on_stage.house.world.operator}
    (await on_stage.api.post(f"/v1/cases/{case}/appeal", json=body)).raise_for_status()


async def test_appeals_come_in_while_somebody_looks_and_the_most_urgent_is_on_top(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/appeals")
    await page.says("No appeal waits")
    await appeal(on_stage, await a_case(on_stage, minutes=120), "it was the week before")
    await page.says("it was the week before")
    fast = await a_case(on_stage)
    await appeal(on_stage, fast, "<img src=x onerror='window.hurt = 1'> I was there")
    await page.until(f"{TITLES} === 2")
    first = await page.evaluate("document.querySelector('[data-row]').innerText")
    assert "Fast lane" in first
    assert "onerror" in first
    assert "left" in first
    await page.until("document.querySelector('nav .count.fast')?.innerText === '2'")
    await on_stage.flawless()
    await page.until(f"{TITLES} === 2")
    await page.key("Enter")
    await page.until(f"location.pathname === '/console/cases/{fast}'")
    await page.says("I was there")
    assert await page.evaluate("window.hurt") is None
    await on_stage.flawless()


async def test_an_appeal_is_decided_by_another_than_the_first_and_takes_back_the_strikes(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world
    case = await a_case(on_stage)
    await page.open(f"/console/cases/{case}")
    await page.fill("#why", "nobody was there")
    await page.press("Uphold")
    await page.until(f"({STATE}).includes('Upheld')")
    await appeal(on_stage, case, "look at the clip again")
    await page.open(f"/console/cases/{case}")
    await page.says("You decided this case first: another moderator decides the appeal.")
    held_back = (
        "[...document.querySelectorAll('.acts button:disabled')].map((one) => one.innerText.trim().split('\\n')[0])"
    )
    assert await page.evaluate(held_back) == ["Uphold", "Overturn"]
    await page.fill("#why", "I still think so")
    await page.evaluate("document.activeElement.blur()")
    await page.key("u")
    await page.says("another moderator decides the appeal")

    await on_stage.enter("shiro", "moderator")
    await page.open("/console/appeals")
    await page.says("look at the clip again")
    await page.open(f"/console/cases/{case}")
    await page.press("The operator was there")
    await page.press("Overturn")
    await page.until(f"({STATE}).includes('Overturned')")
    await page.says("Granted")
    await page.until("document.querySelector('.decision .handle')?.innerText === 'shiro'")
    found = await asyncio.to_thread(on_stage.house.call, world.registry.cases.get(case))
    assert found.restored_at is not None
    await page.open("/console/appeals?show=all")
    await page.says("Granted")


async def test_what_was_written_outlives_a_sign_in_that_ends(on_stage: Stage) -> None:
    page, house = on_stage.page, on_stage.house
    case = await a_case(on_stage)
    await page.open(f"/console/cases/{case}")
    await page.fill("#why", "a long and careful reason")
    me = await page.evaluate("fetch('/v1/sign-in').then((a) => a.json()).then((a) => a.account.id)")
    await asyncio.to_thread(house.call, house.world.registry.signins.end_all(me, at=datetime.now(UTC)))
    await page.press("Uphold")
    await page.press("Sign in with a passkey")
    await page.until("document.querySelector('#why')?.value === 'a long and careful reason'")
    await page.press("Uphold")
    await page.until(f"({STATE}).includes('Upheld')")


async def test_a_report_is_read_as_text_and_answered_once(on_stage: Stage) -> None:
    page, house = on_stage.page, on_stage.house
    session = await asyncio.to_thread(house.attach, account="channel-9")
    body = {"session": session, "text": "<script>window.hurt = 1</script> it repeats"}
    (await on_stage.api.post("/v1/reports", json=body)).raise_for_status()
    await page.open("/console/reports")
    await page.says("it repeats")
    await on_stage.flawless()
    await page.says("it repeats")
    await page.key("Enter")
    await page.says("channel-9")
    assert await page.evaluate("window.hurt") is None
    await on_stage.flawless()
    await page.fill("#answer", "We looked: a person drives it.")
    await page.press("Send the answer")
    await page.says("Answered by")
    [answered] = (await on_stage.api.get("/v1/reports")).json()["items"]
    assert answered["answer"] == "We looked: a person drives it."
    assert answered["answered_by"].startswith("acc_")
    await page.open("/console/reports")
    await page.says("No report waits")


async def test_a_taken_likeness_shows_what_it_resembles_and_when_that_was_on_air(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world
    found = {
        "avatar": world.avatar,
        "name": "Hoshi",
        "similarity": 0.82,
        "sessions": [{"session": "ses_1", "at": "2026-11-22T08:30:00+00:00", "state": "ended"}],
    }
    seen = [{"session": "ses_2", "live": True, "case": None, "at": 61.5, "similarity": 0.71}]
    filing = world.service.caseload.report(
        ReportKind.LIKENESS, "I drew her", standing="the contract", found=[found], seen=seen, within=timedelta(days=7)
    )
    report, _ = await asyncio.to_thread(on_stage.house.call, filing)
    await page.open(f"/console/reports/{report.id}")
    await page.says("82 % alike")
    await page.says("the contract")
    await page.says("On air now 71 % alike 1:01 · ses_2")
    assert await page.evaluate("!!document.querySelector('a[href=\"/console/cases?state=all&session=ses_1\"]')")
    await on_stage.flawless()


async def test_cuts_that_are_all_held_show_everywhere_and_a_senior_lets_them_go_on(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world

    async def lapse() -> None:
        for connected in (True, False):
            for number in range(12):
                gone = Presence(at=0.0, operator=f"op{number}", connected=connected, cause="the connection is down")
                world.service.breaker.heard(f"s{number}", gone)
        world.supervisor.feed.publish(EventType.CUTS_HELD, "", datetime.now(UTC), {})

    await page.open("/console/policies")
    await page.says("presence.absent_after_s")
    await asyncio.to_thread(on_stage.house.call, lapse())
    await page.says("All cuts are held")
    await page.says("channel down")
    await page.says("A senior moderator can let them go on.")
    await on_stage.flawless()

    await on_stage.enter("aka", "senior")
    await page.press("Let cuts go on")
    await page.fill("#because", "the provider's network is back")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("Cuts go on.")
    await page.until("!document.body.innerText.includes('All cuts are held')")
    assert world.service.breaker.tripped is None


SAVES = """window.saved = []; window.made ??= URL.createObjectURL;
URL.createObjectURL = (blob) => { window.saved.push(`${blob.type} ${blob.size > 500}`); return made(blob); };
undefined"""


async def with_evidence(on_stage: Stage) -> str:
    """A case with evidence that can be packed."""
    world = on_stage.house.world

    async def kept(case: str) -> None:
        found = await world.registry.cases.get(case)
        assert found.cut is not None
        made = CutView.of(await world.registry.cuts.get(found.cut)).model_dump(mode="json")
        await world.registry.ledger.append("cut.intended", found.session, found.cut, made, datetime.now(UTC))
        await keep(world, case, b"RIFF" * 400)

    case = await a_case(on_stage)
    await asyncio.to_thread(on_stage.house.call, kept(case))
    return case


async def test_evidence_is_packed_and_held_reasons_are_stated_and_a_strike_is_taken_back(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world
    case = await with_evidence(on_stage)
    await page.open(f"/console/cases/{case}")
    await page.says("2 exhibits")
    await page.evaluate(SAVES)
    await page.press("Statement of reasons")
    await page.says("may not be published until")
    await page.press("JSON for the EU's DSA")
    await page.press("Save the pack")
    await page.until("window.saved.length === 2")
    assert await page.evaluate("window.saved") == ["application/json true", "application/zip true"]
    entries = await asyncio.to_thread(on_stage.house.call, world.registry.ledger.read(subject=case))
    assert "case.exported" in [entry.kind for entry in entries]

    await page.key("h")
    await page.fill("#because", "the court asks for it")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("On legal hold")
    await on_stage.flawless(shows="#strikes")
    await page.press("Lift the hold")
    await page.fill("#because", "the court has it")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.until("!document.body.innerText.includes('On legal hold')")

    await page.press("Take back: Operator")
    await page.fill("#because", "it was the first time")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("Taken back")
    standing = (await on_stage.api.get("/v1/strikes", params={"standing": "true", "subject": world.operator})).json()
    assert case.replace("case", "cut") not in [one["cut"] for one in standing["items"]]


async def test_a_case_without_its_evidence_says_why(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world
    case = await a_case(on_stage)
    missing = world.registry.exhibits.miss(case, "The evidence store cannot be used.")
    await asyncio.to_thread(on_stage.house.call, missing)
    await page.open(f"/console/cases/{case}")
    await page.says("There is no evidence: The evidence store cannot be used.")
    assert "Save the pack" not in await page.text()


async def test_a_draft_is_tried_on_sessions_on_record_before_anybody_is_judged_by_it(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world

    async def on_record(case: str) -> None:
        session = (await world.registry.cases.get(case)).session
        for kind, data in (
            ("verdict.changed", verdict().document()),
            ("cut.intended", {}),
            ("session.ended", {"at": 80}),
        ):
            await world.registry.ledger.append(kind, session, "", data, datetime.now(UTC))

    await asyncio.to_thread(on_stage.house.call, on_record(await a_case(on_stage)))
    await page.open("/console/policies?policy=standard")
    await page.press("Try a draft")
    await page.until("document.querySelector('textarea')?.value.includes('ai_at')")
    await page.press("Try it")
    await page.says(" tried")
    await page.says("As it came out")
    draft = json.dumps({"fusion": {"ai_at": 9.0}})
    await page.fill("textarea", "{ this is none")
    await page.says("This is no JSON")
    await page.fill("textarea", draft)
    await page.says("fusion.ai_at: 4 → 9")
    await page.evaluate("document.activeElement.blur()")
    await page.key("t")
    await page.until("[...document.querySelectorAll('.sum dd')][1]?.innerText >= 1")
    await page.press("Changed ones only")
    await page.until("location.search.includes('show=changed')")
    assert "Passed" in await page.evaluate("document.querySelector('tbody').innerText")
    await on_stage.flawless(shows="textarea")
    await page.until("document.querySelector('textarea').value.includes('9')")
    assert "Keep as a version" not in await page.text()
    await page.fill("textarea", json.dumps({"fusion": {"ai_at": "nine"}}))
    await page.press("Try it")
    await page.says("fusion.ai_at")

    await on_stage.enter("ao", "admin")
    await page.open("/console/policies/back-test?policy=brisk")
    await page.until("document.querySelector('textarea')?.value.includes('ai_at')")
    await page.fill("textarea", draft)
    await page.press("Keep as a version")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("brisk@2 judges from now on.")


async def test_the_figures_of_a_span_are_shown_and_the_span_lives_in_the_address(on_stage: Stage) -> None:
    page = on_stage.page
    await a_case(on_stage)
    await page.open("/console/figures")
    await page.says("Measures")
    await page.until("Number(document.querySelector('.number strong').innerText) > 0")
    await on_stage.flawless(shows=".number strong")
    await page.open("/console/figures?from=2020-01-01&to=2020-02-01")
    await page.until("document.querySelector('.number strong')?.innerText === '0'")
    await page.fill("input[type=date]", "2021-01-01")
    await page.until("location.search === '?from=2021-01-01&to=2020-02-01'")
    await page.says("The end of a report lies after its beginning")
