"""Every look is compared with all that are registered: somebody else's likeness is named, a background is nobody."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.recall import Likenesses, Recall
from protocols.avatar import AvatarRole
from protocols.observation import Look, Rival
from protocols.session import AvatarId
from registry.avatar import Submission
from registry.error import Unavailable
from registry.reference import Reference
from registry.registry import Registry
from registry.search import MemorySearch
from tests.unit.monitor.api.world import NOW


def axis(number: int, lean: int | None = None) -> NDArray[np.float32]:
    vector = np.zeros(8, np.float32)
    vector[number] = 1.0
    if lean is not None:
        vector[lean] = 0.5
    return vector / np.linalg.norm(vector)


def look(vector: NDArray[np.float32] | None, at: float = 1.0) -> Look:
    return Look(at=at, vector=vector, confidence=0.9)


class Town:
    """Everybody who is registered, and one session that claims to show the first."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.search = MemorySearch(8)

    async def settle(self, number: int, role: AvatarRole = AvatarRole.AVATAR, *, standing: bool = True) -> AvatarId:
        reference = Reference(digest=bytes([number]) * 32, vector=axis(number))
        submission = Submission(name=f"n{number}", owner="o", references=[reference], model="m", role=role)
        avatar = await self.registry.avatars.register(submission, at=NOW)
        await self.search.put(avatar.id, axis(number)[None], standing=standing)
        return avatar.id

    def recall(self, claimed: AvatarId) -> Recall:
        return Recall(Likenesses(registry=self.registry, search=self.search, model="m", worth=0.45), claimed)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    registry = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield Town(registry)
    await registry.close()


def shown(observations: Any) -> list[str]:
    return [o.avatar if isinstance(o, Rival) else ("look" if o.vector is not None else "nobody") for o in observations]


async def test_whoever_is_on_screen_joins_once_before_the_look(town: Town) -> None:
    claimed = await town.settle(0)
    other, protected = await town.settle(1), await town.settle(2, AvatarRole.PROTECTED)
    recall = town.recall(claimed)
    assert shown(await recall(look(axis(0)))) == ["look"]
    assert shown(await recall(look(axis(1)))) == [other, "look"]
    assert shown(await recall(look(axis(1)))) == ["look"]
    assert shown(await recall(look(axis(2, lean=1)))) == [protected, "look"]
    assert shown(await recall(look(axis(5)))) == ["look"]
    assert shown(await recall(look(None))) == ["nobody"]


async def test_a_background_is_nobody_and_a_generic_look_is_a_rival(town: Town) -> None:
    claimed = await town.settle(0)
    await town.settle(1, AvatarRole.SCENE)
    generic = await town.settle(2, AvatarRole.LOOK)
    recall = town.recall(claimed)
    assert shown(await recall(look(axis(1, lean=0)))) == ["nobody"]
    assert shown(await recall(look(axis(0, lean=1)))) == ["look"]
    assert shown(await recall(look(axis(2)))) == [generic, "look"]


async def test_one_that_is_merely_submitted_is_nobodys_rival(town: Town) -> None:
    claimed = await town.settle(0)
    await town.settle(1, standing=False)
    assert shown(await town.recall(claimed)(look(axis(1)))) == ["look"]


async def test_trouble_leaves_the_look_as_it_is(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed, other = await town.settle(0), await town.settle(1)
    recall = town.recall(claimed)
    await town.registry.avatars.purge(other, salt=bytes(32), by="k", because="asked", at=NOW)
    assert shown(await recall(look(axis(1)))) == ["look"]  # the search has not heard of it yet
    await town.search.put(AvatarId("av_gone"), axis(3)[None], standing=True)
    assert shown(await recall(look(axis(3)))) == ["look"]

    async def fails(*_: Any, **__: Any) -> Any:
        raise Unavailable("the database is gone")

    monkeypatch.setattr(town.search, "nearest", fails)
    assert shown(await recall(look(axis(1)))) == ["look"]
