"""Recall: every look of a stream is compared with all that are registered, one against all.

Whoever it may be joins the avatars that the session's judge weighs, so that somebody else's likeness is named as
theirs. What is known to be a background or a thing is no avatar: such a look shows nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from protocols.avatar import AvatarRole
from protocols.observation import Look, Observation, Rival
from protocols.session import AvatarId
from registry.error import NotFound, RegistryError
from registry.registry import Registry
from registry.search import Search

_log = structlog.get_logger()

_LOOKED_AT = 4  # of those that a look is most like
_MOST_RIVALS = 64  # of one session


@dataclass(frozen=True, slots=True, kw_only=True)
class Likenesses:
    """What is registered, as this service recognises it: by the vectors of one model.

    ``worth``: similarity (-1..1) from which somebody may be on screen.
    """

    registry: Registry
    search: Search
    model: str
    worth: float


class Recall:
    """What one session's looks call to mind. Trouble of the registry's is logged and leaves the look as it is."""

    def __init__(self, likenesses: Likenesses, claimed: AvatarId) -> None:
        self._likenesses = likenesses
        self._claimed = claimed
        self._roles: dict[AvatarId, AvatarRole] = {}
        self._named: set[AvatarId] = set()

    async def __call__(self, look: Look) -> Sequence[Observation]:
        """The look, after those whom it may show and who were not thought of before."""
        if look.vector is None:
            return [look]
        try:
            return await self._recalled(look)
        except RegistryError as failure:
            _log.warning("look.alone", at=look.at, because=str(failure))
            return [look]

    async def _recalled(self, look: Look) -> Sequence[Observation]:
        likenesses, found = self._likenesses, list[Observation]()
        assert look.vector is not None  # noqa: S101 - seen to by who calls
        matches = await likenesses.search.nearest(look.vector, _LOOKED_AT, standing_only=True)
        near = [match for match in matches if match.similarity >= likenesses.worth]
        for place, match in enumerate(near):
            role = await self._role(match.avatar)
            if role is AvatarRole.SCENE and place == 0:
                return [replace(look, vector=None, confidence=0.0)]
            if role not in (None, AvatarRole.SCENE) and match.avatar != self._claimed:
                found += await self._rival(match.avatar, look.at)
        return [*found, look]

    async def _rival(self, avatar: AvatarId, at: float) -> list[Observation]:
        if avatar in self._named or len(self._named) >= _MOST_RIVALS:
            return []
        vectors = await self._likenesses.registry.avatars.vectors(avatar, self._likenesses.model)
        self._named.add(avatar)
        return [Rival(at=at, avatar=avatar, references=vectors)]

    async def _role(self, avatar: AvatarId) -> AvatarRole | None:
        """What it is registered for; None where it is gone since it was found."""
        if avatar not in self._roles:
            try:
                self._roles[avatar] = (await self._likenesses.registry.avatars.get(avatar)).role
            except NotFound:
                return None
        return self._roles[avatar]
