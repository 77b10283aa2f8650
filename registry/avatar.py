"""Avatars: the registered likenesses, who owns each, and the vectors that they are recognised by."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.gesture import Ability
from protocols.session import AvatarId
from registry.database import Database, alone
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.name import comparison_key, display_name, short_text
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.schema import avatars, pictures, vectors
from registry.state import AvatarState

MOST_VECTORS = 4096
"""Vectors of one avatar under one model, and numbers of one vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Avatar:
    """A registered likeness. ``model`` names the encoder that made the vectors it was registered with."""

    id: AvatarId
    name: str
    owner: str
    state: AvatarState
    abilities: frozenset[Ability]
    registered_at: datetime
    model: str


class Avatars:
    """The avatars of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(
        self,
        *,
        name: str,
        owner: str,
        abilities: Collection[Ability],
        likeness: NDArray[np.float32],
        model: str,
        digests: Collection[bytes],
        at: datetime,
    ) -> Avatar:
        """Register a likeness.

        ``likeness``: float32 (n, d), each row of length 1, n and d in 1..4096. ``digests``: SHA-256 of each picture.
        Raises Conflict where the owner has an avatar of that name, or another owner one of the pictures; Refused for
        values that cannot be registered. Nothing is left half registered.
        """
        name, owner = display_name(name, what="avatar's name"), short_text(owner, what="owner")
        model = short_text(model, what="model's id")
        if not digests or any(len(digest) != 32 for digest in digests):
            raise Refused("An avatar is registered with at least one picture, each with its SHA-256 of 32 bytes.")
        avatar = AvatarId(fresh("av"))
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            await _refuse_same_name(connection, owner, name)
            await _refuse_same_picture(connection, owner, digests)
            await connection.execute(
                insert(avatars).values(
                    id=avatar,
                    owner=owner,
                    name=name,
                    name_key=comparison_key(name),
                    state=AvatarState.ACTIVE,
                    abilities=sorted(ability.value for ability in abilities),
                    model=model,
                    registered_at=at,
                )
            )
            await connection.execute(
                insert(pictures), [{"avatar": avatar, "digest": digest} for digest in sorted(set(digests))]
            )
            await _put_vectors(connection, avatar, model, likeness)
            return await _one(connection, avatar)

    async def add_vectors(self, avatar: AvatarId, *, model: str, likeness: NDArray[np.float32]) -> None:
        """Add to the vectors of ``avatar`` under ``model``, such as those of a new encoder or another outfit."""
        async with self._database.writing() as connection:
            await _one(connection, avatar)
            await _put_vectors(connection, avatar, short_text(model, what="model's id"), likeness)

    async def get(self, avatar: AvatarId) -> Avatar:
        """The avatar, or NotFound."""
        async with self._database.reading() as connection:
            return await _one(connection, avatar)

    async def named(self, name: str) -> tuple[Avatar, ...]:
        """Every avatar of that name that is not revoked, whoever owns it; names are compared as people read them."""
        query = select(avatars).where(
            avatars.c.name_key == comparison_key(name), avatars.c.state != AvatarState.REVOKED
        )
        async with self._database.reading() as connection:
            return tuple(_avatar(row) for row in await connection.execute(query.order_by(avatars.c.seq)))

    async def meant(self, text: str) -> Avatar:
        """The avatar of that id, or the only one of that name. NotFound where there is none, Refused for several."""
        if text.startswith("av_"):
            return await self.get(AvatarId(text))
        found = await self.named(text)
        if not found:
            raise NotFound(f"No avatar '{text}' is registered; register it before its stream goes on air.")
        if len(found) > 1:
            raise Refused(f"{len(found)} avatars are called '{text}'; give the id of the one that is meant.")
        return found[0]

    async def list(
        self,
        *,
        owner: str | None = None,
        state: AvatarState | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Avatar]:
        """Avatars, newest first."""
        query = select(avatars).order_by(avatars.c.seq.desc()).limit(page_size(limit) + 1)
        if owner is not None:
            query = query.where(avatars.c.owner == owner)
        if state is not None:
            query = query.where(avatars.c.state == state)
        if cursor is not None:
            query = query.where(avatars.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=tuple(_avatar(row) for row in rows[:limit]), next=more)

    async def vectors(self, avatar: AvatarId, model: str) -> NDArray[np.float32]:
        """The vectors of ``avatar`` that ``model`` made, float32 (n, d); NotFound where there is none."""
        query = (
            select(vectors.c.vector)
            .where(vectors.c.avatar == avatar, vectors.c.model == model)
            .order_by(vectors.c.position)
        )
        async with self._database.reading() as connection:
            await _one(connection, avatar)
            found = (await connection.scalars(query)).all()
        if not found:
            raise NotFound(f"Avatar {avatar} has no vectors of model {model}; encode its pictures with that model.")
        return _array(found)

    async def gallery(self, model: str) -> Mapping[AvatarId, NDArray[np.float32]]:
        """All vectors that ``model`` made, float32 (n, d) each, of every avatar that is not revoked.

        Suspended ones are included: a suspended likeness still belongs to its owner.
        """
        query = (
            select(vectors.c.avatar, vectors.c.vector)
            .join(avatars, avatars.c.id == vectors.c.avatar)
            .where(vectors.c.model == model, avatars.c.state != AvatarState.REVOKED)
            .order_by(avatars.c.seq, vectors.c.position)
        )
        found: dict[AvatarId, list[bytes]] = {}
        async with self._database.reading() as connection:
            for row in await connection.execute(query):
                found.setdefault(AvatarId(row.avatar), []).append(row.vector)
        return {avatar: _array(rows) for avatar, rows in found.items()}

    async def suspend(self, avatar: AvatarId) -> Avatar:
        """Keep the avatar off air until ``reinstate``."""
        return await self._turn(avatar, AvatarState.SUSPENDED)

    async def reinstate(self, avatar: AvatarId) -> Avatar:
        """Let a suspended avatar be on air again."""
        return await self._turn(avatar, AvatarState.ACTIVE)

    async def revoke(self, avatar: AvatarId) -> Avatar:
        """Take the avatar out for good; its name and pictures may be registered anew."""
        return await self._turn(avatar, AvatarState.REVOKED)

    async def _turn(self, avatar: AvatarId, state: AvatarState) -> Avatar:
        async with self._database.writing() as connection:
            present = await _one(connection, avatar)
            if present.state is AvatarState.REVOKED and state is not AvatarState.REVOKED:
                raise Conflict(f"Avatar {avatar} is revoked, which is for good; register it anew.", other=avatar)
            await connection.execute(update(avatars).where(avatars.c.id == avatar).values(state=state))
            return await _one(connection, avatar)


async def _one(connection: AsyncConnection, avatar: AvatarId) -> Avatar:
    row = (await connection.execute(select(avatars).where(avatars.c.id == avatar))).one_or_none()
    if row is None:
        raise NotFound(f"No avatar {avatar} is registered.")
    return _avatar(row)


def _avatar(row: Row[Any]) -> Avatar:
    return Avatar(
        id=AvatarId(row.id),
        name=row.name,
        owner=row.owner,
        state=row.state,
        abilities=frozenset(Ability(ability) for ability in row.abilities),
        registered_at=row.registered_at,
        model=row.model,
    )


async def _refuse_same_name(connection: AsyncConnection, owner: str, name: str) -> None:
    same = select(avatars.c.id).where(
        avatars.c.owner == owner,
        avatars.c.name_key == comparison_key(name),
        avatars.c.state != AvatarState.REVOKED,
    )
    if (other := await connection.scalar(same)) is not None:
        raise Conflict(
            f"This owner already has an avatar of that name ({other}); choose another name, or revoke that one first.",
            other=other,
        )


async def _refuse_same_picture(connection: AsyncConnection, owner: str, digests: Collection[bytes]) -> None:
    same = (
        select(avatars.c.id)
        .join(pictures, pictures.c.avatar == avatars.c.id)
        .where(
            pictures.c.digest.in_(tuple(digests)),
            avatars.c.owner != owner,
            avatars.c.state != AvatarState.REVOKED,
        )
    )
    if (other := await connection.scalar(same.limit(1))) is not None:
        raise Conflict(
            f"One of these pictures is registered under another owner ({other}); "
            "only the owner of a likeness can register it.",
            other=other,
        )


async def _put_vectors(
    connection: AsyncConnection, avatar: AvatarId, model: str, likeness: NDArray[np.float32]
) -> None:
    dimension = await connection.scalar(select(vectors.c.dimension).where(vectors.c.model == model).limit(1))
    _check(likeness, model, dimension)
    ours = (vectors.c.avatar == avatar) & (vectors.c.model == model)
    present = await connection.scalar(select(func.count()).select_from(vectors).where(ours)) or 0
    if present + len(likeness) > MOST_VECTORS:
        raise Refused(f"Avatar {avatar} would have more than {MOST_VECTORS} vectors; register fewer pictures.")
    await connection.execute(
        insert(vectors),
        [
            {
                "avatar": avatar,
                "model": model,
                "position": position,
                "dimension": likeness.shape[1],
                "vector": row.astype("<f4").tobytes(),
            }
            for position, row in enumerate(likeness, start=present)
        ],
    )


def _check(likeness: NDArray[np.float32], model: str, dimension: int | None) -> None:
    if likeness.ndim != 2 or likeness.dtype != np.float32:
        raise Refused(f"Vectors come as float32 (n, d), not {likeness.dtype} {likeness.shape}.")
    rows, columns = likeness.shape
    if not (1 <= rows <= MOST_VECTORS and 1 <= columns <= MOST_VECTORS):
        raise Refused(f"Vectors come as (n, d) with n and d from 1 to {MOST_VECTORS}, not {likeness.shape}.")
    if dimension is not None and columns != dimension:
        raise Refused(f"Model {model} makes vectors of {dimension} numbers, not {columns}; the model is another one.")
    # Also false for NaN. A norm of 1 within float32 rounding of a long sum.
    if not np.all(np.abs(np.linalg.norm(likeness.astype(np.float64), axis=1) - 1) < 1e-3):
        raise Refused("Each vector must be finite and of length 1; normalise them (L2) first.")


def _array(rows: Collection[bytes]) -> NDArray[np.float32]:
    flat = np.frombuffer(b"".join(rows), dtype="<f4").astype(np.float32)
    return flat.reshape(len(rows), -1)
