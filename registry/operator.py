"""Operators: people who drive avatars, known by the pseudonym that the issuer of their identity check gave.

No name and no number of an identity document is stored: who it is can be told by the issuer alone.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.gesture import Ability
from protocols.session import OperatorId
from registry.database import Database, alone
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.ledger import Ledger
from registry.name import short_text
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import device_keys, operators, shifts
from registry.state import OperatorState

MOST_DEVICE_KEYS = 16

REVOKED = "operator.revoked"
KEY_REMOVED = "operator.device_key_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A person under a pseudonym. ``device_keys``: Ed25519 public keys, 32 bytes each, oldest first."""

    id: OperatorId
    pseudonym: str
    issuer: str
    assurance: str
    verified_at: datetime
    device_keys: tuple[bytes, ...]
    state: OperatorState
    cannot: frozenset[Ability] = frozenset()
    """Movements that the operator is never asked for."""

    def lapsed(self, now: datetime, *, after_days: float) -> bool:
        """Whether the identity check is older than ``after_days``, or lies in the future."""
        return not timedelta() <= now - self.verified_at <= timedelta(days=after_days)


class Operators:
    """The operators of the registry."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def enrol(
        self,
        *,
        pseudonym: str,
        issuer: str,
        assurance: str,
        verified_at: datetime,
        device_keys: Iterable[bytes] = (),
        at: datetime,
    ) -> Operator:
        """Enrol a person whose identity ``issuer`` has checked to the level ``assurance``.

        Raises Conflict where the issuer's pseudonym or a device key is enrolled already.
        """
        operator = OperatorId(fresh("op"))
        row = {
            "id": operator,
            "pseudonym": short_text(pseudonym, what="pseudonym"),
            "issuer": short_text(issuer, what="issuer"),
            "assurance": short_text(assurance, what="assurance level"),
            "verified_at": verified_at,
            "enrolled_at": at,
            "state": OperatorState.ACTIVE,
        }
        async with self._database.writing() as connection:
            await alone(connection, "operators")
            same = select(operators.c.id).where(operators.c.issuer == issuer, operators.c.pseudonym == pseudonym)
            if (other := await connection.scalar(same)) is not None:
                raise Conflict(f"This person is enrolled already, as {other}.", other=other)
            await connection.execute(insert(operators).values(row))
            for key in device_keys:
                await _put_key(connection, operator, key, at)
            return await _one(connection, operator)

    async def known(self, issuer: str, pseudonym: str) -> Operator | None:
        """The operator of an issuer's pseudonym, if enrolled."""
        same = select(operators.c.id).where(operators.c.issuer == issuer, operators.c.pseudonym == pseudonym)
        async with self._database.reading() as connection:
            found = await connection.scalar(same)
            return None if found is None else await _one(connection, OperatorId(found))

    async def verified(self, operator: OperatorId, *, assurance: str, verified_at: datetime) -> Operator:
        """Note that the issuer has checked the person's identity anew."""
        async with self._database.writing() as connection:
            present = await _one(connection, operator)
            if verified_at < present.verified_at:
                raise Conflict(f"Operator {operator} was verified later than that already.", other=operator)
            await connection.execute(
                update(operators)
                .where(operators.c.id == operator)
                .values(assurance=short_text(assurance, what="assurance level"), verified_at=verified_at)
            )
            return await _one(connection, operator)

    async def spare(self, operator: OperatorId, cannot: Collection[Ability]) -> Operator:
        """Note which movements the operator is never to be asked for; sessions that begin from now on heed it."""
        async with self._database.writing() as connection:
            await _one(connection, operator)
            noted = sorted(Ability(ability).value for ability in cannot)
            await connection.execute(update(operators).where(operators.c.id == operator).values(cannot=noted))
            return await _one(connection, operator)

    async def add_device_key(self, operator: OperatorId, key: bytes, *, at: datetime) -> Operator:
        """Add an Ed25519 public key (32 bytes). Raises Conflict where anybody has it already."""
        async with self._database.writing() as connection:
            await alone(connection, "operators")
            if (await _one(connection, operator)).state is OperatorState.REVOKED:
                raise Conflict(f"Operator {operator} is revoked.", other=operator)
            await _put_key(connection, operator, key, at)
            return await _one(connection, operator)

    async def remove_device_key(self, operator: OperatorId, key: bytes, *, by: str, at: datetime) -> Operator:
        """Let a device key count no more, as when its device is lost; shifts whose channel it speaks for end with it.

        The last one may be removed as well: somebody has to make another known then. Raises NotFound.
        """
        async with self._database.writing() as connection:
            await alone(connection, "operators")
            if key not in (await _one(connection, operator)).device_keys:
                raise NotFound(f"Operator {operator} has no such device key.")
            if self._ledger is not None:
                digest = hashlib.sha256(key).hexdigest()
                await self._ledger.append(KEY_REMOVED, "", operator, {"by": by, "sha256": digest}, at)
            await connection.execute(delete(device_keys).where(device_keys.c.key == key))
            theirs = (shifts.c.operator == operator) & (shifts.c.channel_key == key) & shifts.c.ended_at.is_(None)
            because = "its device key was removed"
            await connection.execute(update(shifts).where(theirs).values(ended_at=at, because=because))
            return await _one(connection, operator)

    async def due(self, before: datetime, *, limit: int) -> Sequence[Operator]:
        """Active operators who were verified ``before``, and were not reminded since, longest ago first."""
        late = (operators.c.verified_at <= before) & (operators.c.state == OperatorState.ACTIVE)
        unsaid = operators.c.reminded_at.is_(None) | (operators.c.reminded_at <= operators.c.verified_at)
        query = select(operators.c.id).where(late, unsaid).order_by(operators.c.verified_at).limit(limit)
        async with self._database.reading() as connection:
            return await _many(connection, [OperatorId(row.id) for row in await connection.execute(query)])

    async def reminded(self, operator: OperatorId, *, at: datetime) -> None:
        """Note that it was told that the operator is to be verified anew."""
        async with self._database.writing() as connection:
            await connection.execute(update(operators).where(operators.c.id == operator).values(reminded_at=at))

    async def devices(self, operator: OperatorId) -> Sequence[tuple[bytes, datetime]]:
        """The operator's device keys, each with when it was added, oldest first."""
        query = select(device_keys).where(device_keys.c.operator == operator).order_by(device_keys.c.position)
        async with self._database.reading() as connection:
            return [(row.key, row.added_at) for row in await connection.execute(query)]

    async def get(self, operator: OperatorId) -> Operator:
        """The operator, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, operator)

    async def list(self, *, limit: int = 100, cursor: str | None = None) -> Page[Operator]:
        """Operators, newest first."""
        query = select(operators.c.seq, operators.c.id).order_by(operators.c.seq.desc()).limit(page_size(limit) + 1)
        if cursor is not None:
            query = query.where(operators.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            items = await _many(connection, [OperatorId(row.id) for row in rows[:limit]])
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=items, next=more)

    async def revoke(self, operator: OperatorId, *, by: str, because: str, at: datetime) -> Operator:
        """Take the operator's right to drive away, for good; entered in the ledger, once."""
        async with self._database.writing() as connection:
            present = await _one(connection, operator)
            if self._ledger is not None and present.state is not OperatorState.REVOKED:
                await self._ledger.append(REVOKED, "", operator, {"by": by, "because": because}, at)
            await connection.execute(
                update(operators).where(operators.c.id == operator).values(state=OperatorState.REVOKED)
            )
            return await _one(connection, operator)


