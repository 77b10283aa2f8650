"""The API reference as a reader sees it: in a real browser, with nothing fetched from elsewhere."""

import asyncio
from pathlib import Path

import pytest

from tests.servers.chromium import Chromium
from tests.servers.service import Service

pytestmark = pytest.mark.integration

OPERATIONS = """[...document.querySelectorAll('.opblock')].map((block) => [
  block.querySelector('.opblock-summary-method').innerText.toLowerCase(),
  block.querySelector('.opblock-summary-path').dataset.path,
])"""
FETCHED = "performance.getEntriesByType('resource').map((entry) => entry.name)"


async def test_the_reference_shows_every_operation_and_fetches_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with Service(tmp_path / "service") as service, Chromium(tmp_path) as browser:
        await browser.open(f"{service.url}/docs")
        async with asyncio.timeout(30):
            while not (shown := await browser.evaluate(OPERATIONS)):  # noqa: ASYNC110 - the page draws itself
                await asyncio.sleep(0.1)
        reference = await service.api.call("GET", "/openapi.json")
        paths = reference["paths"] | reference["webhooks"]
        assert {tuple(operation) for operation in shown} == {(how, path) for path in paths for how in paths[path]}
        fetched = await browser.evaluate(FETCHED)
        assert fetched
        assert all(address.startswith((service.url, "data:")) for address in fetched), fetched
