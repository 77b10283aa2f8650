"""Consents: that a person whom an avatar resembles agreed, to what, and until they withdraw.

A person is a reference of whoever keeps the proof of the consent, never a name.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.purge import PurgeProof
from protocols.session import AvatarId
from registry.avatars import Avatars
from registry.database import Database, alone
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.ledger import Ledger
from registry.name import short_text
from registry.schema import avatars, consents

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,119}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent on record. ``guardian``: who agreed for a person who may not by themselves."""

    id: str
    avatar: AvatarId
    subject: str
    purpose: str
    scope: str
    guardian: str | None
    obtained_at: datetime
    recorded_at: datetime
    withdrawn_at: datetime | None


class Consents:
    """The consents of the registry."""

    def __init__(self, database: Database, avatars_: Avatars, ledger: Ledger | None = None) -> None:
        self._database = database
        self._avatars = avatars_
        self._ledger = ledger

    async def record(
        self,
        avatar: AvatarId,
        *,
        subject: str,
        purpose: str,
        scope: str,
        obtained_at: datetime,
        guardian: str | None = None,
        by: str,
        at: datetime,
    ) -> Consent:
        """Keep that ``subject`` agreed; an avatar that waited for it alone becomes active.

        Raises Refused for a subject that is no reference or a time in the future, Conflict for an avatar that is
        revoked.
        """
        if obtained_at > at:
            raise Refused("The consent would be of the future; give the time at which it was obtained.")
        consent = fresh("con")
        values = {
            "id": consent,
            "avatar": avatar,
            "subject": _reference(subject, "subject"),
            "purpose": short_text(purpose, what="purpose", longest=500),
            "scope": short_text(scope, what="scope", longest=500),
            "guardian": None if guardian is None else _reference(guardian, "guardian"),
            "obtained_at": obtained_at,
            "recorded_at": at,
        }
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            await _refuse_unknown(connection, avatar)
            await connection.execute(insert(consents).values(values))
            await self._enter("obtained", avatar, {"consent": consent, "by": by, "guardian": guardian is not None}, at)
            await self._avatars.settle_within(connection, avatar, at)
            return await _one(connection, consent)

    async def withdraw(self, consent: str, *, salt: bytes, by: str, because: str, at: datetime) -> PurgeProof:
        """The person withdraws: the avatar is revoked, its pictures and vectors are deleted.

        ``salt``: 32 random bytes, not kept. Raises NotFound; Conflict where it is withdrawn already.
        """
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            present = await _one(connection, consent)
            if present.withdrawn_at is not None:
                raise Conflict(f"Consent {consent} is withdrawn already.", other=present.avatar)
            await connection.execute(update(consents).where(consents.c.id == consent).values(withdrawn_at=at))
            content = {"consent": consent, "by": by, "because": because}
            await self._enter("withdrawn", present.avatar, content, at)
            why = "the consent of the person it resembles was withdrawn"
            proof = await self._avatars.purge_within(connection, present.avatar, salt=salt, by=by, because=why, at=at)
        await self._database.scrub()
        return proof

    async def get(self, consent: str) -> Consent:
        """The consent, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, consent)

    async def of(self, avatar: AvatarId) -> tuple[Consent, ...]:
        """The consents for ``avatar``, oldest first, the withdrawn included."""
        query = select(consents).where(consents.c.avatar == avatar).order_by(consents.c.seq)
        async with self._database.reading() as connection:
            return tuple(_consent(row) for row in await connection.execute(query))

    async def _enter(self, what: str, avatar: AvatarId, content: dict[str, Any], at: datetime) -> None:
        if self._ledger is not None:
            await self._ledger.append(f"consent.{what}", "", avatar, content, at)


def _reference(text: str, what: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise Refused(
            f"The {what} must be a reference of 1 to 120 letters, digits and . _ : @ - without spaces; "
            "names of people are not kept here."
        )
    return text


async def _refuse_unknown(connection: AsyncConnection, avatar: AvatarId) -> None:
    state = await connection.scalar(select(avatars.c.state).where(avatars.c.id == avatar))
    if state is None:
        raise NotFound(f"No avatar {avatar} is registered.")
    if state == "revoked":
        raise Conflict(f"Avatar {avatar} is revoked, which is for good; register it anew.", other=avatar)


async def _one(connection: AsyncConnection, consent: str) -> Consent:
    row = (await connection.execute(select(consents).where(consents.c.id == consent))).one_or_none()
    if row is None:
        raise NotFound(f"There is no consent {consent}.")
    return _consent(row)


def _consent(row: Row[Any]) -> Consent:
    return Consent(
        id=row.id,
        avatar=AvatarId(row.avatar),
        subject=row.subject,
        purpose=row.purpose,
        scope=row.scope,
        guardian=row.guardian,
        obtained_at=row.obtained_at,
        recorded_at=row.recorded_at,
        withdrawn_at=row.withdrawn_at,
    )
