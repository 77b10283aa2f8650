from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registry.registry import Registry
from tests.unit.monitor.api.world import World, build


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    opened = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}", tmp_path / "ledger.sqlite")
    yield opened
    await opened.close()


@pytest.fixture
async def world(tmp_path: Path, registry: Registry) -> AsyncIterator[World]:
    made = await build(tmp_path, registry)
    async with made.client:
        yield made
