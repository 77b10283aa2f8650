"""The queue of cases and a case's page, as a moderator uses them: by keys mostly."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from tests.integration.console.stage import Stage, stage
from tests.unit.monitor.api.test_cases import cut

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

STATE = "document.querySelector('.title')?.innerText ?? ''"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("cases")) as made:
        await made.enter("kuro", "moderator")
        yield made


def a_case(on_stage: Stage, **how: int) -> str:
    return on_stage.house.call(cut(on_stage.house.world, **how))


async def test_the_queue_is_walked_by_keys_and_its_filters_live_in_the_address(on_stage: Stage) -> None:
    page = on_stage.page
    cases = [a_case(on_stage) for _ in range(3)]
    await page.open("/console/cases")
    await page.until("document.querySelectorAll('[data-row]').length === 3")
    await on_stage.flawless()
    await page.until("document.querySelectorAll('[data-row]').length === 3")
    await page.key("j")
    await page.key("Enter")
    await page.until(f"location.pathname === '/console/cases/{cases[1]}'")
    await page.says("Timeline")
    await page.key("j")
    await page.until(f"location.pathname === '/console/cases/{cases[0]}'")

    await page.open("/console/cases?state=all&rule=presence")
    await page.says("No case here")
    await page.fill("select", "driving")
    await page.until("location.search === '?state=all&rule=driving'")
    await page.fill("input[type=search]", "hosh")
    await page.until("location.search.includes('text=hosh')")
    await page.until("document.querySelectorAll('[data-row]').length === 3")
    await page.fill("input[type=search]", "nobody-here")
    await page.says("No case here")
    await page.open("/console/cases?state=upheld")
    await page.says("No case here")
    await page.open("/console/cases?since=2026-11-22&until=2026-11-22")
    await page.until("document.querySelectorAll('[data-row]').length === 3")
    await page.fill("[aria-label='To this day']", "2026-11-20")
    await page.until("location.search === '?since=2026-11-22&until=2026-11-20'")
    await page.says("No case here")


async def test_a_case_shows_why_and_is_overturned_with_a_reason(on_stage: Stage) -> None:
    page = on_stage.page
    case = a_case(on_stage)
    await page.open(f"/console/cases/{case}")
    await page.says("Nobody drives this avatar")
    await page.until("document.querySelector('.lanes canvas')?.width > 0")
    rows = await page.evaluate("[...document.querySelectorAll('tbody tr')].map((row) => row.innerText)")
    assert [row.split("\n")[0].split("\t")[0] for row in rows] == ["Before anything was seen", "Challenge", "Driving"]
    assert rows[-1].rstrip().endswith("−5.10")
    await on_stage.flawless()
    await page.says("Timeline")
    await page.key("o")
    await page.says("Give a reason first.")
    await page.fill("#why", "the operator was there")
    await page.evaluate("document.activeElement.blur()")
    await page.key("o")
    await page.until(f"({STATE}).includes('Overturned')")
    await page.says("The stream is let in again.")
    [restored] = on_stage.house.world.supervisor.restored[-1:]
    assert restored[2] == "the operator was there"


async def test_a_note_is_shown_as_text_whatever_it_says(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open(f"/console/cases/{a_case(on_stage)}")
    await page.fill("#why", "<img src=x onerror='window.hurt = 1'><script>window.hurt = 1</script>")
    await page.press("Note")
    await page.says("<script>window.hurt = 1</script>")
    assert await page.evaluate("window.hurt") is None


async def test_of_two_who_decide_at_once_the_second_is_told(on_stage: Stage) -> None:
    page = on_stage.page
    case = a_case(on_stage)
    await page.open(f"/console/cases/{case}")
    await page.says("Timeline")
    body = {"decision": "uphold", "reason": "nobody was there", "version": 1}
    (await on_stage.api.post(f"/v1/cases/{case}/decision", json=body)).raise_for_status()
    await page.press("The operator was there")
    await page.press("Overturn")
    await page.says("was changed meanwhile")
    await page.until(f"({STATE}).includes('Upheld')")


async def test_a_long_block_takes_two_people_and_a_passkey_of_late(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world
    case = a_case(on_stage, days=3)
    signin = await page.evaluate("fetch('/v1/sign-in').then((answer) => answer.json())")
    account = signin["account"]["id"]
    await page.open(f"/console/cases/{case}")
    await page.says("Two people")
    entries = on_stage.house.call(world.registry.ledger.read(kind="account.signed_in"))
    on_stage.house.call(world.registry.signins.step_up(entries[-1].subject, at=datetime.now(UTC) - timedelta(hours=1)))
    await page.press("Nobody drove the avatar")
    await page.press("Uphold")
    await page.says("Is it still you?")
    assert await page.flaws() == []
    await page.press("Use passkey")
    await page.says("Proposed: Uphold")
    await page.says("another moderator must confirm it")
    uphold = "[...document.querySelectorAll('.acts button')].find((one) => one.innerText.includes('Uphold'))"
    assert await page.evaluate(f"{uphold}.disabled")
    assert on_stage.house.call(world.registry.cases.get(case)).state.value == "open"

    await on_stage.enter("shiro", "senior")
    await page.open(f"/console/cases/{case}")
    await page.press("Nobody drove the avatar")
    await page.press("Uphold")
    await page.until(f"({STATE}).includes('Upheld')")
    decided = on_stage.house.call(world.registry.cases.get(case))
    assert decided.decided_by not in (None, account)


async def test_many_are_decided_at_once_only_where_they_were_looked_at(on_stage: Stage) -> None:
    page = on_stage.page
    await on_stage.enter("aka", "moderator")
    cases = [a_case(on_stage, account=f"bulk-{n}") for n in range(3)]  # type: ignore[arg-type]
    await page.open("/console/cases?text=bulk")
    await page.until("document.querySelectorAll('[data-row]').length === 3")
    assert await page.evaluate("document.querySelectorAll('input[type=checkbox]:enabled').length") == 0
    refused = await page.evaluate(
        "fetch('/v1/sign-in').then((a) => a.json()).then(({csrf}) => fetch('/v1/case-batches', {method: 'POST',"
        " headers: {'content-type': 'application/json', 'x-csrf-token': csrf},"
        f" body: JSON.stringify({{decision: 'uphold', reason: 'x', cases: {{{cases[0]}: 1}}}})}}))"
        ".then((a) => a.status)"
    )
    assert refused == 409
    for case in cases[1:]:
        await page.press("Cases")
        await page.until(f"!!document.querySelector('a[href=\"/console/cases/{case}\"]')")
        await page.evaluate(f"document.querySelector('a[href=\"/console/cases/{case}\"]').click()")
        await page.says("Timeline")
    await page.open("/console/cases?text=bulk")
    await page.until("document.querySelectorAll('input[type=checkbox]:enabled').length === 2")
    await page.evaluate("document.querySelectorAll('input[type=checkbox]:enabled').forEach((box) => box.click())")
    await page.says("2 cases chosen")
    assert await page.flaws() == []
    await page.press("Uphold")
    await page.fill("#reason", "one loop on two channels")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("2 cases decided.")
    await page.until("document.querySelectorAll('[data-row]').length === 1")


async def test_the_sheet_tells_the_keys_and_switches_them_off(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open(f"/console/cases/{a_case(on_stage)}")
    await page.says("Timeline")
    await page.key("?")
    await page.says("Show or blur the picture")
    assert await page.flaws() == []
    await page.evaluate("document.querySelector('dialog input[type=checkbox]').click()")
    await page.key("Escape")
    await page.until("!document.querySelector('dialog[open]')")
    await page.key("r")
    assert await page.evaluate("document.activeElement.id") != "why"
    await page.evaluate("localStorage.removeItem('shortcuts')")


async def test_a_viewer_sees_and_does_not_decide(on_stage: Stage) -> None:
    page = on_stage.page
    case = a_case(on_stage)
    await on_stage.enter("ao", "viewer")
    await page.open(f"/console/cases/{case}")
    await page.says("Your role does not include this.")
    assert await page.evaluate("document.querySelector('#why')") is None
    await page.open("/console/cases/case_nothing")
    await page.says("This case cannot be shown")


async def test_who_looked_and_for_how_long_is_kept(on_stage: Stage) -> None:
    page, world = on_stage.page, on_stage.house.world
    case = a_case(on_stage)
    await page.open(f"/console/cases/{case}")
    await page.says("Timeline")
    await page.until("/On screen 0:0[1-9]/.test(document.body.innerText)")
    await page.press("Live")
    await page.says("Live wall")
    await page.until(
        f"fetch('/v1/cases/{case}').then((answer) => answer.json()).then((found) => found.looks.at(-1).seconds >= 1)"
    )
    kinds = {entry.kind for entry in on_stage.house.call(world.registry.ledger.read(subject=case))}
    assert {"account.viewed", "case.viewed", "case.left"} <= kinds
