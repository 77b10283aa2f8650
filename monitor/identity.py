"""Identity providers: whose tokens about operators are believed, and their keys, from a file or from their address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from monitor.key_set import KeySets, ProviderSilent, in_file
from protocols.identity import IdentityRefused, Issuer, VerifiedIdentity, issuer_of, key_of, verified

__all__ = ["Provider", "ProviderSilent", "Providers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One issuer, and where its JWK set is: a file, or an address."""

    issuer: Issuer
    keys: Path | None = None
    keys_url: str | None = None


class Providers:
    """The providers of the settings."""

    def __init__(
        self, providers: tuple[Provider, ...], client: httpx.AsyncClient, clock: Callable[[], datetime]
    ) -> None:
        self._providers = {provider.issuer.name: provider for provider in providers}
        self._sets = KeySets(client, clock)
        self._clock = clock

    async def verified(self, token: str) -> VerifiedIdentity:
        """Whom a token verifies. Raises IdentityRefused, ProviderSilent."""
        provider = self._providers.get(issuer_of(token))
        if provider is None:
            raise IdentityRefused("The token's issuer is none that the settings of the service name under 'identity'.")
        keys = await self._keys(provider, key_of(token))
        return verified(token, provider.issuer, keys, now=self._clock())

    async def _keys(self, provider: Provider, wanted: str | None) -> Mapping[str, Any]:
        if provider.keys is not None:
            return in_file(provider.keys)
        return await self._sets.at(provider.keys_url or "", wanted)
