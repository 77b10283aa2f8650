"""The search in PostgreSQL, by its extension pgvector: exact, beyond what should lie in the service's memory.

Exact, so without an index of neighbours: among 100,000 vectors HNSW finds 68 to 89 % of the four nearest avatars in a
time in which all can be compared (docs/registry.md), and each that it misses is somebody's likeness on air.

Its table is derived from the registry's vectors and made here, not by a migration: the registry itself needs no
extension, and what is derived can be made again at any time.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.session import AvatarId
from registry.database import Database
from registry.error import Refused, Unavailable
from registry.search import MORE, Match, checked

_CHUNK = 2_000
_PUT = text(
    "INSERT INTO likeness_search (avatar, standing, embedding) VALUES (:avatar, :standing, CAST(:embedding AS vector))"
)
_DROP = text("DELETE FROM likeness_search WHERE avatar = :avatar")
_DIMENSION = text(
    "SELECT atttypmod FROM pg_attribute WHERE attrelid = 'likeness_search'::regclass AND attname = 'embedding'"
)
# The inner product is the cosine: every vector has length one. The nearest vectors come first and are grouped after
# that: to group them all takes four times as long.
_NEAREST = """
    SELECT avatar, MAX(similarity) AS similarity, SUM(COUNT(*)) OVER () AS looked_at FROM (
        SELECT avatar, -(embedding <#> CAST(:vector AS vector)) AS similarity FROM likeness_search {where}
        ORDER BY embedding <#> CAST(:vector AS vector) LIMIT :wanted
    ) AS nearest GROUP BY avatar ORDER BY similarity DESC, avatar LIMIT :most
"""
_AMONG_ALL = text(_NEAREST.format(where=""))
_AMONG_STANDING = text(_NEAREST.format(where="WHERE standing"))


class PgvectorSearch:
    """Like MemorySearch, for vectors that lie in PostgreSQL. Made by ``at``."""

    def __init__(self, database: Database, dimension: int) -> None:
        self._database = database
        self._dimension = dimension

    @classmethod
    async def at(cls, url: str, dimension: int) -> "PgvectorSearch":
        """Open the database at ``url`` and make the table. Raises Refused where it is no PostgreSQL with pgvector."""
        if not url.startswith("postgresql"):
            raise Refused("The search by pgvector needs a PostgreSQL database; set likeness.search to memory.")
        database = Database.at(url)
        try:
            async with database.writing() as connection:
                await _make(connection, dimension)
        except Unavailable as failure:
            await database.close()
            if "vector" not in str(failure):
                raise
            raise Refused(
                "This PostgreSQL has no pgvector: install the extension (Debian: postgresql-15-pgvector) and let the "
                f"database's owner create it, or set likeness.search to memory. It says: {failure}"
            ) from failure
        return cls(database, dimension)

    async def put(self, avatar: AvatarId, likeness: NDArray[np.float32], *, standing: bool) -> None:
        """See Search."""
        checked(likeness, self._dimension)
        async with self._database.writing() as connection:
            await connection.execute(_DROP, {"avatar": avatar})
            await connection.execute(_PUT, list(_rows(avatar, likeness, standing)))

    async def drop(self, avatar: AvatarId) -> None:
        """See Search."""
        async with self._database.writing() as connection:
            await connection.execute(_DROP, {"avatar": avatar})

    async def load(self, everything: Mapping[AvatarId, NDArray[np.float32]], standing: frozenset[AvatarId]) -> None:
        """See Search."""
        rows = [row for avatar, likeness in everything.items() for row in _rows(avatar, likeness, avatar in standing)]
        async with self._database.writing() as connection:
            await connection.execute(text("TRUNCATE likeness_search"))
            for start in range(0, len(rows), _CHUNK):
                await connection.execute(_PUT, rows[start : start + _CHUNK])

    async def nearest(
        self, vector: NDArray[np.float32], most: int, *, standing_only: bool = False
    ) -> tuple[Match, ...]:
        """See Search."""
        checked(vector[None], self._dimension)
        query = _AMONG_STANDING if standing_only else _AMONG_ALL
        wanted, asked = most * MORE, {"vector": _written(vector), "most": most}
        async with self._database.reading() as connection:
            while True:
                rows = (await connection.execute(query, {**asked, "wanted": wanted})).all()
                if len(rows) >= most or not rows or rows[0].looked_at < wanted:
                    return tuple(Match(avatar=AvatarId(row.avatar), similarity=float(row.similarity)) for row in rows)
                wanted *= MORE

    async def close(self) -> None:
        """Close every connection."""
        await self._database.close()


async def _make(connection: AsyncConnection, dimension: int) -> None:
    await connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    made = f"""CREATE TABLE IF NOT EXISTS likeness_search (
        avatar varchar(40) NOT NULL, standing boolean NOT NULL, embedding vector({dimension:d}) NOT NULL)"""
    await connection.execute(text(made))
    if await connection.scalar(_DIMENSION) != dimension:  # of another model: what it held is of no use
        await connection.execute(text("DROP TABLE likeness_search"))
        await connection.execute(text(made))
    await connection.execute(text("CREATE INDEX IF NOT EXISTS ix_likeness_search ON likeness_search (avatar)"))


def _rows(avatar: AvatarId, likeness: NDArray[np.float32], standing: bool) -> Iterable[dict[str, object]]:
    checked(likeness, likeness.shape[-1])
    return [{"avatar": avatar, "standing": standing, "embedding": _written(vector)} for vector in likeness]


def _written(vector: NDArray[np.float32]) -> str:
    return "[" + ",".join(repr(float(number)) for number in vector) + "]"
