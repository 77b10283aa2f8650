"""Reactions are remembered as numbers, the newest few of each kind."""

from protocols.reaction import KEPT, Kind
from protocols.session import OperatorId
from registry.registry import Registry
from tests.unit.registry.conftest import NOW


async def enrol(registry: Registry, name: str) -> OperatorId:
    return (
        await registry.operators.enrol(
            pseudonym=name, issuer="issuer", assurance="substantial", verified_at=NOW, at=NOW
        )
    ).id


async def test_the_newest_of_each_kind_are_remembered(registry: Registry) -> None:
    ann, bob = [await enrol(registry, name) for name in ("ann", "bob")]
    for number in range(KEPT + 3):
        await registry.reactions.add(ann, Kind.GESTURE, number + 0.12345, at=NOW)
    await registry.reactions.add(ann, Kind.DIGITS, 4.0, at=NOW)
    found = await registry.reactions.of([ann, bob, OperatorId("op_nobody")])
    assert len(found[ann][Kind.GESTURE]) == KEPT
    assert (found[ann][Kind.GESTURE][0], found[ann][Kind.GESTURE][-1]) == (3.123, KEPT + 2.123)
    assert found[ann][Kind.DIGITS] == (4.0,)
    assert (found[bob], found[OperatorId("op_nobody")]) == ({}, {})
