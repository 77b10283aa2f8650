"""A real browser with its virtual authenticator: a passkey is registered by invitation, and begins a shift.

The service is the real one, the operator's software the real agent, and the page the one that the service serves.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor.operator.agent import Agent, AgentEvent, address, page
from monitor.operator.device import public
from protocols.channel.event import DutyTold, FloorChanged
from protocols.telemetry import TelemetrySample
from samples.studio.portrait import portraits
from tests.servers.chromium import Chromium
from tests.servers.service import Service

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

WITHIN = 30.0
POLICY = {"operator": {"passkey": "device_bound"}, "presence": {"connect_within_s": 80_000, "absent_after_s": 80_000}}
SYNCED = {"operator": {"passkey": "any"}, "presence": {"connect_within_s": 80_000, "absent_after_s": 80_000}}
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Booth:
    """The service, a browser with an authenticator, and an operator."""

    def __init__(self, service: Service, browser: Chromium, avatar: str) -> None:
        self.service, self.browser, self.avatar = service, browser, avatar
        self.key = Ed25519PrivateKey.generate()
        self.operator = ""
        self.authenticator = ""

    async def authenticator_that(self, **traits: Any) -> None:
        """Put another authenticator into the browser."""
        if self.authenticator:
            await self.browser.command("WebAuthn.removeVirtualAuthenticator", authenticatorId=self.authenticator)
        options = {**AUTHENTICATOR, **traits}
        made = await self.browser.command("WebAuthn.addVirtualAuthenticator", options=options)
        self.authenticator = made["authenticatorId"]

    async def uses_passkey(self, address: str) -> str:
        """Open the page at ``address``, press its button, and return what it says in the end."""
        await self.browser.open("about:blank")
        await self.browser.open(address)
        await self.says(lambda words: words.endswith((".", "。")) and "passkey" in words)
        before = await self.words()
        await self.browser.evaluate("document.getElementById('go').click()")
        return await self.says(lambda words: words != before and words != "")

    async def words(self) -> str:
        return str(await self.browser.evaluate("document.getElementById('ask')?.textContent ?? ''"))

    async def says(self, holds: Callable[[str], bool]) -> str:
        async with asyncio.timeout(WITHIN):
            while not holds(words := await self.words()):  # noqa: ASYNC110 - the browser knows
                await asyncio.sleep(0.05)
        return words

    async def enrols(self) -> str:
        invitation = await self.service.api.call("POST", f"/v1/operators/{self.operator}/invitations")
        return await self.uses_passkey(f"{self.home}/passkey#enrol={invitation['code']}")

    @property
    def home(self) -> str:
        return f"http://localhost:{self.service.port}"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def booth(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Booth]:
    folder = tmp_path_factory.mktemp("chromium-passkey")
    async with Service(folder / "service") as service, Chromium(folder) as browser:
        await service.api.policy("bound", POLICY)
        await service.api.policy("synced", SYNCED)
        made = Booth(service, browser, await service.api.register("sakura", portraits("sakura", folder / "stills")))
        made.operator = await service.api.enrol("op", public(made.key))
        await browser.command("WebAuthn.enable")
        yield made


class Software:
    """The operator's software, connected to a new session."""

    def __init__(self, booth: Booth, session: str) -> None:
        self.heard: list[AgentEvent] = []
        self.agent = Agent(
            url=address(booth.service.url),
            session=session,
            operator=booth.operator,
            key=booth.key,
            motion=self._still(),
            tell=self.heard.append,
        )

    async def _still(self) -> AsyncIterator[TelemetrySample]:
        await asyncio.get_running_loop().create_future()
        yield TelemetrySample(at=0.0)

    def last(self, kind: type) -> Any:
        return next((event for event in reversed(self.heard) if isinstance(event, kind)), None)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN):
            while not holds():  # noqa: ASYNC110 - the service decides
                await asyncio.sleep(0.02)


async def attached(booth: Booth, policy: str) -> str:
    session = await booth.service.api.attach(
        source={"kind": "whip"}, avatar=booth.avatar, operators=[booth.operator], policy=policy
    )
    await booth.service.api.until(session["id"], lambda standing: standing["at"] is not None, within=WITHIN)
    return str(session["id"])


async def test_a_passkey_that_verifies_its_person_begins_the_shift_of_the_channel(booth: Booth) -> None:
    await booth.authenticator_that()
    assert await booth.enrols() == "Your passkey is registered. You may close this page."
    (passkey,) = await booth.service.api.call("GET", f"/v1/operators/{booth.operator}/passkeys")
    assert passkey["synced"] is False
    session = await attached(booth, "bound")
    software = Software(booth, session)
    running = asyncio.create_task(software.agent.run())
    try:
        await software.until(lambda: software.last(DutyTold) is not None)
        duty = software.last(DutyTold)
        assert (duty.on_shift, duty.needs) == (False, "passkey")
        assert (await booth.service.api.session(session))["operators_present"] == []
        link = f"{page(address(booth.service.url))}#shift={duty.ceremony}"
        assert link.startswith(booth.home)
        assert await booth.uses_passkey(link) == "Your shift has begun. You may close this page."
        await software.until(lambda: software.last(DutyTold).on_shift)
        await software.until(lambda: software.last(FloorChanged) is not None and software.last(FloorChanged).driving)
        await booth.service.api.until(session, lambda s: s["operators_present"] == [booth.operator], within=WITHIN)
        again = await booth.uses_passkey(link)
        assert again.startswith("It did not work: This ceremony is over")
    finally:
        software.agent.leave()
        await running
    (shift,) = (await booth.service.api.call("GET", f"/v1/operators/{booth.operator}/shifts"))["items"]
    assert (shift["session"], shift["passkey"]) == (session, passkey["id"])
    await booth.service.api.end(session)


async def test_a_passkey_without_its_person_begins_nothing(booth: Booth) -> None:
    await booth.authenticator_that(isUserVerified=False)
    assert (await booth.enrols()).startswith("It did not work")
    await booth.authenticator_that(hasUserVerification=False)
    assert (await booth.enrols()).startswith("It did not work")


async def test_a_synced_passkey_counts_where_the_policy_says_so_and_nowhere_else(booth: Booth) -> None:
    await booth.authenticator_that(defaultBackupEligibility=True, defaultBackupState=True)
    assert await booth.enrols() == "Your passkey is registered. You may close this page."
    channel_key = public(Ed25519PrivateKey.generate())
    for policy, said in (("bound", "It did not work: This passkey may be on several"), ("synced", "Your shift has b")):
        session = await attached(booth, policy)
        wish = {"session": session, "operator": booth.operator, "channel_key": channel_key}
        ceremony = await booth.service.api.call("POST", "/v1/shifts", json=wish)
        assert (await booth.uses_passkey(f"{booth.home}/passkey#shift={ceremony['ceremony']}")).startswith(said)
        await booth.service.api.end(session)
