"""The public page, which has no script, in a browser: on a phone, in both languages, to the answer."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.console.stage import Stage, stage

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("portal")) as made:
        yield made


async def test_a_viewer_reports_on_a_phone_and_reads_the_answer(on_stage: Stage) -> None:
    page = on_stage.page
    await page.window(390, 844)
    await page.open("/report")
    await page.says("My likeness was taken")
    assert await page.flaws() == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate("document.scripts.length") == 0
    await page.press("中文")
    await page.says("我的形象被盗用")
    assert await page.flaws() == []
    await page.press("English")
    await page.fill("#stream-text", "It repeats <b>every</b> ten seconds")
    await page.evaluate("document.querySelector('#stream-text').form.requestSubmit()")
    await page.says("A person has not answered yet")
    assert await page.flaws() == []
    address = await page.evaluate("location.pathname")
    [listed] = (await on_stage.api.get("/v1/reports")).json()["items"]
    assert listed["text"] == "It repeats <b>every</b> ten seconds"
    await on_stage.api.post(f"/v1/reports/{listed['id']}/answer", json={"text": "We looked: a person drives it."})
    await page.open(address)
    await page.says("We looked: a person drives it.")
    await page.open(address[:-1])
    await page.says("There is no report at this address")
