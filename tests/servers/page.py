"""A page in Chromium, used as a person does: by what is written on it, by keys, and with a passkey of its own."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from tests.servers.chromium import Chromium

AXE = Path(__file__).parents[2] / "monitor" / "console" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 20.0
"""Seconds that something may take to show; only a failing test waits for them."""

_CODES = {"Escape": 27, "Enter": 13, "Tab": 9, " ": 32}
_TEXTS = {"Enter": "\r"}
_FIND = """(() => {
  const wanted = %s;
  const shown = (element) => element.checkVisibility({ checkVisibilityCSS: true }) && !element.closest("[inert]");
  const said = (element) => (element.getAttribute("aria-label") ?? element.innerText ?? "").trim();
  const all = [...document.querySelectorAll("button, a, summary, label, [role=tab], [role=option]")].filter(shown);
  const over = [...document.querySelectorAll("dialog[open]")].at(-1);
  const here = over ? all.filter((element) => over.contains(element)) : all;
  return here.find((element) => said(element) === wanted) ?? here.find((element) => said(element).startsWith(wanted));
})()"""


class Page:
    """One page of one browser."""

    def __init__(self, browser: Chromium, url: str) -> None:
        self.browser = browser
        self.url = url

    async def passkey(self) -> str:
        """Give the browser a device for passkeys, whose finger is always right, in place of the one before; its id.

        It holds three passkeys at most.
        """
        await self.browser.command("WebAuthn.disable")
        await self.browser.command("WebAuthn.enable", enableUI=False)
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = await self.browser.command("WebAuthn.addVirtualAuthenticator", options=options)
        return str(made["authenticatorId"])

    async def open(self, path: str) -> None:
        """Go to a path of the service, as by typing it."""
        await self.browser.open("about:blank")
        await self.browser.command("Page.navigate", url=self.url + path)
        await self.until("location.origin !== 'null' && document.readyState === 'complete'")

    async def evaluate(self, expression: str) -> Any:
        """What JavaScript says."""
        return await self.browser.evaluate(expression)

    async def until(self, expression: str) -> Any:
        """Wait until JavaScript says something that is true, and return it."""
        found: Any = None
        try:
            async with asyncio.timeout(PATIENCE):
                while not (found := await self._said(expression)):  # noqa: ASYNC110 - the page draws itself
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise TimeoutError(f"{expression} never came true; the page says: {await self.text()}") from None
        return found

    async def _said(self, expression: str) -> Any:
        """What JavaScript says; None while the page is being left."""
        try:
            return await self.evaluate(expression)
        except RuntimeError as error:
            if "context" in str(error) or "navigat" in str(error) or "of null" in str(error):
                return None
            raise

    async def text(self) -> str:
        """What is written on the page."""
        return str(await self.evaluate("document.body.innerText"))

    async def says(self, words: str) -> None:
        """Wait until the page says something."""
        await self.until(f"document.body.innerText.includes({json.dumps(words)})")

    async def press(self, words: str) -> None:
        """Press the button or follow the link that says this, once it is there."""
        find = _FIND % json.dumps(words)
        await self.until(f"!!{find} && !{find}.disabled")
        await self.evaluate(f"{find}.click()")

    async def fill(self, selector: str, value: str) -> None:
        """Type into a field, as far as the page can tell."""
        element = f"document.querySelector({json.dumps(selector)})"
        await self.until(f"!!{element}")
        await self.evaluate(
            f"(() => {{ const field = {element}; field.focus(); field.value = {json.dumps(value)};"
            "field.dispatchEvent(new Event('input', {bubbles: true}));"
            "field.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    async def key(self, key: str, code: str = "", modifiers: int = 0) -> None:
        """Press a key."""
        text = _TEXTS.get(key, key if len(key) == 1 else "")
        told = {"key": key, "code": code or key, "modifiers": modifiers, "windowsVirtualKeyCode": _CODES.get(key, 0)}
        for kind in ("keyDown", "keyUp"):
            await self.browser.command("Input.dispatchKeyEvent", type=kind, text=text, **told)

    async def click(self, x: float, y: float) -> None:
        """Click at a point of the window, as a mouse does."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            pressed = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            await self.browser.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, **pressed)

    async def window(self, width: int = 1360, height: int = 860) -> None:
        """Make the page this large."""
        await self.browser.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def picture(self, file: Path, *, whole: bool = False) -> None:
        """Take a picture of the page."""

        def keep(picture: bytes) -> None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture)

        taken = await self.browser.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        await asyncio.to_thread(keep, b64decode(taken["data"]))

    async def prefer(self, *, theme: str, language: str) -> None:
        """Choose light or dark, and en or zh, where the page remembers it; then load it anew."""
        chosen = {"theme": theme, "language": language}
        for name, value in chosen.items():
            await self.evaluate(f"localStorage.setItem({json.dumps(name)}, {json.dumps(value)})")
        here = str(await self.evaluate("location.pathname + location.search"))
        await self.evaluate("window.stale = true")
        await self.browser.command("Page.reload")
        await self.until("window.stale === undefined && document.readyState === 'complete'")
        await self.until(f"location.pathname + location.search === {json.dumps(here)}")

    async def flaws(self) -> list[str]:
        """What axe finds wrong on the page, WCAG 2.2 AA and its best practices; a line each."""
        if not await self.evaluate("'axe' in window"):
            await self.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
        found = await self.evaluate("axe.run().then((results) => results.violations)")
        return [f"{flaw['id']}: {flaw['help']}: {[node['html'][:160] for node in flaw['nodes'][:4]]}" for flaw in found]