async def _put_key(connection: AsyncConnection, operator: OperatorId, key: bytes, at: datetime) -> None:
    if len(key) != 32:
        raise Refused(f"A device key is an Ed25519 public key of 32 bytes, not {len(key)}.")
    holder = await connection.scalar(select(device_keys.c.operator).where(device_keys.c.key == key))
    if holder is not None:
        raise Conflict(
            f"This device key belongs to operator {holder} already; make a new one on the device.", other=holder
        )
    counted = select(func.count(), func.max(device_keys.c.position)).where(device_keys.c.operator == operator)
    count, last = (await connection.execute(counted)).one()
    if count >= MOST_DEVICE_KEYS:
        raise Refused(f"Operator {operator} has {MOST_DEVICE_KEYS} device keys, which is the most; remove one first.")
    await connection.execute(
        insert(device_keys).values(key=key, operator=operator, position=0 if last is None else last + 1, added_at=at)
    )


async def _one(connection: AsyncConnection, operator: OperatorId) -> Operator:
    found = await _many(connection, [operator])
    if not found:
        raise NotFound(f"No operator {operator} is enrolled.")
    return found[0]


async def _many(connection: AsyncConnection, ids: list[OperatorId]) -> tuple[Operator, ...]:
    keys: dict[str, list[bytes]] = {}
    of_them = select(device_keys).where(device_keys.c.operator.in_(ids)).order_by(device_keys.c.position)
    for row in await connection.execute(of_them):
        keys.setdefault(row.operator, []).append(row.key)
    rows = await connection.execute(select(operators).where(operators.c.id.in_(ids)).order_by(operators.c.seq.desc()))
    return tuple(
        Operator(
            id=OperatorId(row.id),
            pseudonym=row.pseudonym,
            issuer=row.issuer,
            assurance=row.assurance,
            verified_at=row.verified_at,
            device_keys=tuple(keys.get(row.id, ())),
            state=row.state,
            cannot=frozenset(Ability(ability) for ability in row.cannot or ()),
        )
        for row in rows
    )
