import asyncio

import pytest

from registry.error import NotFound, Refused
from registry.registry import Registry
from tests.unit.registry.conftest import NOW


async def test_versions_are_numbered_and_kept(registry: Registry) -> None:
    assert await registry.policies.put("standard", {"a": 1, "b": [1.5, None]}, at=NOW) == "standard@1"
    assert await registry.policies.put("standard", {"b": [1.5, None], "a": 1}, at=NOW) == "standard@1"
    assert await registry.policies.put("standard", {"a": 2}, at=NOW) == "standard@2"
    assert await registry.policies.put("standard", {"a": 1, "b": [1.5, None]}, at=NOW) == "standard@3"
    newest, first = await registry.policies.get("standard"), await registry.policies.get("standard@1")
    assert (newest.id, newest.version, newest.put_at) == ("standard@3", 3, NOW)
    assert first.document == {"a": 1, "b": [1.5, None]}
    assert (await registry.policies.get("standard@2")).document == {"a": 2}


async def test_the_newest_of_each_is_listed(registry: Registry) -> None:
    for name, number in (("standard", 1), ("brisk", 1), ("standard", 2)):
        await registry.policies.put(name, {"n": number}, at=NOW)
    assert [policy.id for policy in await registry.policies.list()] == ["brisk@1", "standard@2"]


async def test_put_at_once_equal_documents_make_one_version(registry: Registry) -> None:
    put = await asyncio.gather(*(registry.policies.put("standard", {"n": n % 2}, at=NOW) for n in range(8)))
    versions = {int(identifier.partition("@")[2]) for identifier in put}
    assert versions == set(range(1, max(versions) + 1))


@pytest.mark.parametrize("reference", ["standard", "standard@1", "brisk@2", "brisk@999999999"])
async def test_what_is_not_there_is_not_found(registry: Registry, reference: str) -> None:
    await registry.policies.put("brisk", {}, at=NOW)
    with pytest.raises(NotFound, match=reference):
        await registry.policies.get(reference)


@pytest.mark.parametrize("reference", ["brisk@", "brisk@x", "brisk@-1", "brisk@1@2", "brisk@١", "brisk@9999999999"])
async def test_a_reference_that_names_no_version_is_refused(registry: Registry, reference: str) -> None:
    with pytest.raises(Refused):
        await registry.policies.get(reference)


@pytest.mark.parametrize("name", ["", "a@1", "x" * 65, "a\nb"])
async def test_a_name_that_cannot_be_is_refused(registry: Registry, name: str) -> None:
    with pytest.raises(Refused):
        await registry.policies.put(name, {}, at=NOW)


@pytest.mark.parametrize("document", [{"a": float("nan")}, {1: 2}, {"a": {1, 2}}, {"a": "\ud800"}])
async def test_a_document_that_is_not_json_is_refused(registry: Registry, document: dict[str, object]) -> None:
    with pytest.raises(Refused, match="not JSON"):
        await registry.policies.put("standard", document, at=NOW)
