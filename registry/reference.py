"""References: the pictures that an avatar is known by, the vectors made of them, and how both are purged.

A reviewer must be able to see what resembles what, so small pictures are kept, encoded anew from the pixels; they go
with the vectors when they are purged.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Row, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.avatar import AvatarState
from protocols.purge import PurgeProof
from protocols.session import AvatarId
from registry.error import Conflict, NotFound, Refused
from registry.name import short_text
from registry.schema import avatars, pictures, vectors

MOST_VECTORS = 4096
"""Vectors of one avatar under one model, and numbers of one vector."""
LARGEST_CONTENT = 256 * 1024
"""Bytes of a picture that is kept."""
DEFAULT_OUTFIT = "default"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """A picture and what it is recognised by.

    ``digest``: SHA-256 of the file that was sent, 32 bytes; ``vector`` float32 (d,) of length 1; ``content``: the
    picture as a small JPEG, None where none is kept.
    """

    digest: bytes
    vector: NDArray[np.float32]
    content: bytes | None = None
    outfit: str = DEFAULT_OUTFIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A reference picture as it is listed; ``kept``: whether it can be looked at."""

    digest: bytes
    outfit: str
    kept: bool


async def put(connection: AsyncConnection, avatar: AvatarId, model: str, references: Sequence[Reference]) -> None:
    """Add references. Raises Refused for what cannot be one; nothing is half added, the transaction ends by it."""
    if not references or any(len(reference.digest) != 32 for reference in references):
        raise Refused("An avatar is registered with at least one picture, each with its SHA-256 of 32 bytes.")
    if any(len(reference.content or b"") > LARGEST_CONTENT for reference in references):
        raise Refused(f"A picture that is kept has {LARGEST_CONTENT >> 10} KiB at most; make it smaller.")
    present = set(await connection.scalars(select(pictures.c.digest).where(pictures.c.avatar == avatar)))
    fresh = {reference.digest: reference for reference in references if reference.digest not in present}
    if fresh:
        await connection.execute(insert(pictures), [_picture(avatar, reference) for reference in fresh.values()])
    try:
        likeness = np.stack([reference.vector for reference in references])
    except ValueError as error:
        raise Refused("The vectors of one avatar have one length.") from error
    await put_vectors(connection, avatar, model, likeness, [reference.digest for reference in references])


async def put_vectors(
    connection: AsyncConnection,
    avatar: AvatarId,
    model: str,
    likeness: NDArray[np.float32],
    of: Sequence[bytes] | None = None,
) -> None:
    """Add vectors, float32 (n, d), behind those that ``model`` made of ``avatar`` before; ``of``: their pictures."""
    dimension = await connection.scalar(select(vectors.c.dimension).where(vectors.c.model == model).limit(1))
    _check(likeness, model, dimension)
    before = select(func.max(vectors.c.position)).where(vectors.c.avatar == avatar, vectors.c.model == model)
    first = (await connection.scalar(before) or 0) + 1
    if first + len(likeness) - 1 > MOST_VECTORS:
        raise Refused(f"An avatar has at most {MOST_VECTORS} vectors of one model; these would be more than that.")
    digests: Sequence[bytes | None] = of or [None] * len(likeness)
    rows = [
        {
            "avatar": avatar,
            "model": model,
            "position": first + number,
            "dimension": likeness.shape[1],
            "vector": row.astype("<f4").tobytes(),
            "picture": digests[number],
        }
        for number, row in enumerate(likeness)
    ]
    await connection.execute(insert(vectors), rows)


async def vectors_of(connection: AsyncConnection, avatar: AvatarId, model: str) -> NDArray[np.float32]:
    """The vectors of ``avatar`` that ``model`` made, float32 (n, d); NotFound where there is none."""
    query = select(vectors.c.vector).where(vectors.c.avatar == avatar, vectors.c.model == model)
    found = (await connection.scalars(query.order_by(vectors.c.position))).all()
    if not found:
        raise NotFound(f"Avatar {avatar} has no vectors of model {model}; encode its pictures with that model.")
    return _array(found)


async def gallery(connection: AsyncConnection, model: str) -> Mapping[AvatarId, NDArray[np.float32]]:
    """All vectors that ``model`` made, float32 (n, d) each, of everything that is not revoked, oldest first."""
    query = (
        select(vectors.c.avatar, vectors.c.vector)
        .join(avatars, avatars.c.id == vectors.c.avatar)
        .where(vectors.c.model == model, avatars.c.state != AvatarState.REVOKED)
        .order_by(avatars.c.seq, vectors.c.position)
    )
    found: dict[AvatarId, list[bytes]] = {}
    for row in await connection.execute(query):
        found.setdefault(AvatarId(row.avatar), []).append(row.vector)
    return {avatar: _array(rows) for avatar, rows in found.items()}


async def references_of(connection: AsyncConnection, avatar: AvatarId, model: str) -> tuple[Reference, ...]:
    """The references of ``avatar`` under ``model``, with the pictures that are kept; empty where there is none."""
    same = (pictures.c.avatar == vectors.c.avatar) & (pictures.c.digest == vectors.c.picture)
    query = (
        select(vectors.c.vector, vectors.c.picture, pictures.c.content, pictures.c.outfit)
        .outerjoin(pictures, same)
        .where(vectors.c.avatar == avatar, vectors.c.model == model)
        .order_by(vectors.c.position)
    )
    rows: Any = (await connection.execute(query)).all()
    return tuple(_reference(row) for row in rows)


