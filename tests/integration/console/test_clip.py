"""The clip of a case in step with its timeline, in a browser that really plays it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.console.exhibits import CLIP_AT, HALF_HOUR, clip, keep
from tests.integration.console.stage import Stage, stage
from tests.unit.monitor.api.test_cases import cut

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

PLACE = "document.querySelector('.playing')?.style.transform"
LANE = """(() => {
  const box = document.querySelector('.lanes .u-over').getBoundingClientRect();
  return [box.left, box.top, box.width];
})()"""
END = HALF_HOUR - 0.5
FRAMES = """new Promise((resolve) => {
  const begun = performance.now();
  let frames = 0;
  const lane = document.querySelector('.lanes .u-over');
  const step = () => {
    const box = lane.getBoundingClientRect();
    const at = { clientX: box.left + (frames * 7) % box.width, clientY: box.top + 20, bubbles: true };
    lane.dispatchEvent(new MouseEvent('mousemove', at));
    frames += 1;
    if (performance.now() - begun < 1000) requestAnimationFrame(step);
    else resolve(frames);
  };
  requestAnimationFrame(step);
})"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("clip")
    async with stage(folder) as made:
        await made.enter("kuro", "moderator")
        world = made.house.world
        case = made.house.call(cut(world))
        made.house.call(keep(world, case, clip(folder / "stills")))
        await made.page.open(f"/console/cases/{case}")
        await made.page.until("document.querySelector('video')?.readyState >= 2")
        yield made


async def test_four_curves_of_half_an_hour_are_drawn_and_followed(on_stage: Stage) -> None:
    page = on_stage.page
    assert await page.evaluate("document.querySelectorAll('.lanes canvas').length") == 4
    assert await page.evaluate(FRAMES) > 1  # how many a second is a figure, not a test


async def test_the_picture_is_blurred_until_somebody_says_so(on_stage: Stage) -> None:
    page = on_stage.page
    blurred = "getComputedStyle(document.querySelector('.reveal video')).filter.startsWith('blur')"
    await page.until(blurred)
    await page.key("b")
    await page.until(f"!{blurred}")
    await page.key("b")
    await page.until(blurred)


async def test_what_plays_moves_the_line_and_a_click_moves_the_picture(on_stage: Stage) -> None:
    page = on_stage.page
    before = await page.evaluate(PLACE)
    await page.key(" ")
    await page.until("document.querySelector('video').currentTime > 0.5")
    await page.key(" ")
    await page.until("document.querySelector('video').paused")
    assert await page.evaluate(PLACE) != before
    await page.evaluate("document.querySelector('details').open = true")
    await page.evaluate("document.querySelectorAll('details li button')[0].click()")  # before the clip: the line alone
    await page.evaluate("document.querySelector('.lanes').scrollIntoView({block: 'center'})")
    left, top, width = await page.evaluate(LANE)
    await page.click(left + width * (CLIP_AT + 2) / END, top + 20)
    await page.until("Math.abs(document.querySelector('video').currentTime - 2) < 2")


async def test_nothing_is_wrong_with_the_page(on_stage: Stage) -> None:
    await on_stage.flawless()


async def test_a_clip_that_does_not_play_says_so_and_the_rest_holds(on_stage: Stage, tmp_path: Path) -> None:
    page, world = on_stage.page, on_stage.house.world
    case = on_stage.house.call(cut(world))
    on_stage.house.call(keep(world, case, b"this is no clip" * 40))
    await page.open(f"/console/cases/{case}")
    await page.says("The clip does not play in this browser")
    assert await page.evaluate("document.querySelectorAll('.lanes canvas').length") == 4
