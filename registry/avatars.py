"""The avatars of the registry: registered after a check, moved through their lives, found again.

Every change of state is entered in the ledger inside the transaction that makes it: what cannot be entered does not
happen.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.avatar import AvatarRole, AvatarSignal, AvatarState, MoveRefused, after
from protocols.purge import PurgeProof
from protocols.session import AvatarId
from registry import avatar as avatar_
from registry import avatar_names as names
from registry import conflict as conflicting
from registry import reference
from registry.avatar import Avatar, Submission
from registry.conflict import Conflicting
from registry.database import Database, alone
from registry.error import Conflict, NotFound, Refused
from registry.identity import fresh
from registry.ledger import Ledger
from registry.name import comparison_key, short_text
from registry.page import Page, page_size, read_cursor, write_cursor
from registry.policy import known_policy
from registry.reference import Picture, Reference
from registry.schema import aliases, assets, avatars
from registry.state import Resolution

_PREFIXES = {AvatarRole.AVATAR: "av", AvatarRole.PROTECTED: "pro", AvatarRole.LOOK: "neg", AvatarRole.SCENE: "neg"}


class Avatars:
    """The avatars of the registry."""

    def __init__(self, database: Database, ledger: Ledger | None = None) -> None:
        self._database = database
        self._ledger = ledger

    async def register(
        self, submission: Submission, *, conflicts: Sequence[Conflicting] = (), by: str = "", at: datetime
    ) -> Avatar:
        """Register a likeness, checked: approved where ``conflicts`` is empty and its assets are nobody's, and active
        as soon as it is valid and consented to; otherwise waiting for a person's review.

        Raises Conflict where the owner has an avatar of that name, another owner one of the pictures, or another
        avatar the code; Refused for values that cannot be registered. Nothing is left half registered.
        """
        submission = avatar_.checked(submission, at)
        avatar = AvatarId(fresh(_PREFIXES[submission.role]))
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            await names.refuse_taken(connection, submission.owner, (submission.name, *submission.aliases))
            digests = [one.digest for one in submission.references]
            await reference.refuse_others_pictures(connection, submission.owner, digests)
            await avatar_.refuse_same_code(connection, submission.code)
            if submission.policy is not None:
                await known_policy(connection, submission.policy)
            found = [*conflicts, *await conflicting.by_assets(connection, submission.assets)]
            await avatar_.keep(connection, avatar, submission, by, at)
            await reference.put(connection, avatar, submission.model, submission.references)
            await conflicting.put(connection, avatar, found, at)
            await self._enter(avatar, "submitted", {"role": submission.role, "by": by, "pictures": len(digests)}, at)
            doubted = bool(found) and submission.role is AvatarRole.AVATAR
            signal = AvatarSignal.CONFLICT if doubted else AvatarSignal.CLEAR
            because = "too like " + ", ".join(sorted({one.other for one in found})) if doubted else "like no other"
            return await self._move(connection, avatar, signal, by="the conflict check", because=because, at=at)

    async def add_outfit(
        self, avatar: AvatarId, references: Sequence[Reference], *, model: str, by: str, at: datetime
    ) -> Avatar:
        """Add references of an outfit, new or known. Raises Conflict for pictures of another owner."""
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            present = await avatar_.one(connection, avatar)
            avatar_.refuse_revoked(present)
            await reference.refuse_others_pictures(connection, present.owner, [one.digest for one in references])
            await reference.put(connection, avatar, model, references)
            outfits = sorted({one.outfit for one in references})
            await self._enter(avatar, "outfit", {"outfits": outfits, "pictures": len(references), "by": by}, at)
            return await avatar_.one(connection, avatar)

    async def merge(self, avatar: AvatarId, into: AvatarId, *, by: str, because: str, at: datetime) -> Avatar:
        """Make the references, names and assets of ``avatar`` those of ``into``, of the same owner, and revoke it.

        Raises Refused where they are not of one owner and role, or one of them is revoked; Conflict where it waits for
        a review because of another owner's.
        """
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            first, other = await avatar_.one(connection, avatar), await avatar_.one(connection, into)
            if avatar == into or (first.owner, first.role) != (other.owner, other.role):
                raise Refused("Only two avatars of one owner can be merged; register the outfit with its owner.")
            avatar_.refuse_revoked(first)
            avatar_.refuse_revoked(other)
            if first.needs_consent and not other.needs_consent:
                raise Refused(f"{avatar} needs a person's consent and {into} does not; revoke one of them instead.")
            await conflicting.refuse_anothers(connection, avatar, first.owner)
            await conflicting.resolve(connection, avatar, Resolution.MERGED, at)
            why = f"merged into {into}" + (f": {because}" if because else "")
            await self._move(connection, avatar, AvatarSignal.REVOKE, by=by, because=why, at=at)
            await reference.hand_over(connection, avatar, into)
            await names.hand_over(connection, avatar, into)
            await _hand_over_assets(connection, avatar, into)
            await self._enter(into, "merged", {"from": avatar, "by": by, "because": because}, at)
            return await avatar_.one(connection, into)

    async def move(self, avatar: AvatarId, signal: AvatarSignal, *, by: str, because: str, at: datetime) -> Avatar:
        """Tell the avatar ``signal``, and let begin or end what is due by it.

        Raises Conflict where the signal does not fit where it stands.
        """
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            await avatar_.one(connection, avatar)
            if signal in _RESOLVES:
                await conflicting.resolve(connection, avatar, _RESOLVES[signal], at)
            return await self._move(connection, avatar, signal, by=by, because=because, at=at)

    async def renew(
        self, avatar: AvatarId, *, valid_from: datetime, valid_until: datetime | None, by: str, at: datetime
    ) -> Avatar:
        """Give the avatar another validity. Raises Conflict where it is suspended, revoked or not approved."""
        avatar_.check_validity(valid_from, valid_until, at)
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            await avatar_.one(connection, avatar)
            validity = {"valid_from": valid_from, "valid_until": valid_until}
            await connection.execute(update(avatars).where(avatars.c.id == avatar).values(**validity))
            until = "without end" if valid_until is None else f"until {valid_until.isoformat()}"
            return await self._move(connection, avatar, AvatarSignal.RENEW, by=by, because=f"valid {until}", at=at)

    async def settle(self, *, at: datetime) -> tuple[Avatar, ...]:
        """Begin and end what time has brought about; those that changed."""
        query = select(avatars).where(avatars.c.state.in_((AvatarState.APPROVED, AvatarState.ACTIVE)))
        query = query.where((avatars.c.state == AvatarState.APPROVED) | (avatars.c.valid_until <= at))
        async with self._database.reading() as connection:
            candidates = await avatar_.avatars_of(connection, (await connection.execute(query)).all())
        return tuple([await self._settled(avatar.id, at) for avatar in candidates if avatar.tenure.due(at) is not None])

    async def purge(self, avatar: AvatarId, *, salt: bytes, by: str, because: str, at: datetime) -> PurgeProof:
        """Revoke the avatar and delete its pictures and vectors; what proves it is entered in the ledger."""
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            proof = await self.purge_within(connection, avatar, salt=salt, by=by, because=because, at=at)
        await self._database.scrub()
        return proof

    async def purge_within(
        self, connection: AsyncConnection, avatar: AvatarId, *, salt: bytes, by: str, because: str, at: datetime
    ) -> PurgeProof:
        """The same in a transaction that has begun."""
        if (await avatar_.one(connection, avatar)).state is not AvatarState.REVOKED:
            await self._move(connection, avatar, AvatarSignal.REVOKE, by=by, because=because, at=at)
        await conflicting.forget_pictures(connection, avatar)
        proof = await reference.purge(connection, avatar, salt)
        await self._enter(avatar, "purged", {**proof.document(), "by": by, "because": because}, at)
        return proof

    async def settle_within(self, connection: AsyncConnection, avatar: AvatarId, at: datetime) -> Avatar:
        """Begin or end what is due for one avatar, in a transaction that has begun."""
        present = await avatar_.one(connection, avatar)
        while (signal := present.tenure.due(at)) is not None:
            because = "its validity has ended" if signal is AvatarSignal.EXPIRE else "it is valid"
            present = await self._step(connection, present, signal, by="the calendar", because=because, at=at)
        return present

    async def get(self, avatar: AvatarId) -> Avatar:
        """The avatar, or NotFound."""
        async with self._database.reading() as connection:
            return await avatar_.one(connection, avatar)

    async def named(self, name: str) -> tuple[Avatar, ...]:
        """Every avatar of that name that is not revoked, whoever owns it; names are compared as people read them."""
        key = comparison_key(name)
        also = select(aliases.c.avatar).where(aliases.c.name_key == key)
        query = select(avatars).where(
            (avatars.c.name_key == key) | avatars.c.id.in_(also),
            avatars.c.state != AvatarState.REVOKED,
            avatars.c.role == AvatarRole.AVATAR,
        )
        async with self._database.reading() as connection:
            return await avatar_.avatars_of(connection, (await connection.execute(query.order_by(avatars.c.seq))).all())

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
        roles: Collection[AvatarRole] = (AvatarRole.AVATAR,),
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Avatar]:
        """Avatars, newest first."""
        query = select(avatars).order_by(avatars.c.seq.desc()).limit(page_size(limit) + 1)
        query = query.where(avatars.c.role.in_(tuple(roles)))
        if owner is not None:
            query = query.where(avatars.c.owner == owner)
        if state is not None:
            query = query.where(avatars.c.state == state)
        if cursor is not None:
            query = query.where(avatars.c.seq < read_cursor(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            items = await avatar_.avatars_of(connection, rows[:limit])
        more = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
        return Page(items=items, next=more)

    async def add_vectors(self, avatar: AvatarId, *, model: str, likeness: NDArray[np.float32]) -> None:
        """Add to the vectors of ``avatar`` under ``model``, such as those of a new encoder."""
        async with self._database.writing() as connection:
            await avatar_.one(connection, avatar)
            await reference.put_vectors(connection, avatar, short_text(model, what="model's id"), likeness)

    async def encoded_anew(self, avatar: AvatarId, *, model: str, likeness: Sequence[Reference]) -> bool:
        """Add what ``model`` made of pictures that are there already; those that are there no more are left out.

        Whether any was added: whoever was revoked or purged in the meantime gets nothing back.
        """
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            if (await avatar_.one(connection, avatar)).state is AvatarState.REVOKED:
                return False
            there = await reference.kept_unencoded(connection, avatar, model)
            left = [one for one in likeness if one.digest in there]
            if left:
                stacked = np.stack([one.vector for one in left])
                await reference.put_vectors(connection, avatar, model, stacked, [one.digest for one in left])
            return bool(left)

    async def unencoded(self, model: str) -> tuple[AvatarId, ...]:
        """Whatever is not revoked and has a picture that is kept and has no vector of ``model``; oldest first."""
        async with self._database.reading() as connection:
            return await reference.unencoded(connection, model)

    async def unknown(self, model: str, *, only: AvatarId | None = None) -> tuple[AvatarId, ...]:
        """Whatever is not revoked and has no vector of ``model``, or ``only`` if it is such a one; oldest first."""
        async with self._database.reading() as connection:
            return await reference.unknown(connection, model, only)

    async def kept_unencoded(self, avatar: AvatarId, model: str) -> Mapping[bytes, bytes]:
        """The pictures of ``avatar`` that are kept and have no vector of ``model``: digest → JPEG."""
        async with self._database.reading() as connection:
            return await reference.kept_unencoded(connection, avatar, model)

    async def vectors(self, avatar: AvatarId, model: str) -> NDArray[np.float32]:
        """The vectors of ``avatar`` that ``model`` made, float32 (n, d); NotFound where there is none."""
        async with self._database.reading() as connection:
            await avatar_.one(connection, avatar)
            return await reference.vectors_of(connection, avatar, model)

    async def gallery(self, model: str) -> Mapping[AvatarId, NDArray[np.float32]]:
        """All vectors that ``model`` made, float32 (n, d) each, of everything that is not revoked."""
        async with self._database.reading() as connection:
            return await reference.gallery(connection, model)

    async def references(self, avatar: AvatarId, model: str) -> tuple[Reference, ...]:
        """What ``avatar`` is known by under ``model``, pictures included."""
        async with self._database.reading() as connection:
            return await reference.references_of(connection, avatar, model)

    async def pictures(self, avatar: AvatarId) -> tuple[Picture, ...]:
        """The reference pictures of ``avatar``, or NotFound."""
        async with self._database.reading() as connection:
            await avatar_.one(connection, avatar)
            return await reference.listed(connection, avatar)

    async def picture(self, avatar: AvatarId, digest: bytes) -> bytes:
        """One of them as JPEG, or NotFound."""
        async with self._database.reading() as connection:
            return await reference.content(connection, avatar, digest)

    async def _settled(self, avatar: AvatarId, at: datetime) -> Avatar:
        async with self._database.writing() as connection:
            await alone(connection, "avatars")
            return await self.settle_within(connection, avatar, at)

    async def _move(
        self,
        connection: AsyncConnection,
        avatar: AvatarId,
        signal: AvatarSignal,
        *,
        by: str,
        because: str,
        at: datetime,
    ) -> Avatar:
        await self._step(connection, await avatar_.one(connection, avatar), signal, by=by, because=because, at=at)
        return await self.settle_within(connection, avatar, at)

    async def _step(
        self, connection: AsyncConnection, present: Avatar, signal: AvatarSignal, *, by: str, because: str, at: datetime
    ) -> Avatar:
        """One transition: durable in the ledger, then made."""
        try:
            state = after(present.state, signal)
        except MoveRefused as refused:
            raise Conflict(f"Avatar {present.id}: {refused}.", other=present.id) from refused
        values = {"state": state, "since": at, "because": because, "decided_by": by}
        await connection.execute(update(avatars).where(avatars.c.id == present.id).values(**values))
        content = {"from": present.state, "signal": signal, "by": by, "because": because}
        await self._enter(present.id, state, content, at)
        return replace(present, state=state, since=at, because=because, by=by)

    async def _enter(self, avatar: AvatarId, what: str, content: Mapping[str, Any], at: datetime) -> None:
        if self._ledger is not None:
            await self._ledger.append(f"avatar.{what}", "", avatar, content, at)


_RESOLVES = {
    AvatarSignal.APPROVE: Resolution.APPROVED,
    AvatarSignal.REJECT: Resolution.REJECTED,
    AvatarSignal.REVOKE: Resolution.REJECTED,
}


async def _hand_over_assets(connection: AsyncConnection, avatar: AvatarId, to: AvatarId) -> None:
    for row in (await connection.execute(select(assets).where(assets.c.avatar.in_((avatar, to))))).all():
        if row.avatar == avatar:
            same = select(assets.c.avatar).where(
                assets.c.avatar == to, assets.c.kind == row.kind, assets.c.value == row.value
            )
            if await connection.scalar(same) is None:
                await connection.execute(insert(assets).values(avatar=to, kind=row.kind, value=row.value))
