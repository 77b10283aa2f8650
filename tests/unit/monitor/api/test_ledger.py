import pytest

from protocols import merkle
from protocols.backend import ConsistencyView, InclusionView
from protocols.checkpoint import Verifier, opened
from registry.apikey import Scope
from tests.unit.monitor.api.world import NOW, World


async def entered(world: World, count: int) -> int:
    """Enter so many; return how many there are."""
    for number in range(count):
        await world.registry.ledger.append("verdict.changed", "ses_a", "", {"number": number}, NOW)
    return world.registry.ledger.head.number


async def test_a_checkpoint_is_signed_by_the_key_that_is_told(world: World) -> None:
    count = await entered(world, 3)
    verifier = Verifier.parse((await world.client.get("/v1/ledger/key")).text)
    answer = await world.client.get("/v1/ledger/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    assert opened(answer.text, verifier).size == count


async def test_an_entry_comes_with_its_proof(world: World) -> None:
    await entered(world, 5)
    found = InclusionView.model_validate_json((await world.client.get("/v1/ledger/entries/4")).content)
    counted = opened(found.checkpoint, world.service.notary.verifier)
    entry = found.entry.entry()
    assert [entry] == list(await world.registry.ledger.read(after=3, limit=1))
    proof = [bytes.fromhex(fingerprint) for fingerprint in found.proof]
    assert merkle.includes(counted.root, counted.size, 3, merkle.leaf(entry.hash), proof)


async def test_an_earlier_checkpoint_is_shown_to_hold(world: World) -> None:
    count = await entered(world, 3)
    verifier = world.service.notary.verifier
    before = opened((await world.client.get("/v1/ledger/checkpoint")).text, verifier)
    await entered(world, 4)
    answer = await world.client.get("/v1/ledger/consistency", params={"size": count})
    found = ConsistencyView.model_validate_json(answer.content)
    now = opened(found.checkpoint, verifier)
    proof = [bytes.fromhex(fingerprint) for fingerprint in found.proof]
    assert merkle.extends((before.size, before.root), (now.size, now.root), proof)


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/v1/ledger/entries/99", 404, "no entry 99"),
        ("/v1/ledger/entries/0", 422, "number"),
        ("/v1/ledger/entries/x", 422, "number"),
        ("/v1/ledger/consistency", 422, "size"),
        ("/v1/ledger/consistency?size=99", 404, "name a size"),
    ],
)
async def test_what_is_not_there_is_said(world: World, path: str, status: int, says: str) -> None:
    answer = await world.client.get(path)
    assert (answer.status_code, says in answer.text) == (status, True)


@pytest.mark.parametrize("path", ["checkpoint", "key", "entries/1", "consistency?size=1"])
async def test_it_needs_its_scope(world: World, path: str) -> None:
    await entered(world, 1)
    answer = await world.client.get(f"/v1/ledger/{path}", headers=await world.key(Scope.SESSIONS_READ))
    assert answer.status_code == 403
    answer = await world.client.get(f"/v1/ledger/{path}", headers=await world.key(Scope.LEDGER_READ))
    assert answer.status_code == 200
