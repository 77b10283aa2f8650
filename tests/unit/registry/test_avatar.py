import asyncio
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from protocols.avatar import AvatarSignal, AvatarState
from protocols.gesture import Ability
from protocols.session import AvatarId
from registry.avatar import Avatar
from registry.error import Conflict, NotFound, Refused
from registry.registry import Registry
from registry.state import AssetKind
from tests.unit.registry.conftest import NOW, digest, likeness, references, submission


async def register(
    registry: Registry, name: str = "星野", owner: str = "owner", picture: str = "", **other: Any
) -> Avatar:
    vectors, digests = other.pop("likeness", likeness()), other.pop("digests", [digest(picture or name)])
    given = {"references": references(vectors, digests), "abilities": {Ability.HEAD}, **other}
    return await registry.avatars.register(submission(name, owner=owner, **given), at=NOW)


async def move(registry: Registry, avatar: AvatarId, signal: AvatarSignal) -> Avatar:
    return await registry.avatars.move(avatar, signal, by="key_1", because="a complaint", at=NOW)


async def test_an_avatar_is_registered_and_found_again(registry: Registry) -> None:
    avatar = await register(registry, name=" 星野 🌟 ")
    assert avatar == Avatar(
        id=avatar.id,
        name="星野 🌟",
        owner="owner",
        state=AvatarState.ACTIVE,
        abilities=frozenset({Ability.HEAD}),
        registered_at=NOW,
        model="encoder-1",
        since=NOW,
        because="it is valid",
        by="the calendar",
        outfits=("default",),
        valid_from=NOW,
    )
    assert await registry.avatars.get(avatar.id) == avatar
    np.testing.assert_array_equal(await registry.avatars.vectors(avatar.id, "encoder-1"), likeness())


async def test_a_name_is_taken_once_per_owner_however_it_is_written(registry: Registry) -> None:
    first = await register(registry, name="Hoshino")
    with pytest.raises(Conflict, match=first.id) as conflict:
        await register(registry, name="HOSHINO", picture="other")
    assert conflict.value.other == first.id
    await register(registry, name="Hoshino", owner="another", picture="other")
    await move(registry, first.id, AvatarSignal.REVOKE)
    await register(registry, name="Hoshino", picture="again")


async def test_a_picture_belongs_to_one_owner(registry: Registry) -> None:
    first = await register(registry, digests=[digest("a"), digest("b"), digest("a")])
    with pytest.raises(Conflict, match="another owner") as conflict:
        await register(registry, owner="thief", digests=[digest("c"), digest("b")])
    assert conflict.value.other == first.id
    await register(registry, name="the same owner's second outfit", digests=[digest("b")])
    assert len((await registry.avatars.list()).items) == 2


async def test_a_thief_that_was_revoked_does_not_bar_the_owner(registry: Registry) -> None:
    thief = await register(registry, owner="thief", picture="face")
    await move(registry, thief.id, AvatarSignal.REVOKE)
    await register(registry, owner="owner", picture="face")


async def test_two_who_register_one_picture_at_once_do_not_both_get_it(registry: Registry) -> None:
    results = await asyncio.gather(
        *(register(registry, owner=f"owner {n}", picture="face") for n in range(6)), return_exceptions=True
    )
    assert sum(isinstance(result, Avatar) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 5


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a\u202eb"},
        {"owner": ""},
        {"model": ""},
        {"digests": []},
        {"aliases": ["a\u202eb"]},
        {"aliases": [f"n{n}" for n in range(17)]},
        {"code": ""},
        {"assets": [(AssetKind.VRM, "1234")]},
        {"assets": [(AssetKind.VTUBE_STUDIO, "z" * 32)]},
        {"valid_until": NOW},
        {"valid_from": NOW + timedelta(days=2), "valid_until": NOW + timedelta(days=1)},
        {"digests": [b"short"]},
        {"likeness": likeness() * 2},
        {"likeness": likeness() * np.float32("nan")},
        {"likeness": np.zeros((3, 16), np.float32)},
        {"likeness": likeness().astype(np.float64)},
        {"likeness": likeness()[0]},
        {"likeness": np.zeros((0, 16), np.float32)},
        {"likeness": likeness(1, 4097)},
    ],
)
async def test_what_cannot_be_registered_leaves_nothing_behind(registry: Registry, values: dict[str, object]) -> None:
    with pytest.raises(Refused):
        await register(registry, **values)
    assert (await registry.avatars.list()).items == ()
    assert await registry.avatars.gallery("encoder-1") == {}
    await register(registry)


