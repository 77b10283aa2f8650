"""Whose tokens are believed, and their keys: from a file, or from an address, kept while they are fresh."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from monitor.identity import Provider, Providers, ProviderSilent
from protocols.identity import Form, IdentityRefused, Issuer
from tests.servers.issuer import AUDIENCE, NAME, IdentityProvider

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
THEN = "2026-11-01T10:00:00Z"
ISSUER = Issuer(name=NAME, form=Form.OPENID, audience=AUDIENCE, assurances=frozenset({"high"}))


class Body(httpx.AsyncByteStream):
    """A body that arrives over a wire, as far as the client can tell."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


class Web:
    """Where the keys are, and how often they were asked for."""

    def __init__(self, answer: Callable[[], tuple[int, bytes]]) -> None:
        self.answer, self.asked, self.now = answer, 0, NOW
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.providers = Providers(
            (Provider(issuer=ISSUER, keys_url="https://id.example/jwks"),), self.client, lambda: self.now
        )

    def _answer(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        status, body = self.answer()
        return httpx.Response(status, stream=Body(body))


async def test_keys_in_a_file_are_read_each_time(tmp_path: Path) -> None:
    file, provider = tmp_path / "jwks.json", IdentityProvider()
    providers = Providers((Provider(issuer=ISSUER, keys=file),), httpx.AsyncClient(), lambda: NOW)
    token = provider.id_token(NOW, verified_at=THEN)
    with pytest.raises(ProviderSilent, match="cannot be read"):
        await providers.verified(token)
    file.write_text(json.dumps(provider.keys))
    assert (await providers.verified(token)).pseudonym == "b2f6c0d1"
    for nonsense in ("", "[]", '{"keys": []}', '{"keys": [1]}', "\x00"):
        file.write_text(nonsense)
        with pytest.raises(ProviderSilent, match="no JWK set"):
            await providers.verified(token)


async def test_keys_at_an_address_are_kept_while_fresh_and_asked_for_anew_where_one_is_new() -> None:
    first = IdentityProvider()
    second = IdentityProvider(ECKey.generate_key("P-256", {"kid": "k2"}))
    served = [first.keys]
    web = Web(lambda: (200, json.dumps(served[0]).encode()))
    for _ in range(3):
        await web.providers.verified(first.id_token(NOW, verified_at=THEN))
    assert web.asked == 1
    served[0] = second.keys
    rotated = second.signed(
        {
            "iss": NAME,
            "sub": "x1",
            "aud": AUDIENCE,
            "iat": int(NOW.timestamp()),
            "exp": int(NOW.timestamp()) + 300,
            "verified_claims": {"verification": {"assurance_level": "high", "time": THEN}},
        },
        kid="k2",
    )
    with pytest.raises(IdentityRefused):  # asked a moment ago: nobody makes us ask again and again
        await web.providers.verified(rotated)
    web.now += timedelta(seconds=31)
    assert (await web.providers.verified(rotated)).pseudonym == "x1"
    assert web.asked == 2


async def test_a_provider_that_does_not_answer_verifies_nobody() -> None:
    token = IdentityProvider().id_token(NOW, verified_at=THEN)
    for answer in ((500, b""), (200, b"{"), (200, b"x" * 70_000)):
        with pytest.raises(ProviderSilent):
            await Web(lambda answer=answer: answer).providers.verified(token)  # type: ignore[misc]

    def down() -> tuple[int, bytes]:
        raise httpx.ConnectError("down")

    with pytest.raises(ProviderSilent, match="cannot be had now"):
        await Web(down).providers.verified(token)


async def test_an_issuer_that_the_settings_do_not_name_is_not_believed() -> None:
    providers = Providers((), httpx.AsyncClient(), lambda: NOW)
    with pytest.raises(IdentityRefused, match="none that the settings"):
        await providers.verified(IdentityProvider().id_token(NOW, verified_at=THEN))
