from datetime import timedelta
from pathlib import Path

import pytest

from registry.apikey import Scope
from registry.error import NotFound, Refused
from registry.registry import Registry
from tests.unit.registry.conftest import NOW

DAY = timedelta(days=1)


async def test_a_key_opens_what_its_scopes_say(registry: Registry) -> None:
    key, secret = await registry.keys.create(name="platform", scopes={Scope.CUTS_READ}, at=NOW)
    assert secret.startswith("nkh_")
    found = await registry.keys.verify(secret, now=NOW)
    assert found == key
    assert key.allows(Scope.CUTS_READ)
    assert not key.allows(Scope.CUTS_RESTORE)
    admin, _ = await registry.keys.create(name="admin", scopes={Scope.ADMIN}, at=NOW)
    assert all(admin.allows(scope) for scope in Scope)
    assert await registry.keys.list() == (key, admin)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_secret_is_nowhere_in_the_database(registry: Registry, tmp_path: Path) -> None:
    _, secret = await registry.keys.create(name="platform", scopes={Scope.ADMIN}, at=NOW)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"platform" in stored
    assert secret.encode() not in stored
    assert secret.rpartition("_")[2].encode() not in stored


async def test_another_secret_opens_nothing(registry: Registry) -> None:
    key, secret = await registry.keys.create(name="platform", scopes={Scope.ADMIN}, at=NOW)
    last = "A" if secret[-1] != "A" else "B"
    for wrong in (
        secret[:-1] + last,
        secret[:-1],
        secret + "A",
        secret.replace("nkh_", "sk_"),
        secret.upper(),
        key.id,
        "",
        "nkh__",
        "nkh_" + "a" * 10_000 + "_b",
        "nkh_\0_x",
        "nkh_é_x",
        "\ud800",
    ):
        assert await registry.keys.verify(wrong, now=NOW) is None


async def test_a_key_expires_and_is_revoked(registry: Registry) -> None:
    short, secret = await registry.keys.create(name="short", scopes={Scope.ADMIN}, at=NOW, expires_at=NOW + DAY)
    assert await registry.keys.verify(secret, now=NOW + DAY - timedelta(seconds=1)) == short
    assert await registry.keys.verify(secret, now=NOW + DAY) is None
    revoked = await registry.keys.revoke(short.id, at=NOW)
    assert revoked.revoked_at == NOW
    assert (await registry.keys.revoke(short.id, at=NOW + DAY)).revoked_at == NOW
    assert await registry.keys.verify(secret, now=NOW) is None


async def test_a_key_that_cannot_be_is_refused(registry: Registry) -> None:
    with pytest.raises(Refused, match="scope"):
        await registry.keys.create(name="none", scopes=[], at=NOW)
    with pytest.raises(Refused, match="expired"):
        await registry.keys.create(name="late", scopes=[Scope.ADMIN], at=NOW, expires_at=NOW)
    with pytest.raises(Refused, match="key's name"):
        await registry.keys.create(name="", scopes=[Scope.ADMIN], at=NOW)
    for call in (registry.keys.get("key_x"), registry.keys.revoke("key_x", at=NOW)):
        with pytest.raises(NotFound):
            await call
