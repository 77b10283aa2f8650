"""Identity providers: whose tokens are believed, and their keys, from a file or kept fresh from their address."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from monitor.exchange import ExchangeFailed, exchange
from protocols.identity import IdentityRefused, Issuer, VerifiedIdentity, issuer_of, key_of, verified

_FRESH_FOR = timedelta(minutes=10)
_ASK_AGAIN_AFTER = timedelta(seconds=30)  # for a key that the set did not have: it may be new


class ProviderSilent(Exception):
    """An identity provider's keys cannot be had now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One issuer, and where its JWK set is: a file, or an address."""

    issuer: Issuer
    keys: Path | None = None
    keys_url: str | None = None


@dataclass(slots=True)
class _Kept:
    keys: Mapping[str, Any]
    at: datetime


class Providers:
    """The providers of the settings."""

    def __init__(
        self, providers: tuple[Provider, ...], client: httpx.AsyncClient, clock: Callable[[], datetime]
    ) -> None:
        self._providers = {provider.issuer.name: provider for provider in providers}
        self._client = client
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def verified(self, token: str) -> VerifiedIdentity:
        """Whom a token verifies. Raises IdentityRefused, ProviderSilent."""
        provider = self._providers.get(issuer_of(token))
        if provider is None:
            raise IdentityRefused("The token's issuer is none that the settings of the service name under 'identity'.")
        keys = await self._keys(provider, key_of(token))
        return verified(token, provider.issuer, keys, now=self._clock())

    async def _keys(self, provider: Provider, wanted: str | None) -> Mapping[str, Any]:
        if provider.keys is not None:
            return _read(provider.keys)
        kept, now = self._kept.get(provider.issuer.name), self._clock()
        if kept is not None:
            age = now - kept.at
            known = wanted is None or any(key.get("kid") == wanted for key in kept.keys["keys"])
            if age < (_FRESH_FOR if known else _ASK_AGAIN_AFTER):
                return kept.keys
        fetched = await self._fetched(provider.keys_url or "")
        self._kept[provider.issuer.name] = _Kept(fetched, now)
        return fetched

    async def _fetched(self, url: str) -> Mapping[str, Any]:
        try:
            answer = await exchange(self._client, "GET", url, headers={"accept": "application/json"})
        except ExchangeFailed as failure:
            raise ProviderSilent(f"The identity provider's keys cannot be had now: {failure}.") from failure
        if not answer.accepted or not answer.whole:
            raise ProviderSilent(f"The identity provider's keys cannot be had now: it answers {answer.status}.")
        return _key_set(answer.body)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return _key_set(file.read_bytes())
    except OSError as error:
        raise ProviderSilent(f"The identity provider's keys cannot be read: {error.strerror}.") from error


def _key_set(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
        keys = found["keys"]
        whole = isinstance(keys, list) and keys != [] and all(isinstance(key, dict) for key in keys)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise ProviderSilent("What stands where the identity provider's keys should be is no JWK set.")
    return {"keys": keys}
