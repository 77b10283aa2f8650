"""What every search does, whatever holds its vectors."""

import numpy as np
import pytest
from numpy.typing import NDArray

from protocols.session import AvatarId
from registry.error import Refused
from registry.search import Search

DIMENSION = 24


def likeness(seed: int, rows: int = 3, dimension: int = DIMENSION) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class SearchContract:
    """To be inherited; the fixture ``search`` gives an empty one for vectors of DIMENSION numbers."""

    async def test_nothing_is_like_anything_where_nothing_is_held(self, search: Search) -> None:
        assert await search.nearest(likeness(0)[0], 5) == ()

    async def test_it_agrees_with_a_plain_comparison_as_avatars_come_and_go(self, search: Search) -> None:
        chance = np.random.default_rng(5)
        model: dict[AvatarId, NDArray[np.float32]] = {}
        for step in range(60):
            avatar = AvatarId(f"av_{chance.integers(20)}")
            if chance.random() < 0.3:
                await search.drop(avatar)
                model.pop(avatar, None)
            else:
                model[avatar] = likeness(step, rows=int(chance.integers(1, 9)))
                await search.put(avatar, model[avatar], standing=True)
            if step % 6 == 0:
                await self.agrees(search, model, likeness(1000 + step)[0])

    async def agrees(
        self, search: Search, model: dict[AvatarId, NDArray[np.float32]], vector: NDArray[np.float32]
    ) -> None:
        expected = sorted(((float((held @ vector).max()), avatar) for avatar, held in model.items()), reverse=True)
        found = await search.nearest(vector, 4)
        assert [match.avatar for match in found] == [avatar for _, avatar in expected[:4]]
        np.testing.assert_allclose([match.similarity for match in found], [s for s, _ in expected[:4]], atol=1e-5)

    async def test_one_with_very_many_vectors_does_not_hide_the_others(self, search: Search) -> None:
        crowd = likeness(1, rows=1)
        await search.put(AvatarId("av_many"), np.repeat(crowd, 400, axis=0), standing=True)
        for number in range(3):
            await search.put(AvatarId(f"av_{number}"), likeness(10 + number), standing=True)
        found = await search.nearest(crowd[0], 3)
        assert len(found) == 3
        assert found[0].avatar == "av_many"
        assert found[0].similarity == pytest.approx(1.0, abs=1e-5)

    async def test_it_finds_as_many_as_there_are_and_misses_nobody(self, search: Search) -> None:
        model = {AvatarId(f"av_{number}"): likeness(number, rows=4) for number in range(60)}
        await search.load(model, frozenset(model))
        for seed in range(100, 106):
            await self.agrees(search, model, likeness(seed)[0])
        assert len(await search.nearest(likeness(0)[0], 200)) == 60

    async def test_what_is_merely_submitted_is_left_out_where_that_is_wished(self, search: Search) -> None:
        await search.put(AvatarId("av_owner"), likeness(1), standing=True)
        await search.put(AvatarId("av_thief"), likeness(1), standing=False)
        assert {match.avatar for match in await search.nearest(likeness(1)[0], 5)} == {"av_owner", "av_thief"}
        assert [m.avatar for m in await search.nearest(likeness(1)[0], 5, standing_only=True)] == ["av_owner"]
        await search.put(AvatarId("av_thief"), likeness(1), standing=True)
        assert len(await search.nearest(likeness(1)[0], 5, standing_only=True)) == 2

    async def test_it_holds_what_it_was_given_last(self, search: Search) -> None:
        await search.put(AvatarId("av_old"), likeness(1), standing=True)
        everything = {AvatarId("av_a"): likeness(2), AvatarId("av_b"): likeness(3)}
        await search.load(everything, frozenset({AvatarId("av_a")}))
        assert {match.avatar for match in await search.nearest(likeness(1)[0], 5)} == {"av_a", "av_b"}
        assert [m.avatar for m in await search.nearest(likeness(3)[0], 5, standing_only=True)] == ["av_a"]
        await search.drop(AvatarId("av_nobody"))

    async def test_vectors_of_another_length_or_kind_are_refused(self, search: Search) -> None:
        nan = likeness(1)
        nan[0, 0] = np.nan
        for wrong in (likeness(1, dimension=8), likeness(1).astype(np.float64), nan):
            with pytest.raises(Refused):
                await search.put(AvatarId("av_x"), wrong, standing=True)
        with pytest.raises(Refused):
            await search.nearest(likeness(1, dimension=8)[0], 1)
        assert await search.nearest(likeness(1)[0], 1) == ()
