"""After a change of the likeness model: what another model encoded is encoded anew, from the pictures that are kept.

Nobody has to register again. Whose stream is on air comes first, before anything is watched; the others follow beside
the service, and until they are through nothing new is compared with them, so that nothing new is registered.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection

import structlog

from monitor.observers.likeness.enrolment import kept_vectors_of
from monitor.observers.likeness.sight import Sight
from monitor.refusal import RegisterLater
from protocols.avatar import AvatarRole
from protocols.session import AvatarId
from registry.avatar import Avatar
from registry.error import RegistryError
from registry.reference import Reference
from registry.registry import Registry

_log = structlog.get_logger()

_TRY_AGAIN_AFTER = 5.0  # seconds


class Reencoding:
    """What is left to encode anew. ``in_step`` lets the search know of an avatar that has been."""

    def __init__(self, registry: Registry, sight: Sight, in_step: Callable[[Avatar], Awaitable[Avatar]]) -> None:
        self._registry = registry
        self._sight = sight
        self._in_step = in_step
        self._left: deque[AvatarId] = deque()
        self._all = 0
        self.pictureless: list[AvatarId] = []

    @property
    def going_on(self) -> bool:
        """Whether anything is left."""
        return bool(self._left)

    def check(self) -> None:
        """Raise RegisterLater while anything is left, since nothing can be compared with all that are registered."""
        if self._left:
            raise RegisterLater(
                "The registered likenesses are being encoded for another model "
                f"({self._all - len(self._left)} of {self._all} are); try again in a while."
            )

    async def begin(self, first: Collection[AvatarId]) -> None:
        """Find what is to be encoded anew, and do so with ``first`` of it. Raises RegistryError."""
        found = await self._registry.avatars.unencoded(self._model)
        self._left, self._all = deque(one for one in found if one not in first), len(found)
        if found:
            _log.info("likeness.encoding_anew", avatars=len(found), model=self._model)
        for avatar in await self._registry.avatars.unknown(self._model):
            if avatar not in found:
                self._name(avatar)
        for avatar in found:
            if avatar in first:
                await self._encode(avatar)

    async def run(self) -> None:
        """Encode what is left, one after the other."""
        while self._left:
            try:
                await self._encode(self._left[0])
                self._left.popleft()
            except RegistryError as failure:
                _log.warning("likeness.encoding_anew.waits", because=str(failure))
                await asyncio.sleep(_TRY_AGAIN_AFTER)
        if self._all:
            _log.info("likeness.encoded_anew", avatars=self._all, without_pictures=len(self.pictureless))

    @property
    def _model(self) -> str:
        return self._sight.encoder.sha256

    async def _encode(self, avatar_id: AvatarId) -> None:
        avatar = await self._registry.avatars.get(avatar_id)
        kept = await self._registry.avatars.kept_unencoded(avatar_id, self._model)
        scene = avatar.role is AvatarRole.SCENE
        references = [
            Reference(digest=digest, vector=vector)
            for digest, content in kept.items()
            for vector in await asyncio.to_thread(kept_vectors_of, content, self._sight, scene=scene)
        ]
        if references and await self._registry.avatars.encoded_anew(avatar_id, model=self._model, likeness=references):
            await self._in_step(avatar)
        if avatar_id in await self._registry.avatars.unknown(self._model, only=avatar_id):
            self._name(avatar_id)

    def _name(self, avatar: AvatarId) -> None:
        """Name whoever this model cannot know: no picture of it is kept that shows it."""
        self.pictureless.append(avatar)
        _log.warning(
            "likeness.needs_pictures",
            avatar=avatar,
            hint="no picture of it is kept that this model can use; 'nakanohito avatars dress' adds some",
        )
