"""OpenID providers that moderators sign in by: what they are asked, what they answer, and their keys."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from monitor.egress import EgressRefused
from monitor.exchange import Answer, ExchangeFailed, exchange
from monitor.key_set import FRESH_FOR, KeySets, ProviderSilent
from protocols.openid import (
    SECRET_BYTES,
    Client,
    Endpoints,
    Identified,
    OpenIdRefused,
    Question,
    asked,
    endpoints,
    identified,
    left,
    own_answer,
    signing_key,
)
from registry.error import NotFound
from registry.passkey import Ceremony, Passkeys
from registry.state import Purpose

LASTING = timedelta(minutes=10)
"""Within which the person has to be back from the provider."""
_LONGEST_CODE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdProvider:
    """One provider: what we are to it, our secret there, and what the console's button calls it."""

    name: str
    label: str
    client: Client
    secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A question to a provider: where the browser goes, and the secret that it keeps until it is back."""

    url: str
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a browser brings back from a provider; ``secret`` is what it was given."""

    state: str
    code: str
    issuer: str | None
    secret: bytes


class OpenIdProviders:
    """The providers of the settings. Questions are kept like passkeys' ceremonies: they end once, in time."""

    def __init__(
        self,
        providers: tuple[OpenIdProvider, ...],
        ceremonies: Passkeys,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime],
        *,
        origin: str,
    ) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._ceremonies = ceremonies
        self._client = client
        self._clock = clock
        self._origin = origin
        self._sets = KeySets(client, clock)
        self._found: dict[str, tuple[datetime, Endpoints]] = {}

    @property
    def labels(self) -> dict[str, str]:
        """What the console's buttons call the providers, by name."""
        return {provider.name: provider.label for provider in self._providers.values()}

    def issuer(self, name: str) -> str:
        """The issuer of a provider. Raises NotFound."""
        return self._provider(name).client.issuer

    async def begin(self, name: str, purpose: Purpose, *, signin: str | None = None) -> Begun:
        """Begin to ask a provider; ``signin``: the sign-in that steps up, whose person must be asked again.

        Raises NotFound, ProviderSilent, OpenIdRefused.
        """
        provider = self._provider(name)
        at = await self._endpoints(provider)
        secret, now = secrets.token_bytes(SECRET_BYTES), self._clock()
        context = {"provider": name, "signin": signin, "asked_at": now.timestamp()}
        begun = await self._ceremonies.begin(
            purpose, _digest(secret), holder=None, expires_at=now + LASTING, context=context
        )
        question = Question(state=begun.id, secret=secret, back=self._back(name))
        return Begun(url=asked(provider.client, at, question, again=signin is not None), secret=secret)

    async def finish(self, name: str, purpose: Purpose, returned: Returned, *, signin: str | None = None) -> Identified:
        """Whom the provider names. The question is over whatever comes of it.

        Raises NotFound where there was no such question for this browser, ProviderSilent, OpenIdRefused.
        """
        ceremony = await self._ceremonies.take(returned.state, purpose, now=self._clock())
        if not _ours(ceremony, name, returned.secret, signin):
            raise NotFound("This was begun in another browser, or is over; begin again.")
        provider = self._provider(name)
        at = await self._endpoints(provider)
        own_answer(provider.client, at, returned.issuer)
        question = Question(state=ceremony.id, secret=returned.secret, back=self._back(name))
        token = await self._exchanged(provider, at, question, returned.code)
        wanted = signing_key(token)
        since = datetime.fromtimestamp(ceremony.context["asked_at"], self._clock().tzinfo)
        return identified(
            token,
            provider.client,
            await self._sets.at(at.keys, wanted),
            nonce=question.nonce,
            now=self._clock(),
            asked_at=None if signin is None else since,
        )

    async def left(self, name: str) -> str | None:
        """Where the person signs out of the provider too; None where it says nothing of it, or nothing at all."""
        try:
            provider = self._provider(name)
            return left(provider.client, await self._endpoints(provider), f"{self._origin}/console")
        except (NotFound, ProviderSilent, OpenIdRefused):
            return None

    def _provider(self, name: str) -> OpenIdProvider:
        if name not in self._providers:
            raise NotFound("There is no such provider in the settings of the service, under 'sign_in'.")
        return self._providers[name]

    def _back(self, name: str) -> str:
        """Where the provider sends the browser: one address for each, so that no answer is taken for another's."""
        return f"{self._origin}/console/provider/{name}"

    async def _endpoints(self, provider: OpenIdProvider) -> Endpoints:
        kept, now = self._found.get(provider.name), self._clock()
        if kept is not None and now - kept[0] < FRESH_FOR:
            return kept[1]
        url = f"{provider.client.issuer.rstrip('/')}/.well-known/openid-configuration"
        answer = await self._answer(provider, "GET", url)
        found = endpoints(_document(answer) if answer.accepted else None, provider.client)
        self._found[provider.name] = (now, found)
        return found

    async def _exchanged(self, provider: OpenIdProvider, at: Endpoints, question: Question, code: str) -> str:
        """The ID token for a code."""
        if not 1 <= len(code) <= _LONGEST_CODE:
            raise OpenIdRefused("The provider has sent no code; begin again.")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": question.back,
            "code_verifier": question.verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if provider.secret is None or at.secret_in_body:
            form |= {"client_id": provider.client.client_id}
            form |= {} if provider.secret is None else {"client_secret": provider.secret}
        else:
            headers["authorization"] = _basic(provider.client.client_id, provider.secret)
        answer = await self._answer(provider, "POST", at.token, headers=headers, content=urlencode(form).encode())
        document = _document(answer)
        if not answer.accepted or not isinstance(document, dict) or not isinstance(document.get("id_token"), str):
            raise OpenIdRefused(f"The provider {provider.label} does not take this code; begin again.")
        return str(document["id_token"])

    async def _answer(
        self,
        provider: OpenIdProvider,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        wanted = {"accept": "application/json", **(headers or {})}
        try:
            answer = await exchange(self._client, method, url, headers=wanted, content=content)
        except (ExchangeFailed, EgressRefused) as failure:
            raise ProviderSilent(_silent(provider, f"{failure}")) from failure
        if answer.status >= 500 or not answer.whole:
            raise ProviderSilent(_silent(provider, f"it answers {answer.status}"))
        return answer


def _silent(provider: OpenIdProvider, why: str) -> str:
    return f"{provider.label} does not answer now ({why}); try again in a moment, or sign in with a passkey."


def _ours(ceremony: Ceremony, name: str, secret: bytes, signin: str | None) -> bool:
    context = ceremony.context
    return (
        hmac.compare_digest(ceremony.challenge, _digest(secret))
        and context.get("provider") == name
        and context.get("signin") == signin
    )


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(b"nakanohito/openid/v1\0browser" + secret).digest()


def _basic(client: str, secret: str) -> str:
    # Encoded as a form first (RFC 6749, 2.3.1).
    return "Basic " + base64.b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()


def _document(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
