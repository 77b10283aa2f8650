"""Passkeys of any holder, the ceremonies that are under way, and the invitations that a first one is registered by.

A holder is named by an id (``op_…`` an operator); what the id belongs to is not looked at here. Nothing stored tells
who somebody is: public keys, counters, and times.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.database import Database, alone
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.name import short_text
from registry.schema import ceremonies, invitations, passkeys, shifts
from registry.state import Purpose

MOST_PASSKEYS = 16
INVITED_FOR = timedelta(days=3)
_LONGEST_CREDENTIAL = 1023
_CODE_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A registered passkey. ``credential`` and ``key`` are public; ``synced``: it may be on several devices."""

    id: str
    holder: str
    credential: bytes
    key: bytes
    sign_count: int
    synced: bool
    aaguid: str
    added_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """A ceremony that was begun. ``holder`` is None where the passkey itself will say whose it is."""

    id: str
    purpose: Purpose
    challenge: bytes
    holder: str | None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Somebody may register one passkey, once, by a code that only its maker has seen."""

    id: str
    holder: str
    expires_at: datetime
    used_at: datetime | None


class Passkeys:
    """The passkeys of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, *, holder: str, credential: bytes, key: bytes, sign_count: int, synced: bool, aaguid: str, at: datetime
    ) -> Passkey:
        """Register a passkey. Raises Conflict where its credential is registered, Refused for one too many."""
        if not 1 <= len(credential) <= _LONGEST_CREDENTIAL:
            raise Refused("A passkey's credential id has 1 to 1023 bytes.")
        passkey = fresh("pk")
        values = {
            "id": passkey,
            "holder": short_text(holder, what="holder", longest=40),
            "credential": credential,
            "key": key,
            "sign_count": sign_count,
            "synced": synced,
            "aaguid": short_text(aaguid, what="AAGUID", longest=40),
            "added_at": at,
        }
        async with self._database.writing() as connection:
            await alone(connection, "passkeys")
            taken = select(passkeys.c.id).where(passkeys.c.credential == credential)
            if await connection.scalar(taken) is not None:
                raise Conflict("This passkey is registered already; use another authenticator.")
            of_holder = (passkeys.c.holder == holder) & passkeys.c.revoked_at.is_(None)
            count = await connection.scalar(select(func.count()).select_from(passkeys).where(of_holder))
            if (count or 0) >= MOST_PASSKEYS:
                raise Refused(f"There are {MOST_PASSKEYS} passkeys already, which is the most; revoke one first.")
            await connection.execute(insert(passkeys).values(values))
            return await _one(connection, passkey)

    async def of(self, holder: str) -> tuple[Passkey, ...]:
        """The holder's passkeys that are not revoked, oldest first."""
        query = select(passkeys).where(passkeys.c.holder == holder, passkeys.c.revoked_at.is_(None))
        async with self._database.reading() as connection:
            return tuple(_passkey(row) for row in await connection.execute(query.order_by(passkeys.c.seq)))

    async def by_credential(self, credential: bytes) -> Passkey:
        """The passkey of a credential, if it is not revoked; NotFound otherwise."""
        query = select(passkeys).where(passkeys.c.credential == credential, passkeys.c.revoked_at.is_(None))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound("No such passkey is registered.")
        return _passkey(row)

    async def used(self, passkey: Passkey, *, sign_count: int, at: datetime) -> Passkey:
        """Note that a passkey was used. Raises Conflict where it was used or revoked since ``passkey`` was read.

        Of two answers by one counter, one alone counts: a copy of the authenticator would be found so.
        """
        ours = (passkeys.c.id == passkey.id) & (passkeys.c.sign_count == passkey.sign_count)
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(passkeys).where(ours, passkeys.c.revoked_at.is_(None)).values(sign_count=sign_count, used_at=at)
            )
            if changed.rowcount != 1:
                raise Conflict("This passkey was just used somewhere else, or revoked; begin again.")
            return await _one(connection, passkey.id)

    async def revoke(self, passkey: str, *, holder: str, at: datetime) -> Passkey:
        """Let a passkey of ``holder`` count no more, and end the shifts that began by it; revoking it again changes
        nothing. Raises NotFound."""
        async with self._database.writing() as connection:
            if (await _one(connection, passkey)).holder != holder:
                raise NotFound(f"There is no passkey {passkey} of {holder}.")
            await connection.execute(
                update(passkeys).where(passkeys.c.id == passkey, passkeys.c.revoked_at.is_(None)).values(revoked_at=at)
            )
            begun = (shifts.c.passkey == passkey) & shifts.c.ended_at.is_(None)
            because = "its passkey was revoked"
            await connection.execute(update(shifts).where(begun).values(ended_at=at, because=because))
            return await _one(connection, passkey)

    # ---- ceremonies

    async def begin(
        self,
        purpose: Purpose,
        challenge: bytes,
        *,
        holder: str | None,
        expires_at: datetime,
        context: Mapping[str, Any] | None = None,
    ) -> Ceremony:
        """Begin a ceremony; what has expired is forgotten by the way."""
        ceremony = Ceremony(
            id=fresh("cer", 26), purpose=purpose, challenge=challenge, holder=holder, context=dict(context or {})
        )
        async with self._database.writing() as connection:
            await connection.execute(
                delete(ceremonies).where(ceremonies.c.expires_at <= expires_at - timedelta(days=1))
            )
            await connection.execute(
                insert(ceremonies).values(
                    id=ceremony.id,
                    purpose=purpose,
                    challenge=challenge,
                    holder=holder,
                    context=dict(ceremony.context),
                    expires_at=expires_at,
                )
            )
        return ceremony

    async def get(self, ceremony: str, purpose: Purpose, *, now: datetime) -> Ceremony:
        """A ceremony that is not over. Raises NotFound, whatever is wrong with it."""
        async with self._database.reading() as connection:
            query = select(ceremonies).where(ceremonies.c.id == ceremony, ceremonies.c.purpose == purpose)
            return _ceremony((await connection.execute(query)).one_or_none(), now)

    async def take(self, ceremony: str, purpose: Purpose, *, now: datetime) -> Ceremony:
        """Take a ceremony to be ended, which is possible once. Raises NotFound, whatever is wrong with it."""
        ours = (ceremonies.c.id == ceremony) & (ceremonies.c.purpose == purpose)
        async with self._database.writing() as connection:
            row = (await connection.execute(select(ceremonies).where(ours).with_for_update())).one_or_none()
            if row is not None:
                await connection.execute(delete(ceremonies).where(ours))
        return _ceremony(row, now)

    # ---- invitations

    async def invite(self, holder: str, *, at: datetime, lasting: timedelta = INVITED_FOR) -> tuple[Invitation, str]:
        """An invitation and its code, which cannot be had again."""
        code = secrets.token_urlsafe(_CODE_BYTES)
        invitation = Invitation(id=fresh("inv"), holder=holder, expires_at=at + lasting, used_at=None)
        async with self._database.writing() as connection:
            await connection.execute(
                insert(invitations).values(
                    id=invitation.id,
                    holder=short_text(holder, what="holder", longest=40),
                    digest=_digest(code),
                    expires_at=invitation.expires_at,
                )
            )
        return invitation, code

    async def invited(self, code: str, *, now: datetime) -> Invitation:
        """The invitation of a code that is good still. Raises NotFound, whatever is wrong with it."""
        async with self._database.reading() as connection:
            return await _invited(connection, code, now)

    async def accept(self, invitation: str, *, at: datetime) -> None:
        """Use an invitation up. Raises NotFound where it is used already or over."""
        good = invitations.c.used_at.is_(None) & (invitations.c.expires_at > at)
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(invitations).where(invitations.c.id == invitation, good).values(used_at=at)
            )
            if changed.rowcount != 1:
                raise NotFound(_NO_INVITATION)


