"""API keys: who may ask the service for what. The secret is shown once and kept nowhere; its hash is."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from registry.database import Database
from registry.error import NotFound, Refused
from registry.identity import fresh
from registry.name import display_name
from registry.schema import api_keys

_PREFIX = "nkh"
_NO_DIGEST = bytes(32)


class Scope(StrEnum):
    """What a key allows; ADMIN allows everything."""

    SESSIONS_WRITE = "sessions:write"
    SESSIONS_READ = "sessions:read"
    CUTS_READ = "cuts:read"
    CUTS_RESTORE = "cuts:restore"
    CASES_READ = "cases:read"
    CASES_DECIDE = "cases:decide"
    APPEALS_WRITE = "appeals:write"
    REPORTS_WRITE = "reports:write"
    CUTS_ORDER = "cuts:order"
    AVATARS_WRITE = "avatars:write"
    AVATARS_READ = "avatars:read"
    AVATARS_REVIEW = "avatars:review"
    OPERATORS_WRITE = "operators:write"
    OPERATORS_READ = "operators:read"
    POLICIES_WRITE = "policies:write"
    POLICIES_READ = "policies:read"
    LEDGER_READ = "ledger:read"
    METRICS_READ = "metrics:read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key without its secret."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def allows(self, scope: Scope) -> bool:
        """Whether the key may be used for ``scope``."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


class ApiKeys:
    """The API keys of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, *, name: str, scopes: Collection[Scope], at: datetime, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its secret (``nkh_…``), which cannot be had again."""
        if not scopes:
            raise Refused("A key without a scope could do nothing; name at least one.")
        if expires_at is not None and expires_at <= at:
            raise Refused("The key would be expired already; give an end in the future, or none.")
        key = fresh("key")
        secret = f"{_PREFIX}_{key.removeprefix('key_')}_{secrets.token_urlsafe(32)}"
        async with self._database.writing() as connection:
            await connection.execute(
                insert(api_keys).values(
                    id=key,
                    name=display_name(name, what="key's name"),
                    digest=_digest(secret),
                    scopes=sorted(Scope(scope).value for scope in scopes),
                    created_at=at,
                    expires_at=expires_at,
                )
            )
        return await self.get(key), secret

    async def verify(self, secret: str, *, now: datetime) -> ApiKey | None:
        """The key that ``secret`` belongs to; None for an unknown, expired or revoked one, whichever it is."""
        parts = secret.split("_", 2)
        known = len(parts) == 3 and parts[0] == _PREFIX and len(secret) <= 128 and parts[1].isalnum()
        row = None
        if known:
            async with self._database.reading() as connection:
                query = select(api_keys).where(api_keys.c.id == f"key_{parts[1]}")
                row = (await connection.execute(query)).one_or_none()
        digest = row.digest if row is not None else _NO_DIGEST
        matches = hmac.compare_digest(digest, _digest(secret))
        if row is None or not matches or row.revoked_at is not None:
            return None
        return None if row.expires_at is not None and row.expires_at <= now else _key(row)

    async def get(self, key: str) -> ApiKey:
        """The key, or NotFound."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(api_keys).where(api_keys.c.id == key))).one_or_none()
        if row is None:
            raise NotFound(f"There is no API key {key}.")
        return _key(row)

    async def list(self) -> tuple[ApiKey, ...]:
        """Every key, oldest first, the revoked ones included."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(api_keys).order_by(api_keys.c.seq))
            return tuple(_key(row) for row in rows)

    async def revoke(self, key: str, *, at: datetime) -> ApiKey:
        """Let the key be used no more; revoking it again changes nothing."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(api_keys).where(api_keys.c.id == key, api_keys.c.revoked_at.is_(None)).values(revoked_at=at)
            )
        return await self.get(key)


def _digest(secret: str) -> bytes:
    # A plain hash serves: the secret has 256 random bits, so there is nothing to guess faster or slower.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
