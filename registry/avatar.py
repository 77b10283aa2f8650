"""Avatar: a registered likeness, who owns it, what it is known by, and whether it may be on air."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.avatar import AvatarRole, AvatarState, Tenure
from protocols.gesture import Ability
from protocols.session import AvatarId
from registry import avatar_names as names
from registry.error import Conflict, NotFound, Refused
from registry.name import comparison_key, display_name, short_text
from registry.reference import Reference
from registry.schema import aliases, assets, avatars, consents, pictures
from registry.state import AssetKind

Asset = tuple[AssetKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Avatar:
    """A registered likeness. ``model`` names the encoder that made the vectors it was registered with.

    ``tenure`` says whether it may be on air; ``since``, ``because`` and ``by`` are of its last change of state;
    ``submitted_by`` registered it, None where that was not kept.
    """

    id: AvatarId
    name: str
    aliases: tuple[str, ...] = ()
    owner: str
    role: AvatarRole = AvatarRole.AVATAR
    state: AvatarState
    since: datetime
    because: str = ""
    by: str = ""
    submitted_by: str | None = None
    abilities: frozenset[Ability]
    outfits: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()
    code: str | None = None
    valid_from: datetime
    valid_until: datetime | None = None
    policy: str | None = None
    needs_consent: bool = False
    has_consent: bool = False
    registered_at: datetime
    model: str

    @property
    def tenure(self) -> Tenure:
        """What decides whether it may be on air."""
        return Tenure(
            state=self.state,
            role=self.role,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            needs_consent=self.needs_consent,
            has_consent=self.has_consent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is to be registered. ``code``: national digital-human code; ``policy``: name of the profile that sessions
    of this avatar are judged by unless they name another; ``needs_consent``: it resembles a living person."""

    name: str
    owner: str
    references: Sequence[Reference]
    model: str
    abilities: Collection[Ability] = ()
    aliases: Sequence[str] = ()
    role: AvatarRole = AvatarRole.AVATAR
    assets: Collection[Asset] = ()
    code: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    policy: str | None = None
    needs_consent: bool = False


def checked(submission: Submission, at: datetime) -> Submission:
    """The submission with its texts as they are kept. Raises Refused."""
    check_validity(submission.valid_from or at, submission.valid_until, at)
    return replace(
        submission,
        name=display_name(submission.name, what="avatar's name"),
        aliases=names.checked_aliases(submission.name, submission.aliases),
        owner=short_text(submission.owner, what="owner"),
        model=short_text(submission.model, what="model's id"),
        code=None if submission.code is None else short_text(submission.code, what="digital-human code", longest=64),
        assets=tuple((kind, names.checked_asset(kind, value)) for kind, value in submission.assets),
    )


def check_validity(begins: datetime, ends: datetime | None, at: datetime) -> None:
    """Raise Refused for a validity that has ended before it begins."""
    if ends is not None and (ends <= begins or ends <= at):
        raise Refused("The validity would have ended before it begins; give an end in the future, or none.")


def refuse_revoked(avatar: Avatar) -> None:
    """Raise Conflict for an avatar that is revoked."""
    if avatar.state is AvatarState.REVOKED:
        raise Conflict(f"Avatar {avatar.id} is revoked, which is for good; register it anew.", other=avatar.id)


async def refuse_same_code(connection: AsyncConnection, code: str | None) -> None:
    """Raise Conflict where the code is another avatar's."""
    if code is None:
        return
    same = select(avatars.c.id).where(avatars.c.code == code, avatars.c.state != AvatarState.REVOKED)
    if (other := await connection.scalar(same)) is not None:
        raise Conflict(
            f"The digital-human code {code} is another avatar's ({other}); check the code, one avatar has one.",
            other=other,
        )


