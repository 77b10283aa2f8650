"""Returns: a stream that is forbidden, recognised under another key, room or account.

By its avatar, by a picture that is the same likeness under another registration, by an operator who drove it, or by its
account; and, while it is watched, by the forbidden avatar that is on screen in place of the claimed one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import structlog
from numpy.typing import NDArray

from monitor.journal import Journal
from protocols.backend import EventType
from protocols.conflict import resemblance
from protocols.likeness import LikenessCalibration
from protocols.session import AvatarId, OperatorId, Session
from registry.error import NotFound, RegistryError
from registry.link import Ban
from registry.registry import Registry
from registry.state import LinkedBy

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """What is about to go on air: the avatar it claims, its roster, its account."""

    avatar: AvatarId
    operators: Sequence[OperatorId]
    account: str

    @classmethod
    def of(cls, session: Session) -> "Newcomer":
        """The newcomer of a session."""
        return cls(avatar=session.avatar, operators=session.operators, account=session.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A newcomer that is the stream of ``ban``."""

    ban: Ban
    by: LinkedBy


class Returns:
    """Recognises returns and links them. ``model``: hash of the likeness model whose vectors are compared."""

    def __init__(self, registry: Registry, journal: Journal, *, model: str, calibration: LikenessCalibration) -> None:
        self._registry = registry
        self._journal = journal
        self._model = model
        self._calibration = calibration

    async def found(self, newcomer: Newcomer, *, same_at: float) -> tuple[Return, ...]:
        """The bans that the newcomer runs into; ``same_at``: probability from which two pictures are one likeness.

        Raises Unavailable.
        """
        bans = await self._registry.links.bans(now=self._now())
        if not bans:
            return ()
        alike = await self._alike(newcomer.avatar, {ban.avatar for ban in bans}, same_at)
        found = [(ban, _by(ban, newcomer, alike)) for ban in bans]
        return tuple(Return(ban=ban, by=by) for ban, by in found if by is not None)

    async def link(self, session: Session, returns: Sequence[Return]) -> None:
        """Enter each link once, and tell. Raises LedgerFailure, Unavailable."""
        for one in returns:
            if await self._registry.links.add(session.id, one.ban.cut, one.by, at=self._now()):
                until = None if one.ban.until is None else one.ban.until.isoformat()
                data = {"cut": one.ban.cut, "of": one.ban.session, "by": one.by.value, "until": until}
                await self._journal.note(session, EventType.SESSION_RETURNED, data, subject=one.ban.cut)

    async def seen(self, session: Session, avatar: AvatarId) -> None:
        """Another avatar is on screen than is claimed: link where that one is forbidden. Trouble is logged."""
        try:
            bans = await self._registry.links.bans(now=self._now())
            shown = [Return(ban=ban, by=LinkedBy.PICTURE) for ban in bans if ban.avatar == avatar]
            await self.link(session, shown)
        except RegistryError as failure:
            _log.warning("return.unsure", session=session.id, because=str(failure))

    async def _alike(self, avatar: AvatarId, others: set[AvatarId], same_at: float) -> set[AvatarId]:
        """Which of the others is registered with pictures of the same likeness."""
        mine = await self._vectors(avatar)
        found: set[AvatarId] = set()
        for other in others - {avatar}:
            theirs = await self._vectors(other)
            if mine is None or theirs is None:
                continue
            near = resemblance(mine, theirs, self._calibration)
            if near is not None and near.probability >= same_at:
                found.add(other)
        return found

    async def _vectors(self, avatar: AvatarId) -> NDArray[np.float32] | None:
        """What the avatar is known by; None where it is purged, or registered with another model."""
        try:
            return await self._registry.avatars.vectors(avatar, self._model)
        except NotFound:
            return None

    def _now(self) -> datetime:
        return self._journal.clock()


def _by(ban: Ban, newcomer: Newcomer, alike: set[AvatarId]) -> LinkedBy | None:
    if ban.avatar == newcomer.avatar:
        return LinkedBy.AVATAR
    if ban.avatar in alike:
        return LinkedBy.PICTURE
    if ban.operators & set(newcomer.operators):
        return LinkedBy.OPERATOR
    if ban.account and ban.account == newcomer.account:
        return LinkedBy.ACCOUNT
    return None
