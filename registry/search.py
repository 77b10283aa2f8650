"""Search: one likeness against all that are registered, exactly. In memory, or by pgvector behind the same interface.

What it holds is derived from the registry and kept in step with it: ``put`` and ``drop`` as avatars come and go.
"""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from protocols.session import AvatarId
from registry.error import Refused

_FIRST_CAPACITY = 1024
MORE = 8
"""Vectors looked at for each avatar that is asked for, at first: an avatar has several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A registered likeness and its greatest cosine similarity (-1..1) to what was searched for."""

    avatar: AvatarId
    similarity: float


class Search(Protocol):
    """Who a likeness is most like. Vectors are float32, L2-normalised, of one length for all."""

    async def put(self, avatar: AvatarId, likeness: NDArray[np.float32], *, standing: bool) -> None:
        """Hold the vectors (n, d) of ``avatar`` in the place of those it had; ``standing``: it is registered, and not
        merely submitted. Raises Refused for vectors of another length."""

    async def drop(self, avatar: AvatarId) -> None:
        """Hold ``avatar`` no longer; one that is not held is no mistake."""

    async def nearest(
        self, vector: NDArray[np.float32], most: int, *, standing_only: bool = False
    ) -> tuple[Match, ...]:
        """Up to ``most`` avatars that ``vector`` (d,) is most like, the most alike first."""

    async def load(self, everything: Mapping[AvatarId, NDArray[np.float32]], standing: frozenset[AvatarId]) -> None:
        """Hold exactly this."""

    async def close(self) -> None:
        """Let go of what is open."""


class MemorySearch:
    """All vectors in one matrix, a column each: one product with a vector answers for all of them.

    NumPy alone: its matrix product is at the limit of the memory's speed, as FAISS's flat index is.
    """

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._columns = np.zeros((dimension, _FIRST_CAPACITY), np.float32)
        self._owner = np.full(_FIRST_CAPACITY, -1, np.int32)
        self._count = 0
        self._numbers: dict[AvatarId, int] = {}
        self._names: list[AvatarId | None] = []
        self._free: list[int] = []
        self._submitted: set[int] = set()
        self._standing = np.zeros(_FIRST_CAPACITY, np.bool_)
        self._lock = threading.Lock()  # searching is done in threads, while the registry goes on

    def __len__(self) -> int:
        """How many vectors it holds."""
        return self._count

    async def put(self, avatar: AvatarId, likeness: NDArray[np.float32], *, standing: bool) -> None:
        """See Search."""
        with self._lock:
            self._put(avatar, likeness, standing)

    async def drop(self, avatar: AvatarId) -> None:
        """See Search."""
        with self._lock:
            self._drop(avatar)

    async def load(self, everything: Mapping[AvatarId, NDArray[np.float32]], standing: frozenset[AvatarId]) -> None:
        """See Search."""
        with self._lock:
            self._count, self._numbers, self._names, self._free, self._submitted = 0, {}, [], [], set()
            for avatar, likeness in everything.items():
                self._put(avatar, likeness, avatar in standing)

    async def nearest(
        self, vector: NDArray[np.float32], most: int, *, standing_only: bool = False
    ) -> tuple[Match, ...]:
        """See Search."""
        return await asyncio.to_thread(self.search, vector, most, standing_only=standing_only)

    async def close(self) -> None:
        """Nothing is open."""

    def search(self, vector: NDArray[np.float32], most: int, *, standing_only: bool = False) -> tuple[Match, ...]:
        """The same as ``nearest``, here and now."""
        checked(vector[None], self._dimension)
        with self._lock:
            similarities = vector @ self._columns[:, : self._count]
            owner = self._owner[: self._count]
            if standing_only and self._submitted:
                similarities[~self._standing[owner]] = -np.inf
            return self._best(similarities, owner, most)

    def _best(self, similarities: NDArray[np.float32], owner: NDArray[np.int32], most: int) -> tuple[Match, ...]:
        wanted = most * MORE
        while True:
            found = self._among(_greatest(similarities, wanted), similarities, owner, most)
            if len(found) >= most or wanted >= len(similarities):
                return found
            wanted *= MORE

    def _among(
        self, candidates: NDArray[np.intp], similarities: NDArray[np.float32], owner: NDArray[np.int32], most: int
    ) -> tuple[Match, ...]:
        """The best of each avatar among the candidates, which come in falling order."""
        best: dict[AvatarId, float] = {}
        for index in candidates:
            name, similarity = self._names[owner[index]], float(similarities[index])
            if name is not None and np.isfinite(similarity) and len(best) < most:
                best.setdefault(name, similarity)
        return tuple(Match(avatar=avatar, similarity=similarity) for avatar, similarity in best.items())

    def _put(self, avatar: AvatarId, likeness: NDArray[np.float32], standing: bool) -> None:
        checked(likeness, self._dimension)
        self._drop(avatar)
        number = self._number(avatar)
        self._standing[number] = standing
        if not standing:
            self._submitted.add(number)
        self._grow(self._count + len(likeness))
        self._columns[:, self._count : self._count + len(likeness)] = likeness.T
        self._owner[self._count : self._count + len(likeness)] = number
        self._count += len(likeness)

    def _drop(self, avatar: AvatarId) -> None:
        number = self._numbers.pop(avatar, None)
        if number is None:
            return
        self._names[number] = None
        self._free.append(number)
        self._submitted.discard(number)
        kept = np.flatnonzero(self._owner[: self._count] != number)
        gaps = kept[kept >= len(kept)]  # the last ones move into the places that become free
        free = np.setdiff1d(np.arange(len(kept)), kept, assume_unique=True)
        self._columns[:, free] = self._columns[:, gaps]
        self._owner[free] = self._owner[gaps]
        self._columns[:, len(kept) : self._count] = 0.0  # what was purged is not left behind
        self._owner[len(kept) : self._count] = -1
        self._count = len(kept)

    def _number(self, avatar: AvatarId) -> int:
        """A number for ``avatar``; those of avatars that are gone are given again."""
        if self._free:
            number = self._free.pop()
            self._names[number] = avatar
        else:
            number = len(self._names)
            self._names.append(avatar)
            if number == len(self._standing):
                self._standing = np.concatenate([self._standing, np.zeros(number, np.bool_)])
        self._numbers[avatar] = number
        return number

    def _grow(self, wanted: int) -> None:
        capacity = self._columns.shape[1]
        if wanted <= capacity:
            return
        more = max(wanted, 2 * capacity) - capacity
        self._columns = np.concatenate([self._columns, np.zeros((self._dimension, more), np.float32)], axis=1)
        self._owner = np.concatenate([self._owner, np.full(more, -1, np.int32)])


def checked(likeness: NDArray[np.float32], dimension: int) -> None:
    """Raise Refused for what is not (n, ``dimension``) float32 and finite."""
    if likeness.ndim != 2 or likeness.shape[1] != dimension or likeness.dtype != np.float32:
        raise Refused(
            f"The search holds float32 vectors of {dimension} numbers, not {likeness.dtype} {likeness.shape}."
        )
    if not np.isfinite(likeness).all():
        raise Refused("The search holds finite vectors only.")


def _greatest(values: NDArray[np.float32], most: int) -> NDArray[np.intp]:
    """Indices of the greatest ``most`` values, falling."""
    if most >= len(values):
        return np.argsort(-values, kind="stable")
    found = np.argpartition(values, -most)[-most:]
    return found[np.argsort(-values[found], kind="stable")]
