"""What an avatar is called and known by besides its likeness: several display names, and the hashes of its model."""

import re
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from protocols.avatar import AvatarState
from protocols.session import AvatarId
from registry.error import Conflict, Refused
from registry.name import comparison_key, display_name
from registry.schema import aliases, avatars
from registry.state import AssetKind

MOST_ALIASES = 16
_ASSETS = {
    AssetKind.VRM: (re.compile(r"[0-9a-f]{64}"), "the SHA-256 of the VRM file in 64 hexadecimal digits"),
    AssetKind.VTUBE_STUDIO: (re.compile(r"[0-9a-f]{32}"), "the modelID of VTube Studio, 32 hexadecimal digits"),
}


def checked_aliases(name: str, given: Sequence[str]) -> tuple[str, ...]:
    """The further names, each once and none the first. Raises Refused for one that cannot be shown, or too many."""
    if len(given) > MOST_ALIASES:
        raise Refused(f"An avatar has {MOST_ALIASES} further names at most; {len(given)} were given.")
    shown = {comparison_key(one): one for one in (display_name(alias, what="further name") for alias in given)}
    shown.pop(comparison_key(display_name(name, what="avatar's name")), None)
    return tuple(shown.values())


def checked_asset(kind: AssetKind, value: str) -> str:
    """What identifies a model, in lower case. Raises Refused, saying what would."""
    pattern, wanted = _ASSETS[kind]
    plain = value.strip().lower().removeprefix("sha256:").replace("-", "")
    if not pattern.fullmatch(plain):
        raise Refused(f"This is not {wanted}.")
    return plain


async def put(connection: AsyncConnection, avatar: AvatarId, given: Sequence[str]) -> None:
    """Keep further names."""
    if given:
        rows = [{"avatar": avatar, "name_key": comparison_key(alias), "name": alias} for alias in given]
        await connection.execute(insert(aliases), rows)


async def refuse_taken(connection: AsyncConnection, owner: str, called: Sequence[str]) -> None:
    """Raise Conflict where the owner has an avatar of one of these names."""
    theirs = (avatars.c.owner == owner) & (avatars.c.state != AvatarState.REVOKED)
    main = select(avatars.c.id, avatars.c.name_key).where(theirs)
    also = select(avatars.c.id, aliases.c.name_key).join(aliases, aliases.c.avatar == avatars.c.id).where(theirs)
    taken = union_all(main, also).subquery()
    for name in called:
        same = select(taken.c.id).where(taken.c.name_key == comparison_key(name)).limit(1)
        if (other := await connection.scalar(same)) is not None:
            raise Conflict(
                f"This owner already has an avatar of the name {name} ({other}); choose another name, add an outfit "
                "to that one, or revoke it first.",
                other=other,
            )


async def hand_over(connection: AsyncConnection, avatar: AvatarId, to: AvatarId) -> None:
    """Make the names of ``avatar`` further names of ``to``."""
    main = select(avatars.c.name, avatars.c.name_key)
    [own] = (await connection.execute(main.where(avatars.c.id == avatar))).all()
    also = (
        await connection.execute(select(aliases.c.name, aliases.c.name_key).where(aliases.c.avatar == avatar))
    ).all()
    present = {row.name_key for row in await connection.execute(main.where(avatars.c.id == to))}
    present |= set(await connection.scalars(select(aliases.c.name_key).where(aliases.c.avatar == to)))
    await connection.execute(delete(aliases).where(aliases.c.avatar == avatar))
    await put(connection, to, [row.name for row in (own, *also) if row.name_key not in present])
