from datetime import timedelta

import pytest

from protocols.session import OperatorId
from registry.error import Conflict, NotFound, Refused
from registry.operator import MOST_DEVICE_KEYS, Operator
from registry.registry import Registry
from registry.schema import device_keys, operators
from registry.state import OperatorState
from tests.unit.registry.conftest import NOW, Studio

LATER = NOW + timedelta(minutes=1)


async def enrol(registry: Registry, pseudonym: str = "p-1", keys: tuple[bytes, ...] = ()) -> Operator:
    return await registry.operators.enrol(
        pseudonym=pseudonym, issuer="issuer", assurance="high", verified_at=NOW, device_keys=keys, at=NOW
    )


def test_there_is_no_column_for_a_name_or_an_identity_number() -> None:
    assert set(operators.c.keys()) == {
        "seq", "id", "pseudonym", "issuer", "assurance", "verified_at", "enrolled_at", "state", "cannot",
        "reminded_at",
    }  # fmt: skip
    assert set(device_keys.c.keys()) == {"key", "operator", "position", "added_at"}


async def test_an_operator_is_enrolled_and_found_again(registry: Registry) -> None:
    operator = await enrol(registry, keys=(b"b" * 32, b"a" * 32))
    assert operator == Operator(
        id=operator.id,
        pseudonym="p-1",
        issuer="issuer",
        assurance="high",
        verified_at=NOW,
        device_keys=(b"b" * 32, b"a" * 32),
        state=OperatorState.ACTIVE,
    )
    assert await registry.operators.get(operator.id) == operator


async def test_a_person_is_enrolled_once(registry: Registry) -> None:
    first = await enrol(registry)
    with pytest.raises(Conflict, match=first.id) as conflict:
        await enrol(registry)
    assert conflict.value.other == first.id


async def test_a_device_key_belongs_to_one_person(registry: Registry) -> None:
    first = await enrol(registry, keys=(b"k" * 32,))
    second = await enrol(registry, pseudonym="p-2")
    for operator in (first, second):
        with pytest.raises(Conflict, match=first.id):
            await registry.operators.add_device_key(operator.id, b"k" * 32, at=NOW)
    with pytest.raises(Conflict):
        await enrol(registry, pseudonym="p-3", keys=(b"k" * 32,))
    assert len((await registry.operators.list()).items) == 2


async def test_device_keys_are_added_up_to_a_bound(registry: Registry) -> None:
    operator = await enrol(registry)
    with pytest.raises(Refused, match="32 bytes, not 31"):
        await registry.operators.add_device_key(operator.id, bytes(31), at=NOW)
    for number in range(MOST_DEVICE_KEYS):
        operator = await registry.operators.add_device_key(operator.id, bytes([number]) * 32, at=NOW)
    assert operator.device_keys == tuple(bytes([number]) * 32 for number in range(MOST_DEVICE_KEYS))
    with pytest.raises(Refused, match="the most"):
        await registry.operators.add_device_key(operator.id, b"x" * 32, at=NOW)


async def test_a_verification_lapses(registry: Registry) -> None:
    operator = await enrol(registry)
    assert not operator.lapsed(NOW + timedelta(days=30), after_days=30)
    assert operator.lapsed(NOW + timedelta(days=30, seconds=1), after_days=30)
    assert operator.lapsed(NOW - timedelta(seconds=1), after_days=30)
    later = NOW + timedelta(days=31)
    again = await registry.operators.verified(operator.id, assurance="substantial", verified_at=later)
    assert (again.assurance, again.lapsed(later, after_days=30)) == ("substantial", False)
    with pytest.raises(Conflict, match="later"):
        await registry.operators.verified(operator.id, assurance="high", verified_at=NOW)


async def test_a_revoked_operator_gets_no_more_keys(registry: Registry) -> None:
    operator = await registry.operators.revoke((await enrol(registry)).id, by="ann", because="left", at=NOW)
    assert operator.state is OperatorState.REVOKED
    with pytest.raises(Conflict, match="revoked"):
        await registry.operators.add_device_key(operator.id, b"k" * 32, at=NOW)


async def test_who_is_not_enrolled_is_not_found(registry: Registry) -> None:
    nobody = OperatorId("op_nobody")
    with pytest.raises(NotFound, match="op_nobody"):
        await registry.operators.get(nobody)
    with pytest.raises(NotFound):
        await registry.operators.add_device_key(nobody, bytes(32), at=NOW)
    with pytest.raises(NotFound):
        await registry.operators.revoke(nobody, by="ann", because="left", at=NOW)


async def test_a_listing_is_paged(registry: Registry) -> None:
    made = [(await enrol(registry, f"p-{n}", (bytes([n]) * 32,))).id for n in range(3)]
    first = await registry.operators.list(limit=2)
    second = await registry.operators.list(limit=2, cursor=first.next)
    assert [operator.id for operator in (*first.items, *second.items)] == made[::-1]
    assert [len(operator.device_keys) for operator in first.items] == [1, 1]
    assert second.next is None


async def test_a_device_that_is_lost_is_removed_with_its_shifts_and_another_takes_its_place(studio: Studio) -> None:
    operators, shifts, key = studio.registry.operators, studio.registry.shifts, bytes(32)
    session = (await studio.attach()).id
    await shifts.begin(session, studio.operator, key, at=NOW)
    other = b"2" * 32
    await operators.add_device_key(studio.operator, other, at=LATER)
    assert await operators.devices(studio.operator) == [(key, NOW), (other, LATER)]
    left = await operators.remove_device_key(studio.operator, key, by="key_1", at=LATER)
    assert left.device_keys == (other,)
    (shift,) = (await shifts.of(studio.operator)).items
    assert (shift.ended_at, shift.because) == (LATER, "its device key was removed")
    with pytest.raises(NotFound):
        await operators.remove_device_key(studio.operator, key, by="key_1", at=LATER)
    assert (await operators.add_device_key(studio.operator, key, at=LATER)).device_keys == (other, key)
    for lost in (key, other):
        left = await operators.remove_device_key(studio.operator, lost, by="key_1", at=LATER)
    assert left.device_keys == ()


async def test_who_is_to_be_verified_anew_is_due_once_for_each_verification(studio: Studio) -> None:
    operators, soon = studio.registry.operators, NOW + timedelta(days=100)
    assert await operators.due(NOW - timedelta(days=1), limit=9) == ()
    (due,) = await operators.due(NOW, limit=9)
    assert due.id == studio.operator
    await operators.reminded(studio.operator, at=LATER)
    assert await operators.due(NOW, limit=9) == ()
    await operators.verified(studio.operator, assurance="high", verified_at=soon)
    assert [one.id for one in await operators.due(soon, limit=9)] == [studio.operator]
    await operators.revoke(studio.operator, by="key_1", because="left", at=soon)
    assert await operators.due(soon, limit=9) == ()
