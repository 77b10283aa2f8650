"""A service that starts with another likeness model encodes what it keeps anew; nobody has to register again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from monitor.observers.likeness.sight import Sight
from monitor.refusal import RegisterLater
from monitor.registrar import Enrolment, Registrar
from protocols.avatar import AvatarRole
from protocols.session import AvatarId, Feed, OperatorId, SourceKind
from registry.avatar import Submission
from registry.error import NotFound, Unavailable
from registry.reference import Reference
from registry.registry import Registry
from registry.search import MemorySearch
from tests.unit.monitor.api.world import NOW, FakeEncoder

OLD, NEW = "m", "n"


@dataclass
class Seen:
    vector: Any
    head: Any = None
    confidence: float = 0.9


@dataclass
class GreySight:
    """Knows pictures by their grey, eight of them; the white one shows nobody."""

    encoder: FakeEncoder = field(default_factory=lambda: FakeEncoder(sha256=NEW))
    looked: list[int] = field(default_factory=list)

    def looks(self, picture: Any, *, most: int) -> list[Seen]:
        number = round(float(picture.mean()) / 30)
        self.looked.append(number)
        return [] if number > 7 else [Seen(np.eye(8, dtype=np.float32)[number])]


def grey(number: int) -> bytes:
    done, data = cv2.imencode(".jpg", np.full((80, 80, 3), min(255, 30 * number), np.uint8))
    assert done
    return data.tobytes()


class Town:
    """Avatars that another model encoded, and a service with a new one."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.sight, self.search = registry, GreySight(), MemorySearch(8)
        self.forgotten: list[AvatarId] = []

    def registrar(self) -> Registrar:
        return Registrar(
            registry=self.registry,
            sight=cast("Sight", self.sight),
            search=self.search,
            remove_barred=self._removed,
            forget=self.forgotten.append,
            clock=lambda: NOW,
        )

    async def _removed(self) -> None:
        pass

    async def settle(self, *greys: int, kept: bool = True, role: AvatarRole = AvatarRole.AVATAR) -> AvatarId:
        """An avatar with a picture of each grey, encoded by the old model."""
        number = greys[0]
        references = [
            Reference(
                digest=bytes([one]) * 32, vector=np.eye(8, dtype=np.float32)[0], content=grey(one) if kept else None
            )
            for one in greys
        ]
        submission = Submission(name=f"n{number}", owner=f"o{number}", references=references, model=OLD, role=role)
        return (await self.registry.avatars.register(submission, at=NOW)).id

    async def on_air(self, avatar: AvatarId) -> None:
        operator = await self.registry.operators.enrol(
            pseudonym="p", issuer="i", assurance="high", verified_at=NOW, device_keys=[bytes(32)], at=NOW
        )
        policy = await self.registry.policies.put("standard", {}, at=NOW)
        feed = Feed(kind=SourceKind.RTMP, url="rtmp://a/b")
        await self.registry.sessions.create(
            feed=feed, avatar=avatar, operators=[OperatorId(operator.id)], policy=policy, at=NOW
        )


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    registry = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield Town(registry)
    await registry.close()


async def found(town: Town, number: int) -> list[str]:
    return [one.avatar for one in town.search.search(np.eye(8, dtype=np.float32)[number], 4) if one.similarity > 0.9]


async def test_whose_stream_is_on_air_is_encoded_before_all_others_and_all_are(town: Town) -> None:
    first, live, scene = await town.settle(1, 2), await town.settle(3), await town.settle(4, role=AvatarRole.SCENE)
    await town.on_air(live)
    registrar = town.registrar()
    await registrar.load()
    assert (town.sight.looked, await found(town, 3)) == ([3], [live])
    assert registrar.reencoding.going_on
    submission = Submission(name="x", owner="x", references=[], model="")
    with pytest.raises(RegisterLater, match="1 of 3"):
        await registrar.submit(submission, Enrolment(pictures=[grey(5)]), by="key_1")
    await registrar.reencoding.run()
    assert [await found(town, number) for number in (1, 2, 4)] == [[first], [first], [scene]]
    assert (await town.registry.avatars.references(first, NEW))[1].content == grey(2)
    assert len(await town.registry.avatars.vectors(first, OLD)) == 2


async def test_a_second_start_and_one_with_the_model_of_before_encode_nothing(town: Town) -> None:
    await town.settle(1, 2)
    registrar = town.registrar()
    await registrar.load()
    await registrar.reencoding.run()
    assert town.sight.looked == [1, 2]
    for model in (NEW, OLD):
        town.sight.encoder.sha256 = model
        again = town.registrar()
        await again.load()
        assert (again.reencoding.going_on, town.sight.looked) == (False, [1, 2])


async def test_whoever_has_no_picture_that_serves_is_named(town: Town) -> None:
    without, nobody, some = await town.settle(1, kept=False), await town.settle(8), await town.settle(9, 2)
    registrar = town.registrar()
    with capture_logs() as logs:
        await registrar.load()
        assert registrar.reencoding.pictureless == [without]
        await registrar.reencoding.run()
    assert registrar.reencoding.pictureless == [without, nobody]
    named = [line for line in logs if line["event"] == "likeness.needs_pictures"]
    assert [line["avatar"] for line in named] == [without, nobody]
    assert all("avatars dress" in line["hint"] for line in named)
    assert await found(town, 2) == [some]


async def test_whoever_is_purged_meanwhile_gets_no_vector_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    avatar = await town.settle(1)
    registrar = town.registrar()
    await registrar.load()
    looks = town.sight.looks
    loop = asyncio.get_running_loop()

    def purge_while_looking(picture: Any, *, most: int) -> list[Seen]:
        asyncio.run_coroutine_threadsafe(registrar.purge(avatar, by="k", because="asked"), loop).result(10)
        return looks(picture, most=most)

    monkeypatch.setattr(town.sight, "looks", purge_while_looking)
    await registrar.reencoding.run()
    with pytest.raises(NotFound):
        await town.registry.avatars.vectors(avatar, NEW)
    assert (len(town.search), town.forgotten) == (0, [avatar])


async def test_a_database_that_fails_for_a_while_is_waited_for(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    avatar = await town.settle(1)
    registrar = town.registrar()
    await registrar.load()
    kept, failures = town.registry.avatars.kept_unencoded, [Unavailable("gone")]

    async def frail(*which: Any) -> Any:
        if failures:
            raise failures.pop()
        return await kept(*which)

    monkeypatch.setattr(town.registry.avatars, "kept_unencoded", frail)
    monkeypatch.setattr("monitor.reencoding._TRY_AGAIN_AFTER", 0.0)
    await registrar.reencoding.run()
    assert await found(town, 1) == [avatar]