_NO_INVITATION = "This invitation is used, over, or was never made; ask for a new one."


def _digest(code: str) -> bytes:
    # A plain hash serves: the code has 160 random bits.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def _ceremony(row: Row[Any] | None, now: datetime) -> Ceremony:
    if row is None or row.expires_at <= now:
        raise NotFound("This ceremony is over, or there was none; begin again.")
    return Ceremony(id=row.id, purpose=row.purpose, challenge=row.challenge, holder=row.holder, context=row.context)


async def _invited(connection: AsyncConnection, code: str, now: datetime) -> Invitation:
    query = select(invitations).where(invitations.c.digest == _digest(code))
    row = (await connection.execute(query)).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise NotFound(_NO_INVITATION)
    return Invitation(id=row.id, holder=row.holder, expires_at=row.expires_at, used_at=row.used_at)


async def _one(connection: AsyncConnection, passkey: str) -> Passkey:
    row = (await connection.execute(select(passkeys).where(passkeys.c.id == passkey))).one_or_none()
    if row is None:
        raise NotFound(f"There is no passkey {passkey}.")
    return _passkey(row)


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        holder=row.holder,
        credential=row.credential,
        key=row.key,
        sign_count=row.sign_count,
        synced=row.synced,
        aaguid=row.aaguid,
        added_at=row.added_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
