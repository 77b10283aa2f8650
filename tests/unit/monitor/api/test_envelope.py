import asyncio
from collections.abc import AsyncIterator

import pytest

from monitor.api import envelope
from tests.unit.monitor.api.world import World


async def test_unknown_paths_and_methods_are_problems(world: World) -> None:
    missing = await world.client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["title"]) == (404, "There is no such thing")
    wrong = await world.client.put("/v1/sessions")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"] or "POST" in wrong.headers["allow"]
    assert wrong.headers["content-type"] == "application/problem+json"


async def test_security_headers_are_everywhere(world: World) -> None:
    for path in ("/healthz", "/v1/nothing", "/v1/sessions"):
        headers = (await world.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


async def test_a_large_body_is_refused_by_what_it_declares(world: World) -> None:
    headers = {"content-type": "application/json", "content-length": str(envelope.BODY_BYTES + 1)}
    answer = await world.client.post("/v1/sessions", content=b"{}", headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_large_body_is_refused_by_what_it_is(world: World) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    answer = await world.client.post("/v1/sessions", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert sent <= envelope.BODY_BYTES + 2 * 65_536


async def test_a_body_that_does_not_come_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "BODY_SECONDS", 0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await world.client.post("/v1/sessions", content=never(), headers={"content-type": "application/json"})
    assert answer.status_code == 408