async def keep(connection: AsyncConnection, avatar: AvatarId, submission: Submission, by: str, at: datetime) -> None:
    """Insert the avatar as SUBMITTED, with its names and assets; its references are put in by themselves."""
    await connection.execute(
        insert(avatars).values(
            id=avatar,
            owner=submission.owner,
            name=submission.name,
            name_key=comparison_key(submission.name),
            role=submission.role,
            state=AvatarState.SUBMITTED,
            since=at,
            because="",
            decided_by=by,
            submitted_by=by or None,
            abilities=sorted(ability.value for ability in submission.abilities),
            code=submission.code,
            valid_from=submission.valid_from or at,
            valid_until=submission.valid_until,
            policy=submission.policy,
            needs_consent=submission.needs_consent,
            model=submission.model,
            registered_at=at,
        )
    )
    await names.put(connection, avatar, submission.aliases)
    if submission.assets:
        rows = [{"avatar": avatar, "kind": kind, "value": value} for kind, value in sorted(set(submission.assets))]
        await connection.execute(insert(assets), rows)


async def bars_of(connection: AsyncConnection, of: Collection[str], at: datetime) -> Mapping[str, str]:
    """Why each of these avatars may not be on air at ``at``; those that may are not in it."""
    rows = (await connection.execute(select(avatars).where(avatars.c.id.in_(of)))).all()
    bars = {avatar.id: _bar(avatar, at) for avatar in await avatars_of(connection, rows)}
    return {avatar: bar for avatar, bar in bars.items() if bar is not None}


def _bar(avatar: Avatar, at: datetime) -> str | None:
    bar = avatar.tenure.bar(at)
    decided = avatar.state in (AvatarState.SUSPENDED, AvatarState.EXPIRED, AvatarState.REVOKED)
    return f"{bar} ({avatar.because})" if bar is not None and decided and avatar.because else bar


async def one(connection: AsyncConnection, avatar: AvatarId) -> Avatar:
    """The avatar, or NotFound."""
    rows = (await connection.execute(select(avatars).where(avatars.c.id == avatar))).all()
    if not rows:
        raise NotFound(f"No avatar {avatar} is registered.")
    return (await avatars_of(connection, rows))[0]


async def avatars_of(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> tuple[Avatar, ...]:
    """The avatars of these rows, with what other tables hold of them."""
    ids = [row.id for row in rows]
    also = select(aliases.c.avatar, aliases.c.name).where(aliases.c.avatar.in_(ids)).order_by(aliases.c.name)
    worn = select(pictures.c.avatar, pictures.c.outfit).where(pictures.c.avatar.in_(ids)).distinct()
    known = select(assets).where(assets.c.avatar.in_(ids)).order_by(assets.c.kind, assets.c.value)
    given = select(consents.c.avatar).where(consents.c.avatar.in_(ids), consents.c.withdrawn_at.is_(None))
    called = _by_avatar((row.avatar, row.name) for row in await connection.execute(also))
    outfits = _by_avatar((row.avatar, row.outfit) for row in await connection.execute(worn.order_by(pictures.c.outfit)))
    bound = _by_avatar((row.avatar, (row.kind, row.value)) for row in await connection.execute(known))
    consented = set(await connection.scalars(given))
    return tuple(
        _avatar(row, called.get(row.id, ()), outfits.get(row.id, ()), bound.get(row.id, ()), row.id in consented)
        for row in rows
    )


def _by_avatar(pairs: Any) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for avatar, value in pairs:
        found[avatar] = (*found.get(avatar, ()), value)
    return found


def _avatar(
    row: Row[Any], called: tuple[str, ...], outfits: tuple[str, ...], bound: tuple[Asset, ...], consented: bool
) -> Avatar:
    return Avatar(
        id=AvatarId(row.id),
        name=row.name,
        aliases=called,
        owner=row.owner,
        role=row.role,
        state=row.state,
        since=row.since or row.registered_at,
        because=row.because or "",
        by=row.decided_by or "",
        submitted_by=row.submitted_by,
        abilities=frozenset(Ability(ability) for ability in row.abilities),
        outfits=outfits,
        assets=bound,
        code=row.code,
        valid_from=row.valid_from or row.registered_at,
        valid_until=row.valid_until,
        policy=row.policy,
        needs_consent=row.needs_consent,
        has_consent=consented,
        registered_at=row.registered_at,
        model=row.model,
    )
