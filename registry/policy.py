"""Policies: versioned documents that hold every threshold; a version is never changed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.chain import canonical
from registry.database import Database, alone
from registry.error import NotFound, Refused
from registry.name import short_text
from registry.schema import policies


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """One version of a policy; ``id`` is ``name@version``."""

    name: str
    version: int
    document: Mapping[str, Any]
    put_at: datetime

    @property
    def id(self) -> str:
        """What verdicts and sessions name."""
        return f"{self.name}@{self.version}"


class Policies:
    """The policies of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, name: str, document: Mapping[str, Any], *, at: datetime) -> str:
        """Keep ``document`` as the newest version of ``name``; returns ``name@version``.

        A document equal to the newest version makes no new one.
        """
        if "@" in short_text(name, what="policy's name", longest=64):
            raise Refused("A policy's name holds no '@': the registry numbers the versions itself.")
        try:
            written = canonical(document)
        except ValueError as error:
            raise Refused(f"The policy's document is not JSON: {error}") from error
        digest = hashlib.sha256(written).digest()
        async with self._database.writing() as connection:
            await alone(connection, "policies")
            newest = (await connection.execute(_newest(name))).one_or_none()
            if newest is not None and newest.digest == digest:
                return f"{name}@{newest.version}"
            version = 1 if newest is None else newest.version + 1
            await connection.execute(
                insert(policies).values(
                    name=name, version=version, document=json.loads(written), digest=digest, put_at=at
                )
            )
        return f"{name}@{version}"

    async def get(self, reference: str) -> PolicyVersion:
        """The policy ``name@version``, or the newest version of ``name``. Raises NotFound."""
        name, at_sign, _ = reference.partition("@")
        query = _newest(name)
        if at_sign:
            query = select(policies).where(policies.c.name == name, policies.c.version == version_number(reference))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"There is no policy {reference}.")
        return _policy(row)

    async def versions(self, name: str, *, most: int = 100) -> tuple[PolicyVersion, ...]:
        """Up to ``most`` versions of ``name``, the newest first. Raises NotFound where there is none."""
        query = select(policies).where(policies.c.name == name).order_by(policies.c.version.desc()).limit(most)
        async with self._database.reading() as connection:
            found = tuple(_policy(row) for row in await connection.execute(query))
        if not found:
            raise NotFound(f"There is no policy {name}.")
        return found

    async def list(self) -> tuple[PolicyVersion, ...]:
        """The newest version of every policy, by name."""
        newest = select(policies.c.name, func.max(policies.c.version).label("version")).group_by(policies.c.name)
        latest = newest.subquery()
        query = (
            select(policies)
            .join(latest, (policies.c.name == latest.c.name) & (policies.c.version == latest.c.version))
            .order_by(policies.c.name)
        )
        async with self._database.reading() as connection:
            return tuple(_policy(row) for row in await connection.execute(query))


async def known_policy(connection: AsyncConnection, reference: str) -> None:
    """Raise NotFound where no policy of this name, or of this ``name@version``, is kept."""
    name, at_sign, _ = reference.partition("@")
    query = select(policies.c.version).where(policies.c.name == name).limit(1)
    if at_sign:
        query = query.where(policies.c.version == version_number(reference))
    if await connection.scalar(query) is None:
        raise NotFound(f"There is no policy {reference}.")


def version_number(reference: str) -> int:
    """The number in ``name@number``. Raises Refused where there is none."""
    number = reference.partition("@")[2]
    if not (number.isascii() and number.isdecimal() and len(number) <= 9):
        raise Refused(f"{reference!r} names no version of a policy; write it like standard@3.")
    return int(number)


def _newest(name: str) -> Any:
    return select(policies).where(policies.c.name == name).order_by(policies.c.version.desc()).limit(1)


def _policy(row: Row[Any]) -> PolicyVersion:
    return PolicyVersion(name=row.name, version=row.version, document=row.document, put_at=row.put_at)
