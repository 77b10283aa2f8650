"""The console in a real browser, over the world of the API tests: the real application, registry and ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from protocols.passkey.ceremony import RelyingParty
from tests.servers.chromium import Chromium
from tests.servers.page import Page
from tests.servers.pages import needs_pages
from tests.servers.ports import free_port
from tests.unit.monitor.api.house import House, house

LOOKS = [("light", "en"), ("dark", "zh")]
"""Together they show each theme and each language."""


_POOL = 5
_LEAVE = """fetch('/v1/sign-in').then(async (answer) => {
  if (!answer.ok) return;
  const { csrf } = await answer.json();
  await fetch('/v1/sign-in', { method: 'DELETE', headers: { 'x-csrf-token': csrf } });
})"""


@dataclass(kw_only=True)
class Stage:
    """A browser that an administrator is signed in on, and the house that its page comes from."""

    house: House
    page: Page
    api: httpx.AsyncClient

    async def invite(self, name: str, role: str) -> str:
        """Invite somebody; the path of the link."""
        made = await self.api.post("/v1/accounts", json={"name": name, "role": role})
        made.raise_for_status()
        return str(made.json()["link"]).removeprefix(self.page.url)

    async def enter(self, name: str, role: str) -> None:
        """Sign a new account in on the browser, whoever was before."""
        await self.page.open("/console")
        await self.page.evaluate(_LEAVE)
        await self.page.passkey()
        await self.page.open(await self.invite(name, role))
        await self.page.press("Register a passkey")
        await self.page.says("Live wall")

    async def flawless(self, *, shows: str = "main h1") -> None:
        """Assert that axe finds nothing wrong on the page as it is, in both themes and both languages."""
        for theme, language in LOOKS:
            await self.page.prefer(theme=theme, language=language)
            await self.page.until(f"!!document.querySelector({shows!r})")
            assert await self.page.flaws() == [], (theme, language)
        await self.page.prefer(theme="light", language="en")
        await self.page.until(f"!!document.querySelector({shows!r})")


async def _warm(home: House) -> None:
    """Open as many connections as the database's pool keeps: their threads are the stage's, not a test's."""
    database, all_open = home.world.registry._database, asyncio.Barrier(_POOL)

    async def one() -> None:
        async with database.reading():
            await all_open.wait()

    await asyncio.gather(*(one() for _ in range(_POOL)))


@asynccontextmanager
async def stage(folder: Path, *flags: str, **options: Any) -> AsyncIterator[Stage]:
    """A stage that stands while the block runs; ``flags`` are the browser's, ``options`` the world's."""
    needs_pages()
    port = free_port()
    url = f"http://localhost:{port}"
    party = RelyingParty(id="localhost", name="Nakanohito", origins=(url,))
    opened = house(folder, port=port, party=party, clock=lambda: datetime.now(UTC), **options)
    home = await asyncio.to_thread(opened.__enter__)
    try:
        home.call(_warm(home))
        headers = {"authorization": f"Bearer {home.world.secret}"}
        async with Chromium(folder, *flags) as browser, httpx.AsyncClient(base_url=url, headers=headers) as api:
            page = Page(browser, url)
            await page.passkey()
            await page.window()
            yield Stage(house=home, page=page, api=api)
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)