async def listed(connection: AsyncConnection, avatar: AvatarId) -> tuple[Picture, ...]:
    """The pictures of ``avatar``, by outfit."""
    kept = pictures.c.content.is_not(None).label("kept")
    query = select(pictures.c.digest, pictures.c.outfit, kept).where(pictures.c.avatar == avatar)
    rows = await connection.execute(query.order_by(pictures.c.outfit, pictures.c.digest))
    return tuple(Picture(digest=row.digest, outfit=row.outfit, kept=row.kept) for row in rows)


async def content(connection: AsyncConnection, avatar: AvatarId, digest: bytes) -> bytes:
    """The picture as JPEG. Raises NotFound where it is not kept."""
    query = select(pictures.c.content).where(pictures.c.avatar == avatar, pictures.c.digest == digest)
    found: bytes | None = await connection.scalar(query)
    if found is None:
        raise NotFound(f"Avatar {avatar} has no picture {digest.hex()} that is kept.")
    return found


async def hand_over(connection: AsyncConnection, avatar: AvatarId, to: AvatarId) -> None:
    """Make the references of ``avatar`` those of ``to``, behind its own."""
    own = select(pictures.c.digest).where(pictures.c.avatar == to)
    await connection.execute(delete(pictures).where(pictures.c.avatar == avatar, pictures.c.digest.in_(own)))
    await connection.execute(update(pictures).where(pictures.c.avatar == avatar).values(avatar=to))
    for model in (await connection.scalars(select(vectors.c.model).where(vectors.c.avatar == avatar).distinct())).all():
        of_model = vectors.c.model == model
        last = await connection.scalar(select(func.max(vectors.c.position)).where(vectors.c.avatar == to, of_model))
        moved = update(vectors).where(vectors.c.avatar == avatar, of_model)
        await connection.execute(moved.values(avatar=to, position=vectors.c.position + (last or 0) + 1))


async def unencoded(connection: AsyncConnection, model: str) -> tuple[AvatarId, ...]:
    """Whatever is not revoked and has a picture that is kept and has no vector of ``model``; oldest first."""
    lacking = select(pictures.c.digest).where(
        pictures.c.avatar == avatars.c.id, pictures.c.content.is_not(None), ~_encoded(model)
    )
    query = select(avatars.c.id).where(avatars.c.state != AvatarState.REVOKED, exists(lacking))
    return tuple(AvatarId(found) for found in await connection.scalars(query.order_by(avatars.c.seq)))


async def unknown(connection: AsyncConnection, model: str, only: AvatarId | None) -> tuple[AvatarId, ...]:
    """Whatever is not revoked and has no vector of ``model``, or ``only`` if it is such a one; oldest first."""
    having = select(vectors.c.position).where(vectors.c.avatar == avatars.c.id, vectors.c.model == model)
    query = select(avatars.c.id).where(avatars.c.state != AvatarState.REVOKED, ~exists(having))
    if only is not None:
        query = query.where(avatars.c.id == only)
    return tuple(AvatarId(found) for found in await connection.scalars(query.order_by(avatars.c.seq)))


async def kept_unencoded(connection: AsyncConnection, avatar: AvatarId, model: str) -> Mapping[bytes, bytes]:
    """The pictures of ``avatar`` that are kept and have no vector of ``model``: digest → JPEG."""
    query = select(pictures.c.digest, pictures.c.content).where(
        pictures.c.avatar == avatar, pictures.c.content.is_not(None), ~_encoded(model)
    )
    return {row.digest: row.content for row in await connection.execute(query)}


def _encoded(model: str) -> ColumnElement[bool]:
    """Of a row of ``pictures``: whether there is a vector of ``model``."""
    same = (vectors.c.avatar == pictures.c.avatar) & (vectors.c.picture == pictures.c.digest)
    return exists(select(vectors.c.position).where(same, vectors.c.model == model).correlate(pictures, avatars))


async def purge(connection: AsyncConnection, avatar: AvatarId, salt: bytes) -> PurgeProof:
    """Delete every picture and vector of ``avatar``; what proves it holds none of them."""
    digests = (await connection.scalars(select(pictures.c.digest).where(pictures.c.avatar == avatar))).all()
    gone = (await connection.scalars(select(vectors.c.vector).where(vectors.c.avatar == avatar))).all()
    await connection.execute(delete(pictures).where(pictures.c.avatar == avatar))
    await connection.execute(delete(vectors).where(vectors.c.avatar == avatar))
    return PurgeProof.of(salt=salt, pictures=digests, vectors=gone)


async def refuse_others_pictures(connection: AsyncConnection, owner: str, digests: Collection[bytes]) -> None:
    """Raise Conflict where one of these pictures is registered under another owner."""
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
            "if that registration is wrong, have it revoked first.",
            other=other,
        )


def _picture(avatar: AvatarId, reference: Reference) -> dict[str, Any]:
    outfit = short_text(reference.outfit, what="outfit", longest=64)
    return {"avatar": avatar, "digest": reference.digest, "outfit": outfit, "content": reference.content}


def _reference(row: Row[Any]) -> Reference:
    return Reference(
        digest=row.picture or b"",
        vector=_array([row.vector])[0],
        content=row.content,
        outfit=row.outfit or DEFAULT_OUTFIT,
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
