"""Keys of others, as JWK sets at an address: kept while they are fresh, asked for anew where a key is not in them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from monitor.egress import EgressRefused
from monitor.exchange import ExchangeFailed, exchange

FRESH_FOR = timedelta(minutes=10)
_ASK_AGAIN_AFTER = timedelta(seconds=30)  # for a key that the set did not have: it may be new


class ProviderSilent(Exception):
    """An identity provider's keys cannot be had now, or it does not answer."""


@dataclass(slots=True)
class _Kept:
    keys: Mapping[str, Any]
    at: datetime


class KeySets:
    """The JWK sets of providers, by their address."""

    def __init__(self, client: httpx.AsyncClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def at(self, url: str, wanted: str | None) -> Mapping[str, Any]:
        """The set at an address, which ``wanted`` should be a key of. Raises ProviderSilent."""
        kept, now = self._kept.get(url), self._clock()
        if kept is not None:
            age = now - kept.at
            known = wanted is None or any(key.get("kid") == wanted for key in kept.keys["keys"])
            if age < (FRESH_FOR if known else _ASK_AGAIN_AFTER):
                return kept.keys
        fetched = await self._fetched(url)
        self._kept[url] = _Kept(fetched, now)
        return fetched

    async def _fetched(self, url: str) -> Mapping[str, Any]:
        try:
            answer = await exchange(self._client, "GET", url, headers={"accept": "application/json"})
        except (ExchangeFailed, EgressRefused) as failure:
            raise ProviderSilent(f"The identity provider's keys cannot be had now: {failure}.") from failure
        if not answer.accepted or not answer.whole:
            raise ProviderSilent(f"The identity provider's keys cannot be had now: it answers {answer.status}.")
        return _key_set(answer.body)


def in_file(file: Path) -> Mapping[str, Any]:
    """The set in a file. Raises ProviderSilent."""
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
