"""Conflicts: what the check found a submitted avatar too like to, until a person has decided."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.avatar import AvatarState
from protocols.session import AvatarId
from registry.database import Database
from registry.error import Conflict
from registry.identity import fresh
from registry.schema import assets, avatars, conflicts
from registry.state import AssetKind, ConflictReason, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicting:
    """What a submitted avatar is too like to.

    ``similarity`` -1..1 and ``probability`` 0..1 that both are one likeness, None where it is no matter of likeness;
    ``picture`` and ``other_picture``: digests of the two that are most alike, of the avatar's and the other's.
    """

    other: AvatarId
    reason: ConflictReason
    similarity: float | None = None
    probability: float | None = None
    picture: bytes | None = None
    other_picture: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A conflict on record, and what became of it."""

    id: str
    avatar: AvatarId
    found: Conflicting
    found_at: datetime
    resolution: Resolution | None
    resolved_at: datetime | None


class Conflicts:
    """The conflicts of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, avatar: AvatarId) -> tuple[Finding, ...]:
        """What was found when ``avatar`` was submitted, most alike first."""
        query = select(conflicts).where(conflicts.c.avatar == avatar)
        query = query.order_by(conflicts.c.probability.desc(), conflicts.c.seq)
        async with self._database.reading() as connection:
            return tuple(_finding(row) for row in await connection.execute(query))


async def put(connection: AsyncConnection, avatar: AvatarId, found: Sequence[Conflicting], at: datetime) -> None:
    """Keep what was found."""
    rows = [
        {
            "id": fresh("cfl"),
            "avatar": avatar,
            "other": one.other,
            "reason": one.reason,
            "similarity": one.similarity,
            "probability": one.probability,
            "picture": one.picture,
            "other_picture": one.other_picture,
            "found_at": at,
        }
        for one in found
    ]
    if rows:
        await connection.execute(insert(conflicts), rows)


async def by_assets(connection: AsyncConnection, given: Collection[tuple[AssetKind, str]]) -> tuple[Conflicting, ...]:
    """Whoever is registered with one of these models already."""
    if not given:
        return ()
    any_of = or_(*((assets.c.kind == kind) & (assets.c.value == value) for kind, value in given))
    query = select(assets.c.avatar).distinct().join(avatars, avatars.c.id == assets.c.avatar)
    found = await connection.scalars(query.where(any_of, avatars.c.state != AvatarState.REVOKED))
    return tuple(Conflicting(other=AvatarId(other), reason=ConflictReason.ASSET) for other in found)


async def refuse_anothers(connection: AsyncConnection, avatar: AvatarId, owner: str) -> None:
    """Raise Conflict where it is not decided yet whether ``avatar`` is the likeness of another than ``owner``."""
    still_open = (conflicts.c.avatar == avatar) & conflicts.c.resolution.is_(None)
    query = select(avatars.c.id).join(conflicts, conflicts.c.other == avatars.c.id)
    if (other := await connection.scalar(query.where(still_open, avatars.c.owner != owner).limit(1))) is not None:
        raise Conflict(
            f"Avatar {avatar} waits for a review, since it is too like {other} of another owner; "
            "it can be merged once that is decided.",
            other=other,
        )


async def resolve(connection: AsyncConnection, avatar: AvatarId, resolution: Resolution, at: datetime) -> None:
    """Note what became of the open conflicts of ``avatar``."""
    still_open = (conflicts.c.avatar == avatar) & conflicts.c.resolution.is_(None)
    await connection.execute(update(conflicts).where(still_open).values(resolution=resolution, resolved_at=at))


async def forget_pictures(connection: AsyncConnection, avatar: AvatarId) -> None:
    """Take the digests of ``avatar``'s pictures out of every conflict."""
    await connection.execute(update(conflicts).where(conflicts.c.avatar == avatar).values(picture=None))
    await connection.execute(update(conflicts).where(conflicts.c.other == avatar).values(other_picture=None))


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        id=row.id,
        avatar=AvatarId(row.avatar),
        found=Conflicting(
            other=AvatarId(row.other),
            reason=row.reason,
            similarity=row.similarity,
            probability=row.probability,
            picture=row.picture,
            other_picture=row.other_picture,
        ),
        found_at=row.found_at,
        resolution=row.resolution,
        resolved_at=row.resolved_at,
    )
