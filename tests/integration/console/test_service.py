"""The console of the service itself: invited on the command line, signed in in a browser."""

from pathlib import Path

import pytest

from tests.servers.chromium import Chromium
from tests.servers.page import Page
from tests.servers.pages import needs_pages
from tests.servers.service import Service

pytestmark = pytest.mark.integration


async def test_the_first_administrator_is_invited_on_the_command_line(tmp_path: Path) -> None:
    needs_pages()
    async with Service(tmp_path / "service") as service, Chromium(tmp_path) as browser:
        status, printed = await service.cli("accounts", "invite", "kuro", "--role", "admin")
        assert status == 0, printed
        address = f"http://localhost:{service.port}"
        assert "it cannot be shown again" in " ".join(printed.split()).lower()
        code = "".join(printed.split()).partition("/console/invitation#")[2][:27]
        page = Page(browser, address)
        await page.passkey()
        await page.open(f"/console/invitation#{code}")
        await page.press("Register a passkey")
        await page.says("No stream is on air")
        status, printed = await service.cli("accounts")
        assert (status, "kuro" in printed, "admin" in printed) == (0, True, True)
        assert (await service.verify_ledger())["ok"]
        await page.press("Sign out")
        await page.press("Sign in with a passkey")
        await page.says("No stream is on air")
