import asyncio
from datetime import timedelta

import pytest

from registry.error import IdempotencyMismatch, IdempotencyPending, Refused
from registry.idempotency import KEPT, PATIENCE, StoredResponse, Ticket
from registry.registry import Registry
from tests.unit.registry.conftest import NOW, digest

ANSWER = StoredResponse(status=201, headers={"location": "/v1/sessions/1"}, body=b'{"id":1}')
REQUEST = digest("POST /v1/sessions {}")


async def begin(
    registry: Registry, key: str = "k", *, request: bytes = REQUEST, after: timedelta = timedelta(), who: str = "key_1"
) -> Ticket | StoredResponse:
    return await registry.idempotency.begin(who, key, digest=request, now=NOW + after)


async def ticket(registry: Registry, **values: timedelta) -> Ticket:
    given = await begin(registry, **values)  # type: ignore[arg-type]
    assert isinstance(given, Ticket)
    return given


async def test_a_repetition_gets_the_first_answer(registry: Registry) -> None:
    await registry.idempotency.finish(await ticket(registry), ANSWER)
    assert await begin(registry) == ANSWER
    assert await begin(registry, after=KEPT - timedelta(seconds=1)) == ANSWER


async def test_another_request_with_the_same_key_is_refused(registry: Registry) -> None:
    first = await ticket(registry)
    with pytest.raises(IdempotencyMismatch):
        await begin(registry, request=digest("other"))
    await registry.idempotency.finish(first, ANSWER)
    with pytest.raises(IdempotencyMismatch):
        await begin(registry, request=digest("other"))


async def test_keys_of_different_callers_are_different(registry: Registry) -> None:
    await registry.idempotency.finish(await ticket(registry), ANSWER)
    assert isinstance(await begin(registry, who="key_2", request=digest("other")), Ticket)


async def test_of_many_at_once_one_does_it(registry: Registry) -> None:
    results = await asyncio.gather(*(begin(registry) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(result, Ticket) for result in results) == 1
    assert sum(isinstance(result, IdempotencyPending) for result in results) == 7


async def test_what_was_given_up_may_be_done_again(registry: Registry) -> None:
    await registry.idempotency.abandon(await ticket(registry))
    await registry.idempotency.finish(await ticket(registry), ANSWER)
    assert await begin(registry) == ANSWER


async def test_what_died_with_its_process_is_taken_over_and_its_answer_stands(registry: Registry) -> None:
    dead = await ticket(registry)
    with pytest.raises(IdempotencyPending):
        await begin(registry, after=PATIENCE - timedelta(seconds=1))
    second = await ticket(registry, after=PATIENCE)
    await registry.idempotency.finish(dead, StoredResponse(status=500, headers={}, body=b""))
    await registry.idempotency.abandon(dead)
    with pytest.raises(IdempotencyPending):
        await begin(registry, after=PATIENCE)
    await registry.idempotency.finish(second, ANSWER)
    await registry.idempotency.abandon(second)
    assert await begin(registry, after=PATIENCE) == ANSWER


async def test_an_answer_is_forgotten_after_a_day(registry: Registry) -> None:
    await registry.idempotency.finish(await ticket(registry), ANSWER)
    assert isinstance(await begin(registry, after=KEPT, request=digest("other")), Ticket)


@pytest.mark.parametrize(
    ("key", "request_digest"), [("", REQUEST), ("x" * 257, REQUEST), ("a\nb", REQUEST), ("k", b"")]
)
async def test_what_cannot_be_a_key_is_refused(registry: Registry, key: str, request_digest: bytes) -> None:
    with pytest.raises(Refused):
        await begin(registry, key, request=request_digest)