async def test_vectors_of_one_model_have_one_dimension(registry: Registry) -> None:
    avatar = await register(registry)
    with pytest.raises(Refused, match="16 numbers, not 8"):
        await register(registry, name="other", likeness=likeness(2, 8))
    await registry.avatars.add_vectors(avatar.id, model="encoder-2", likeness=likeness(2, 8))
    assert (await registry.avatars.vectors(avatar.id, "encoder-2")).shape == (2, 8)


async def test_vectors_are_added_behind_those_there_are(registry: Registry) -> None:
    avatar = await register(registry)
    await registry.avatars.add_vectors(avatar.id, model="encoder-1", likeness=likeness(2, seed=1))
    expected = np.concatenate([likeness(), likeness(2, seed=1)])
    np.testing.assert_array_equal(await registry.avatars.vectors(avatar.id, "encoder-1"), expected)
    with pytest.raises(Refused, match="more than"):
        await registry.avatars.add_vectors(avatar.id, model="encoder-1", likeness=likeness(4096))


async def test_the_gallery_holds_all_but_the_revoked(registry: Registry) -> None:
    one, two, three = [await register(registry, name=name) for name in ("one", "two", "three")]
    await move(registry, two.id, AvatarSignal.SUSPEND)
    await move(registry, three.id, AvatarSignal.REVOKE)
    gallery = await registry.avatars.gallery("encoder-1")
    assert list(gallery) == [one.id, two.id]
    assert all(vectors.dtype == np.float32 and vectors.shape == (3, 16) for vectors in gallery.values())
    assert await registry.avatars.gallery("another") == {}


async def test_states_change_until_revoked(registry: Registry) -> None:
    avatar = await register(registry)
    assert (await move(registry, avatar.id, AvatarSignal.SUSPEND)).state is AvatarState.SUSPENDED
    assert (await move(registry, avatar.id, AvatarSignal.REINSTATE)).state is AvatarState.ACTIVE
    assert (await move(registry, avatar.id, AvatarSignal.REVOKE)).state is AvatarState.REVOKED
    with pytest.raises(Conflict, match="nothing any more"):
        await move(registry, avatar.id, AvatarSignal.REINSTATE)


async def test_what_is_not_registered_is_not_found(registry: Registry) -> None:
    nobody = AvatarId("av_nobody")
    with pytest.raises(NotFound, match="av_nobody"):
        await registry.avatars.get(nobody)
    with pytest.raises(NotFound, match="av_nobody"):
        await move(registry, nobody, AvatarSignal.SUSPEND)
    with pytest.raises(NotFound):
        await registry.avatars.vectors(nobody, "encoder-1")
    with pytest.raises(NotFound):
        await registry.avatars.add_vectors(nobody, model="encoder-1", likeness=likeness())
    avatar = await register(registry)
    with pytest.raises(NotFound, match="encode its pictures"):
        await registry.avatars.vectors(avatar.id, "encoder-9")


async def test_a_listing_is_paged_and_filtered(registry: Registry) -> None:
    made = [(await register(registry, name=f"avatar {n}", owner=f"owner {n % 2}")).id for n in range(5)]
    await move(registry, made[4], AvatarSignal.SUSPEND)
    first = await registry.avatars.list(limit=2)
    second = await registry.avatars.list(limit=2, cursor=first.next)
    third = await registry.avatars.list(limit=2, cursor=second.next)
    listed = [avatar.id for page in (first, second, third) for avatar in page.items]
    assert listed == made[::-1]
    assert third.next is None
    ours = await registry.avatars.list(owner="owner 0", state=AvatarState.ACTIVE)
    assert [avatar.id for avatar in ours.items] == [made[2], made[0]]
