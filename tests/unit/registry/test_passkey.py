import asyncio
from datetime import timedelta

import pytest

from registry.error import Conflict, NotFound, Refused
from registry.passkey import MOST_PASSKEYS, Passkey
from registry.registry import Registry
from registry.state import Purpose
from tests.unit.registry.conftest import NOW

SOON = NOW + timedelta(minutes=2)


async def added(registry: Registry, credential: bytes = b"c", holder: str = "op_1") -> Passkey:
    return await registry.passkeys.add(
        holder=holder, credential=credential, key=b"key", sign_count=3, synced=False, aaguid="0-0", at=NOW
    )


async def test_a_passkey_comes_back_as_it_was_added_and_is_one_holders(registry: Registry) -> None:
    passkey = await added(registry)
    assert (passkey.holder, passkey.key, passkey.sign_count, passkey.synced) == ("op_1", b"key", 3, False)
    assert await registry.passkeys.of("op_1") == (passkey,)
    assert await registry.passkeys.by_credential(b"c") == passkey
    with pytest.raises(Conflict, match="registered already"):
        await added(registry, holder="op_2")
    with pytest.raises(NotFound):
        await registry.passkeys.by_credential(b"d")
    with pytest.raises(Refused, match="1 to 1023"):
        await added(registry, b"")


async def test_nobody_has_more_than_a_few(registry: Registry) -> None:
    for number in range(MOST_PASSKEYS):
        await added(registry, bytes([number]))
    with pytest.raises(Refused, match="the most"):
        await added(registry, b"one more")


async def test_of_two_answers_by_one_counter_one_counts(registry: Registry) -> None:
    passkey = await added(registry)
    used = await registry.passkeys.used(passkey, sign_count=4, at=SOON)
    assert (used.sign_count, used.used_at) == (4, SOON)
    with pytest.raises(Conflict, match="just used"):
        await registry.passkeys.used(passkey, sign_count=5, at=SOON)


async def test_a_revoked_passkey_counts_no_more(registry: Registry) -> None:
    passkey = await added(registry)
    with pytest.raises(NotFound):
        await registry.passkeys.revoke(passkey.id, holder="op_2", at=NOW)
    with pytest.raises(NotFound):
        await registry.passkeys.revoke("pk_none", holder="op_1", at=NOW)
    assert (await registry.passkeys.revoke(passkey.id, holder="op_1", at=NOW)).revoked_at == NOW
    assert (await registry.passkeys.revoke(passkey.id, holder="op_1", at=SOON)).revoked_at == NOW
    assert await registry.passkeys.of("op_1") == ()
    with pytest.raises(NotFound):
        await registry.passkeys.by_credential(b"c")
    with pytest.raises(Conflict):
        await registry.passkeys.used(passkey, sign_count=4, at=SOON)


async def test_a_ceremony_is_ended_once_in_time_and_for_its_own_purpose(registry: Registry) -> None:
    begun = await registry.passkeys.begin(
        Purpose.SHIFT, bytes(32), holder="op_1", expires_at=SOON, context={"session": "ses_1"}
    )
    with pytest.raises(NotFound):
        await registry.passkeys.take(begun.id, Purpose.SIGN_IN, now=NOW)
    taken = await asyncio.gather(
        *(registry.passkeys.take(begun.id, Purpose.SHIFT, now=NOW) for _ in range(3)), return_exceptions=True
    )
    assert [one for one in taken if not isinstance(one, NotFound)] == [begun]
    late = await registry.passkeys.begin(Purpose.SIGN_IN, bytes(32), holder=None, expires_at=SOON)
    with pytest.raises(NotFound, match="begin again"):
        await registry.passkeys.take(late.id, Purpose.SIGN_IN, now=SOON)


async def test_an_invitation_is_used_once_and_its_code_is_nowhere(registry: Registry) -> None:
    invitation, code = await registry.passkeys.invite("op_1", at=NOW)
    assert (await registry.passkeys.invited(code, now=NOW)).holder == "op_1"
    with pytest.raises(NotFound):
        await registry.passkeys.invited(code + "x", now=NOW)
    with pytest.raises(NotFound):
        await registry.passkeys.invited(code, now=invitation.expires_at)
    used = await asyncio.gather(
        *(registry.passkeys.accept(invitation.id, at=NOW) for _ in range(3)), return_exceptions=True
    )
    assert [isinstance(one, NotFound) for one in used].count(False) == 1
    with pytest.raises(NotFound, match="used"):
        await registry.passkeys.invited(code, now=NOW)
