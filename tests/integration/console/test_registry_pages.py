"""Avatars, reviews side by side, operators and policies with their versions, as a senior moderator uses them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.observers.likeness.enrolment import PictureRefused, vectors_of
from monitor.observers.likeness.sight import Sight
from protocols.avatar import AvatarState
from protocols.bulk import BatchState
from samples.studio.portrait import portraits
from tests.integration.console.stage import Stage, stage

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

ALONE = 2
"""How many registrations one changes alone here."""
SIDES = "[...document.querySelectorAll('figure img')].filter((picture) => picture.naturalWidth > 0).length"


def fit(folder: Path, sight: Sight, most: int) -> list[bytes]:
    """Pictures that are fit to register with."""
    found: list[bytes] = []
    for path in portraits("nia", folder):
        with suppress(PictureRefused):
            vectors_of([path], sight)
            found.append(path.read_bytes())
        if len(found) == most:
            break
    return found


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("registry")
    sight = Sight.load()
    pictures = fit(folder / "stills", sight, 4)
    async with stage(folder, sight=sight, avatars={"alone_an_hour": ALONE}) as made:
        for name, owner, sent in (("Nia", "studio", pictures[:2]), ("Nyx", "thief", pictures[2:])):
            files = [("pictures", (f"{n}.jpg", picture)) for n, picture in enumerate(sent)]
            answer = await made.api.post("/v1/avatars", data={"name": name, "owner": owner}, files=files, timeout=60)
            answer.raise_for_status()
        await made.enter("kuro", "senior")
        yield made


async def test_avatars_are_listed_with_their_faces_and_suspended_with_a_reason(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/avatars")
    await page.until("document.querySelector('main img')?.naturalWidth > 0")
    await on_stage.flawless()
    await page.press("Suspended")
    await page.until("location.search === '?state=suspended'")
    await page.says("Nothing here.")
    await page.press("Active")
    await page.press("Nia")
    await page.says("Reference pictures")
    await page.until("document.querySelector('main img')?.naturalWidth > 0")
    await on_stage.flawless()
    await page.press("Suspend")
    assert await page.flaws() == []
    await page.fill("#because", "complaint 2214")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("complaint 2214")
    await page.press("Reinstate")
    await page.fill("#because", "it was settled")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.until("document.querySelector('main h1').innerText.includes('Active')")


async def test_what_is_too_like_another_is_reviewed_side_by_side(on_stage: Stage) -> None:
    page = on_stage.page
    await page.open("/console/reviews")
    await page.says("Nyx")
    await on_stage.flawless()
    await page.press("Nyx")
    await page.until(f"{SIDES} === 2")
    await page.says("One likeness:")
    await on_stage.flawless(shows="figure img")
    await page.key("x")
    await page.fill("#because", "the pictures are Nia's")
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("Nothing waits for review.")


async def test_operators_are_listed_with_the_streams_that_they_drive_and_revoked(on_stage: Stage) -> None:
    page, house = on_stage.page, on_stage.house
    house.attach()
    await page.open("/console/operators")
    await page.says("b2f6")
    await page.says(house.world.avatar)
    await on_stage.flawless()
    await page.press("Revoke")
    assert await page.flaws() == []
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.says("Revoked")


async def test_the_versions_of_a_policy_are_laid_side_by_side(on_stage: Stage) -> None:
    page = on_stage.page
    (await on_stage.api.put("/v1/policies/standard", json={"presence": {"absent_after_s": 77}})).raise_for_status()
    await page.open("/console/policies?policy=standard")
    await page.says("presence.absent_after_s")
    await on_stage.flawless(shows="main table")
    await page.press("Changes only")
    await page.until("document.querySelectorAll('tbody tr').length === document.querySelectorAll('tr.changed').length")
    rows = await page.evaluate("[...document.querySelectorAll('tr.changed')].map((row) => row.innerText)")
    [row] = [row.split() for row in rows if row.startswith("presence.absent_after_s")]
    assert float(row[1]) == 77
    assert float(row[2]) != 77


async def test_what_was_proposed_in_bulk_is_approved_by_a_second_person(on_stage: Stage) -> None:
    page, registry = on_stage.page, on_stage.house.world.registry
    avatars = [one.id for one in (await registry.avatars.list()).items]
    asked = {"act": "suspend", "subjects": avatars, "reason": "the studio has closed"}
    batch = await on_stage.api.post("/v1/registry-batches", json=asked)
    assert (batch.status_code, len(avatars) > ALONE) == (202, True)
    await page.open("/console/reviews")
    await page.says("the studio has closed")
    await on_stage.flawless(shows="article")
    await page.press("Approve")
    await page.fill("#because", "I asked them")
    assert await page.flaws() == []
    await page.evaluate("document.querySelector('dialog form').requestSubmit()")
    await page.until("!document.querySelector('article')")
    assert (await registry.bulk.get(batch.json()["id"])).state is BatchState.DONE
    assert (await registry.avatars.get(on_stage.house.world.avatar)).state is AvatarState.SUSPENDED
