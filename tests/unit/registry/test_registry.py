from pathlib import Path

import pytest

from registry.error import LedgerHeld, Refused
from registry.registry import Registry
from tests.unit.registry.conftest import NOW


async def test_what_was_remembered_is_there_after_reopening(url: str, tmp_path: Path) -> None:
    for version in (1, 2):
        registry = await Registry.open(url, tmp_path / "ledger.sqlite")
        assert await registry.policies.put("standard", {"n": version}, at=NOW) == f"standard@{version}"
        assert (await registry.ledger.append("policy.put", "", "standard", {}, NOW)).number == version
        await registry.close()
        await registry.close()


async def test_a_command_beside_the_service_opens_the_registry_without_its_ledger(url: str, tmp_path: Path) -> None:
    service = await Registry.open(url, tmp_path / "ledger.sqlite")
    command = await Registry.open(url)
    await command.policies.put("standard", {}, at=NOW)
    assert (await service.policies.get("standard")).id == "standard@1"
    with pytest.raises(Refused, match="without its ledger"):
        _ = command.ledger
    with pytest.raises(LedgerHeld):
        await Registry.open(url, tmp_path / "ledger.sqlite")
    await command.close()
    await service.close()


async def test_folders_are_made(tmp_path: Path) -> None:
    registry = await Registry.open(f"sqlite:///{tmp_path}/a/b/registry.sqlite", tmp_path / "c" / "ledger.sqlite")
    await registry.close()
    assert {path.name for path in tmp_path.iterdir()} == {"a", "c"}  # noqa: ASYNC240
