"""A moderator's browser without a window: cookies, origin, the page's token, and an authenticator of our own."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.servers.authenticator import ORIGIN, Authenticator
from tests.unit.monitor.api.world import World


@dataclass(kw_only=True)
class Browser:
    client: httpx.AsyncClient
    device: Authenticator = field(default_factory=Authenticator)
    csrf: str = ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """As the page asks: from its origin, with its token."""
        sent = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "x-csrf-token": self.csrf}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers=sent)

    async def accept(self, link: str) -> httpx.Response:
        """Open an invitation, register a passkey and be signed in."""
        begun = await self.ask("POST", "/v1/sign-in/invitation", {"code": link.partition("#")[2]})
        if begun.is_error:
            return begun
        credential = self.device.create(begun.json()["options"])
        return await self._answered("/v1/sign-in/invitation/answer", begun, credential)

    async def sign_in(self) -> httpx.Response:
        begun = await self.ask("POST", "/v1/sign-in/passkey")
        return await self._answered("/v1/sign-in/passkey/answer", begun, self.device.get(begun.json()["options"]))

    async def step_up(self) -> httpx.Response:
        begun = await self.ask("POST", "/v1/sign-in/step-up")
        return await self._answered("/v1/sign-in/step-up/answer", begun, self.device.get(begun.json()["options"]))

    async def _answered(self, path: str, begun: httpx.Response, credential: dict[str, Any]) -> httpx.Response:
        answer = await self.ask("POST", path, {"ceremony": begun.json()["ceremony"], "credential": credential})
        if answer.is_success:
            self.csrf = answer.json()["csrf"]
        return answer


def browser(world: World) -> Browser:
    """A browser that nobody is signed in on."""
    return Browser(client=httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=ORIGIN))


async def invited(world: World, role: str, name: str = "") -> dict[str, Any]:
    """A new account with the link of its invitation."""
    made = await world.client.post("/v1/accounts", json={"name": name or f"the-{role}", "role": role})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def signed_in(world: World, role: str, name: str = "") -> Browser:
    """A browser that a new account of this role is signed in on."""
    visiting = browser(world)
    answer = await visiting.accept((await invited(world, role, name))["link"])
    assert answer.status_code == 200, answer.text
    return visiting
