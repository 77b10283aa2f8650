from typing import Any

import pytest

from tests.unit.monitor.api.world import World


@pytest.fixture
async def document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = (await world.client.get("/openapi.json")).json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    assert len(operations(document)) >= 25
    for name, operation in operations(document):
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation["tags"], name


async def test_every_guarded_operation_names_its_scope(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if operation.get("security") == [{"API key": []}]:
            words = " ".join(operation["description"].split())
            assert "eeds the scope `" in words, name


async def test_every_operation_describes_its_problems(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400" and name not in {"GET /healthz", "GET /readyz"}:
                content = response["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, name
                assert content["example"]["status"] == int(status), name
        assert "HTTPValidationError" not in str(operation), name


async def test_every_field_is_described_with_an_example(document: dict[str, Any]) -> None:
    missing = []
    for schema, described in document["components"]["schemas"].items():
        for field, value in described.get("properties", {}).items():
            if schema.startswith(("Body_", "Page")) or schema in POLICY:
                continue
            if not value.get("description"):
                missing.append(f"{schema}.{field}")
            simple = value.get("type") in {"string", "integer", "number"} and "$ref" not in str(value)
            if simple and not value.get("examples") and field != "expires_at":
                missing.append(f"{schema}.{field} (example)")
    assert missing == []


PARTS = ("Operator", "Presence", "Watch", "Fusion", "Likeness", "Challenge")
PARTS += ("Ladder", "Rung", "Measure", "Measures", "Strikes")
POLICY = {"Policy", *(f"{name}Policy" for name in PARTS)}


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            here = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return here + [found for part in value.values() for found in references(part)]
        if isinstance(value, list):
            return [found for part in value for found in references(part)]
        return []

    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"], reference


async def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert "sessions-attach" in names


async def test_the_webhook_is_described(document: dict[str, Any]) -> None:
    assert "WebhookEvent" in str(document["webhooks"])


async def test_answers_have_the_statuses_that_are_described(world: World, document: dict[str, Any]) -> None:
    """Every operation, asked with nothing but a key, answers with a status that its description knows."""
    for name, operation in operations(document):
        method, path = name.split(" ")
        if path.endswith("/events"):
            continue
        for placeholder in (
            "session",
            "cut",
            "avatar",
            "operator",
            "reference",
            "name",
            "id",
            "publication",
            "server",
            "app",
            "stream",
        ):
            path = path.replace("{" + placeholder + "}", "nothing")
        answer = await world.client.request(method, path)
        assert str(answer.status_code) in operation["responses"], (name, answer.status_code, answer.text)
