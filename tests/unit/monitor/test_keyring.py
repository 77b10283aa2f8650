"""Secrets that the service makes for itself."""

import stat
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.keyring import KeyringRefused, administrator, publish_secret, webhook_secret
from protocols.webhook import parse_signer
from registry.apikey import Scope
from registry.registry import Registry
from tests.unit.monitor.broadcast import START

HOUR = timedelta(hours=1)


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_the_webhook_key_is_made_once_and_signs(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "deep"
    made = webhook_secret(folder)
    assert webhook_secret(folder) == made
    assert len(b64decode(made.removeprefix("whsec_"))) == 32
    assert parse_signer(made)
    assert mode(folder / "webhook.key") == 0o600
    assert webhook_secret(tmp_path / "another") != made


def test_the_publish_secret_is_made_once(tmp_path: Path) -> None:
    made = publish_secret(tmp_path)
    assert len(made) == 32
    assert publish_secret(tmp_path) == made
    assert mode(tmp_path / "publish.key") == 0o600


@pytest.mark.parametrize("content", [b"\xff\xfe", b"not hexadecimal", b""])
def test_a_publish_secret_that_is_damaged_is_refused_and_kept(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "publish.key"
    file.write_bytes(content)
    with pytest.raises(KeyringRefused, match=r"publish\.key.*remove it"):
        publish_secret(tmp_path)
    assert file.read_bytes() == content


def test_an_empty_webhook_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "webhook.key").write_text("\n")
    with pytest.raises(KeyringRefused, match=r"webhook\.key.*remove it"):
        webhook_secret(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(KeyringRefused, match="cannot be made"):
        webhook_secret(tmp_path / "data")


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    opened = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield opened
    await opened.close()


async def test_the_administrators_key_may_do_everything_and_stays(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "admin.key"
    await administrator(registry, file, START)
    secret = file.read_text().strip()
    assert mode(file) == 0o600
    key = await registry.keys.verify(secret, now=START)
    assert key is not None
    assert key.scopes == frozenset({Scope.ADMIN})
    await administrator(registry, file, START + HOUR)
    assert file.read_text().strip() == secret


@pytest.mark.parametrize("held", ["nkh_of_another_registry", "", "x" * 100_000])
async def test_a_key_that_is_not_valid_is_replaced(held: str, registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "admin.key"
    file.write_text(held)
    file.chmod(0o644)
    await administrator(registry, file, START)
    assert await registry.keys.verify(file.read_text().strip(), now=START) is not None
    assert mode(file) == 0o600


async def test_a_link_in_its_place_is_not_followed(registry: Registry, tmp_path: Path) -> None:
    target, file = tmp_path / "target", tmp_path / "admin.key"
    target.write_text("untouched")
    file.symlink_to(target)
    await administrator(registry, file, START)
    assert target.read_text() == "untouched"
    assert not file.is_symlink()
