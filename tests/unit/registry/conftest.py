import contextlib
import hashlib
import resource
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from protocols.gesture import Ability
from protocols.session import AvatarId, Feed, OperatorId, Placement, Session, SourceKind
from registry.avatar import Submission
from registry.reference import Reference
from registry.registry import Registry

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLACEMENT = Placement(server="nginx", app="live", stream="hoshino")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'registry.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database of each kind; the one of PostgreSQL has its tables already."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'registry.sqlite'}"
        return
    async with request.getfixturevalue("postgresql").database(migrated=True) as url:
        yield url


@pytest.fixture
async def registry(database: str) -> AsyncIterator[Registry]:
    registry = await Registry.open(database)
    yield registry
    await registry.close()


def likeness(rows: int = 3, dimension: int = 16, seed: int = 0) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def references(
    vectors: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", digests: Sequence[bytes]
) -> tuple[Reference, ...]:
    """A reference for each vector, or for each digest where there are more; None of either gives none."""
    count = max(len(vectors), len(digests)) if len(vectors) and digests else 0
    return tuple(
        Reference(digest=digests[n % len(digests)], vector=vectors[n % len(vectors)], content=f"jpeg {n}".encode())
        for n in range(count)
    )


def submission(name: str = "Hoshino", **values: object) -> Submission:
    given: dict[str, object] = {
        "owner": "owner",
        "abilities": {Ability.HEAD, Ability.MOUTH},
        "references": references(likeness(), [digest(name)]),
        "model": "encoder-1",
    }
    return Submission(name=name, **{**given, **values})  # type: ignore[arg-type]


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass
class Studio:
    """What a session needs to be attached."""

    registry: Registry
    avatar: AvatarId
    operator: OperatorId
    policy: str

    async def attach(self, url: str = "rtmp://edge/live/hoshino", placement: Placement | None = None) -> Session:
        return await self.registry.sessions.create(
            feed=Feed(kind=SourceKind.RTMP, url=url),
            avatar=self.avatar,
            operators=[self.operator],
            policy=self.policy,
            placement=placement,
            at=NOW,
        )


@pytest.fixture
async def studio(registry: Registry) -> Studio:
    avatar = await registry.avatars.register(submission(), at=NOW)
    operator = await registry.operators.enrol(
        pseudonym="p-1", issuer="issuer", assurance="substantial", verified_at=NOW, device_keys=[bytes(32)], at=NOW
    )
    policy = await registry.policies.put("standard", {"likeness": {"fail_at": 0.05}}, at=NOW)
    return Studio(registry, avatar.id, operator.id, policy)


@contextlib.contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: to a database that is a failing disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
