"""The registrar: what may be done to the registered likenesses, for the API, the command line and the console alike.

It alone brings together the pictures, the encoder, the search and the registry, and it sees to it that whoever may
not be on air any more is taken off at once.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import structlog
from numpy.typing import NDArray

from monitor.observers.likeness.enrolment import (
    EnrolledPicture,
    PictureRefused,
    scene_vectors_of,
    vectors_of,
    video_vectors_of,
)
from monitor.observers.likeness.sight import Sight
from monitor.reencoding import Reencoding
from protocols.avatar import STANDING, AvatarRole, AvatarSignal, AvatarState
from protocols.conflict import resemblance
from protocols.policy import Policy
from protocols.purge import SALT_BYTES, PurgeProof
from protocols.session import AvatarId
from registry.avatar import Avatar, Submission
from registry.conflict import Conflicting, Finding
from registry.consent import Consent
from registry.error import Conflict, NotFound, Refused, RegistryError
from registry.reference import DEFAULT_OUTFIT, Reference
from registry.registry import Registry
from registry.search import Search
from registry.state import ConflictReason

_log = structlog.get_logger()

_SETTLE_EVERY = 5.0  # seconds; whoever may not be on air is off air well within a minute
_ASKED = 24  # vectors of a submission that are searched for
_NEIGHBOURS = 6  # avatars that each of them is compared with
_GENERIC = (AvatarRole.LOOK, AvatarRole.SCENE)
_STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What was sent to be registered: pictures' files, a video's, of one outfit."""

    pictures: Sequence[bytes] = ()
    video: bytes | None = None
    outfit: str = DEFAULT_OUTFIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """A purge: its proof, as the ledger has it, and the salt, which is kept nowhere."""

    avatar: Avatar
    proof: PurgeProof
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A conflict as a reviewer sees it: both pictures as JPEG, None where one is not kept."""

    finding: Finding
    other: Avatar
    picture: bytes | None
    other_picture: bytes | None


class Registrar:
    """Registers likenesses and leads them through their lives. ``keep`` runs beside the service."""

    def __init__(
        self,
        *,
        registry: Registry,
        sight: Sight,
        search: Search,
        remove_barred: Callable[[], Awaitable[None]],
        forget: Callable[[AvatarId], None],
        clock: Callable[[], datetime],
        four_eyes: bool = True,
    ) -> None:
        self._registry = registry
        self._sight = sight
        self._search = search
        self._remove_barred = remove_barred
        self._forget = forget
        self._clock = clock
        self._four_eyes = four_eyes
        # One at a time: encoding is heavy and streams go first, and of two submissions one must see the other.
        self._turn = asyncio.Lock()
        self.reencoding = Reencoding(registry, sight, self._in_step)

    @property
    def _model(self) -> str:
        return self._sight.encoder.sha256

    async def load(self) -> None:
        """Bring the search in step with the registry; done once, before anything else.

        Where another model encoded whoever is on air, that is done anew before; the rest is up to ``keep``.
        """
        await self.reencoding.begin({session.avatar for session in await self._registry.sessions.open()})
        everything = await self._registry.avatars.gallery(self._model)
        standing = set[AvatarId]()
        cursor: str | None = None
        while True:
            page = await self._registry.avatars.list(roles=tuple(AvatarRole), limit=500, cursor=cursor)
            standing.update(avatar.id for avatar in page.items if avatar.state in STANDING)
            cursor = page.next
            if cursor is None:
                break
        await self._search.load(everything, frozenset(standing))

    async def keep(self) -> None:
        """Let begin and end what time brings about, and take off air whoever may not be there, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.reencoding.run(), name="encoding anew")
            await self._settle()

    async def _settle(self) -> None:
        while True:
            try:
                for avatar in await self._registry.avatars.settle(at=self._clock()):
                    _log.info("avatar.settled", avatar=avatar.id, state=avatar.state)
                await self._remove_barred()
            except RegistryError as failure:
                _log.warning("avatar.waits", because=str(failure))
            await asyncio.sleep(_SETTLE_EVERY)

    async def submit(self, submission: Submission, enrolment: Enrolment, *, by: str) -> Avatar:
        """Register a likeness; ``submission`` comes without references. Raises PictureRefused, RegistryError."""
        async with self._turn:
            self.reencoding.check()
            references = await self._enrolled(enrolment, submission.role)
            complete = replace(submission, references=references, model=self._model)
            conflicts = await self._conflicts(references, submission.role, submission.policy)
            avatar = await self._registry.avatars.register(complete, conflicts=conflicts, by=by, at=self._clock())
            return await self._in_step(avatar)

    async def add_outfit(self, avatar_id: AvatarId, enrolment: Enrolment, *, by: str) -> Avatar:
        """Add an outfit to an avatar. Raises PictureRefused, RegistryError; Refused where it is another's likeness."""
        async with self._turn:
            self.reencoding.check()
            present = await self._registry.avatars.get(avatar_id)
            references = await self._enrolled(enrolment, present.role)
            for found in await self._conflicts(references, present.role, present.policy, besides=avatar_id):
                other = await self._registry.avatars.get(found.other)
                raise Refused(
                    f"This outfit is too like avatar {other.id} ({other.name}); "
                    "register it as an avatar of its own, so that a person can review it."
                )
            avatar = await self._registry.avatars.add_outfit(
                avatar_id, references, model=self._model, by=by, at=self._clock()
            )
            return await self._in_step(avatar)

    async def move(self, avatar_id: AvatarId, signal: AvatarSignal, *, by: str, because: str) -> Avatar:
        """Approve, reject, suspend, reinstate or revoke. Raises RegistryError.

        Where four eyes are wanted, whoever registered an avatar does not approve it: Conflict.
        """
        at = self._clock()
        if signal is AvatarSignal.APPROVE and self._four_eyes:
            await self._refuse_own(avatar_id, by)
        avatar = await self._registry.avatars.move(avatar_id, signal, by=by, because=because, at=at)
        return await self._in_step(avatar)

    async def renew(
        self, avatar_id: AvatarId, *, valid_from: datetime | None, valid_until: datetime | None, by: str
    ) -> Avatar:
        """Give an avatar another validity, from now where no beginning is given. Raises RegistryError."""
        at = self._clock()
        avatar = await self._registry.avatars.renew(
            avatar_id, valid_from=valid_from or at, valid_until=valid_until, by=by, at=at
        )
        return await self._in_step(avatar)

    async def merge(self, avatar_id: AvatarId, into: AvatarId, *, by: str, because: str) -> Avatar:
        """Make two avatars of one owner one. Raises RegistryError."""
        avatar = await self._registry.avatars.merge(avatar_id, into, by=by, because=because, at=self._clock())
        await self._in_step(await self._registry.avatars.get(avatar_id))
        return await self._in_step(avatar)

    async def purge(self, avatar_id: AvatarId, *, by: str, because: str) -> Purged:
        """Revoke an avatar and delete its pictures and vectors. Raises RegistryError."""
        salt = secrets.token_bytes(SALT_BYTES)
        proof = await self._registry.avatars.purge(avatar_id, salt=salt, by=by, because=because, at=self._clock())
        avatar = await self._in_step(await self._registry.avatars.get(avatar_id))
        return Purged(avatar=avatar, proof=proof, salt=salt)

    async def consent(
        self,
        avatar_id: AvatarId,
        *,
        subject: str,
        purpose: str,
        scope: str,
        guardian: str | None,
        obtained_at: datetime,
        by: str,
    ) -> Consent:
        """Record that the person whom an avatar resembles agreed. Raises RegistryError."""
        consent = await self._registry.consents.record(
            avatar_id,
            subject=subject,
            purpose=purpose,
            scope=scope,
            guardian=guardian,
            obtained_at=obtained_at,
            by=by,
            at=self._clock(),
        )
        await self._in_step(await self._registry.avatars.get(avatar_id))
        return consent

    async def withdraw(self, consent_id: str, *, by: str, because: str) -> Purged:
        """Withdraw a consent: the avatar is revoked and purged, its streams go off air. Raises RegistryError."""
        salt = secrets.token_bytes(SALT_BYTES)
        consent = await self._registry.consents.get(consent_id)
        proof = await self._registry.consents.withdraw(consent_id, salt=salt, by=by, because=because, at=self._clock())
        avatar = await self._in_step(await self._registry.avatars.get(consent.avatar))
        return Purged(avatar=avatar, proof=proof, salt=salt)

    async def pairs(self, avatar_id: AvatarId) -> tuple[Pair, ...]:
        """What an avatar was found too like to, the pictures side by side. Raises NotFound."""
        await self._registry.avatars.get(avatar_id)
        return tuple([await self._pair(finding) for finding in await self._registry.conflicts.of(avatar_id)])

    @property
    def worth(self) -> float:
        """The similarity from which two likenesses are worth a person's look."""
        return self._sight.encoder.calibration.centre

    async def encoded(self, enrolment: Enrolment) -> NDArray[np.float32]:
        """The vectors of pictures, (n, d), without registering anything. Raises PictureRefused."""
        taken = await asyncio.to_thread(self._taken, enrolment, AvatarRole.PROTECTED)
        return np.stack([picture.vector for picture in taken])

    async def resembling(self, vectors: NDArray[np.float32]) -> tuple[tuple[Avatar, float], ...]:
        """Whom vectors (n, d) resemble among all that are registered, and how much (-1..1), the most alike first."""
        alike: dict[AvatarId, float] = {}
        for vector in vectors:
            for match in await self._search.nearest(vector, _NEIGHBOURS):
                alike[match.avatar] = max(alike.get(match.avatar, -1.0), match.similarity)
        chosen = sorted((one for one in alike.items() if one[1] >= self.worth), key=lambda one: -one[1])
        return tuple([(await self._registry.avatars.get(avatar), similarity) for avatar, similarity in chosen])

    async def _refuse_own(self, avatar_id: AvatarId, by: str) -> None:
        if (await self._registry.avatars.get(avatar_id)).submitted_by == by:
            raise Conflict(
                f"Avatar {avatar_id} was registered by {by}, which cannot approve it: a review needs a second pair of "
                "eyes. Approve it with another key ('nakanohito keys create NAME --scope avatars:review'), or turn "
                "avatars.four_eyes off in the settings."
            )

    # ---- the check

    async def _enrolled(self, enrolment: Enrolment, role: AvatarRole) -> tuple[Reference, ...]:
        taken = await asyncio.to_thread(self._taken, enrolment, role)
        return tuple(
            Reference(digest=bytes.fromhex(one.sha256), vector=one.vector, content=one.kept, outfit=enrolment.outfit)
            for one in taken
        )

    def _taken(self, enrolment: Enrolment, role: AvatarRole) -> list[EnrolledPicture]:
        if role is AvatarRole.SCENE:
            return scene_vectors_of(enrolment.pictures, self._sight)
        if not enrolment.pictures and enrolment.video is None:
            raise PictureRefused("no pictures were given; send at least one that shows the avatar's head")
        taken = vectors_of(enrolment.pictures, self._sight) if enrolment.pictures else []
        return taken if enrolment.video is None else [*taken, *video_vectors_of(enrolment.video, self._sight)]

    async def _conflicts(
        self,
        references: Sequence[Reference],
        role: AvatarRole,
        policy_name: str | None,
        *,
        besides: AvatarId | None = None,
    ) -> tuple[Conflicting, ...]:
        """Whoever these pictures are too like; generic looks and backgrounds never are anybody."""
        if role in _GENERIC:
            return ()
        policy = await self._registry.policies.get(policy_name or _STANDARD)
        review_at = Policy.model_validate(policy.document).likeness.review_at
        vectors = np.stack([reference.vector for reference in references])
        near = [await self._registry.avatars.get(avatar) for avatar in await self._near(vectors) if avatar != besides]
        generic = await self._vectors([avatar.id for avatar in near if avatar.role in _GENERIC])
        found = [await self._resembling(references, vectors, avatar, generic) for avatar in near]
        alike = [one for one in found if one is not None and (one.probability or 0.0) >= review_at]
        return tuple(sorted(alike, key=lambda one: -(one.probability or 0.0)))

    async def _near(self, vectors: NDArray[np.float32]) -> tuple[AvatarId, ...]:
        found: dict[AvatarId, None] = {}
        for vector in vectors[:: -(-len(vectors) // _ASKED)]:
            found |= dict.fromkeys(match.avatar for match in await self._search.nearest(vector, _NEIGHBOURS))
        return tuple(found)

    async def _vectors(self, avatars: Sequence[AvatarId]) -> NDArray[np.float32] | None:
        held = [await self._registry.avatars.vectors(avatar, self._model) for avatar in avatars]
        return np.concatenate(held) if held else None

    async def _resembling(
        self,
        references: Sequence[Reference],
        vectors: NDArray[np.float32],
        other: Avatar,
        generic: NDArray[np.float32] | None,
    ) -> Conflicting | None:
        if other.role in _GENERIC:
            return None
        theirs = await self._registry.avatars.references(other.id, self._model)
        held = np.stack([reference.vector for reference in theirs])
        found = resemblance(vectors, held, self._sight.encoder.calibration, generic=generic)
        if found is None:
            return None
        return Conflicting(
            other=other.id,
            reason=ConflictReason.LIKENESS,
            similarity=found.similarity,
            probability=found.probability,
            picture=references[found.picture].digest,
            other_picture=theirs[found.other].digest or None,
        )

    # ---- what follows from a change

    async def _in_step(self, avatar: Avatar) -> Avatar:
        """Let the search and the streams follow what the registry says of ``avatar``."""
        try:
            vectors = await self._registry.avatars.vectors(avatar.id, self._model)
        except NotFound:  # purged, merged, or made with another model
            vectors = None
        if vectors is None or avatar.state is AvatarState.REVOKED:
            await self._search.drop(avatar.id)
            self._forget(avatar.id)
        else:
            await self._search.put(avatar.id, vectors, standing=avatar.state in STANDING)
        await self._remove_barred()
        return avatar

    async def _pair(self, finding: Finding) -> Pair:
        found = finding.found
        return Pair(
            finding=finding,
            other=await self._registry.avatars.get(found.other),
            picture=await self._kept(finding.avatar, found.picture),
            other_picture=await self._kept(found.other, found.other_picture),
        )

    async def _kept(self, avatar: AvatarId, digest: bytes | None) -> bytes | None:
        if digest is None:
            return None
        try:
            return await self._registry.avatars.picture(avatar, digest)
        except NotFound:
            return None
