"""Claims to a likeness: whom reported pictures resemble, among what is registered and what is or was on air.

What was on air is what is being watched now, and the looks that are kept with the evidence of cases. What is found is
for moderators; nothing leads from it to a ladder.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.evidence import EvidenceRoom
from monitor.registrar import Enrolment, Registrar
from registry.avatar import Avatar
from registry.registry import Registry

_SESSIONS = 20  # that are told of each avatar
_SEEN = 20
_CASES = 300  # whose looks are compared, the newest
Found = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """``found``: registered avatars and when they were on air; ``seen``: pictures on air, live and kept (JSON)."""

    found: list[Found]
    seen: list[Found]


class Claims:
    """Compares what people report with what is known."""

    def __init__(self, registry: Registry, registrar: Registrar, evidence: EvidenceRoom) -> None:
        self._registry = registry
        self._registrar = registrar
        self._evidence = evidence

    async def compare(self, enrolment: Enrolment) -> Compared:
        """Whom the pictures resemble. Raises PictureRefused, RegistryError."""
        vectors = await self._registrar.encoded(enrolment)
        alike = await self._registrar.resembling(vectors)
        return Compared(
            found=[await self._on_air(avatar, similarity) for avatar, similarity in alike],
            seen=await self._seen(vectors),
        )

    async def _seen(self, vectors: NDArray[np.float32]) -> list[Found]:
        worth = self._registrar.worth
        told = [
            {"session": session, "live": True, "case": None, **best}
            for session, looks in self._evidence.live().items()
            if (best := _best(vectors, looks, worth)) is not None
        ]
        for case in await self._registry.exhibits.newest(self._evidence.looks_name, limit=_CASES):
            best = _best(vectors, await self._evidence.looks(case), worth)
            if best is not None:
                session = (await self._registry.cases.get(case)).session
                told.append({"session": session, "live": False, "case": case, **best})
        return sorted(told, key=lambda one: -float(one["similarity"] or 0.0))[:_SEEN]

    async def _on_air(self, avatar: Avatar, similarity: float) -> Found:
        page = await self._registry.sessions.list(avatar=avatar.id, limit=_SESSIONS)
        sessions = [
            {"session": one.session.id, "at": one.session.attached_at.isoformat(), "state": one.session.state.value}
            for one in page.items
        ]
        return {"avatar": avatar.id, "name": avatar.name, "similarity": round(similarity, 4), "sessions": sessions}


def _best(
    vectors: NDArray[np.float32], looks: list[tuple[float, NDArray[np.float32]]], worth: float
) -> dict[str, float] | None:
    """The look that is most alike, with its media time, where any is alike enough."""
    fitting = [(at, look) for at, look in looks if look.shape == vectors.shape[1:]]
    if not fitting:
        return None
    likeness = (np.stack([look for _, look in fitting]) @ vectors.T).max(axis=1)
    place = int(likeness.argmax())
    if likeness[place] < worth:
        return None
    return {"at": round(fitting[place][0], 3), "similarity": round(float(likeness[place]), 4)}
