"""Platforms that lie, hang or refuse; how an honest one is commanded is in tests/contract."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

import monitor.enforcers.webhook as module
from monitor.egress import EgressPolicy
from monitor.enforcers.enforcer import EnforcerFailure, Order
from monitor.enforcers.webhook import WebhookEnforcer, WebhookPlatform
from protocols.webhook import SharedSecret, SigningKey, verify
from tests.contract.stages import LOOPBACK_EGRESS
from tests.servers.receiver import HANG, Receiver, Reply, Request
from tests.unit.monitor.enforcers.order import an_order

SECRET = SharedSecret(secret=b"k" * 32)
KEY = SigningKey(seed=b"s" * 32)
NOW = 1_700_000_000.5


def acknowledging(request: Request, **more: object) -> Reply:
    return Reply(body=json.dumps({"acknowledged": request.headers["webhook-id"], **more}).encode())


@asynccontextmanager
async def commanding(
    answer: Callable[[Request], Reply], *, egress: EgressPolicy = LOOPBACK_EGRESS, shows_notices: bool = False
) -> AsyncIterator[tuple[WebhookEnforcer, Receiver]]:
    async def never(_: Order) -> bool:
        raise AssertionError("the platform answers for itself")

    async with Receiver(answer) as receiver:
        platform = WebhookPlatform(
            name="main", url=f"{receiver.url}/commands", keys=[SECRET, KEY], shows_notices=shows_notices
        )
        enforcer = WebhookEnforcer(platform, egress=egress, now=lambda: NOW, source_ended=never)
        yield enforcer, receiver
        await enforcer.close()


async def test_a_command_is_signed_names_its_epoch_and_is_the_same_when_repeated() -> None:
    async with commanding(acknowledging) as (enforcer, receiver):
        await enforcer.block(an_order())
        await enforcer.cut(an_order())
        await enforcer.cut(an_order())
    block, cut, again = receiver.requests
    for request in receiver.requests:
        for keys in ([SECRET], [KEY.verifying]):
            verify(headers=request.headers, body=request.body, keys=keys, now=NOW)
    assert (cut.body, cut.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    assert [r.headers["webhook-id"] for r in (block, cut)] == ["cut_1_block", "cut_1_cut"]
    assert json.loads(cut.body) == {
        "type": "stream.cut",
        "data": {
            "cut": "cut_1",
            "session": "ses_1",
            "epoch": 1,
            "server": "main",
            "app": "live",
            "stream": "s1",
            "reason": "Nobody drives this avatar.",
            "until": "2030-01-01T00:00:00+00:00",
        },
    }


async def test_every_question_about_the_status_is_a_new_one() -> None:
    answers = iter([True, False])
    async with commanding(lambda request: acknowledging(request, publishing=next(answers))) as (enforcer, receiver):
        assert not await enforcer.gone(an_order())
        assert await enforcer.gone(an_order())
    first, second = (request.headers["webhook-id"] for request in receiver.requests)
    assert first != second


@pytest.mark.parametrize(
    ("reply", "retry", "says"),
    [
        (Reply(), True, "acknowledges nothing"),
        (Reply(body=b"OK"), True, "acknowledges nothing"),
        (Reply(body=b'{"acknowledged": true}'), True, "acknowledges nothing"),
        (Reply(body=b'{"acknowledged": "cut_0_cut"}'), True, "acknowledges nothing"),
        (Reply(body=b"[" * 60_000), True, "acknowledges nothing"),
        (Reply(body=b" " * 1_000_000), True, "acknowledges nothing"),
        (Reply(body=b"\xff"), True, "acknowledges nothing"),
        (Reply(status=401), False, "signature"),
        (Reply(status=403), False, "signature"),
        (Reply(status=404), False, "answers 404"),
        (Reply(status=409), False, "newer epoch"),
        (Reply(status=429), True, "answers 429"),
        (Reply(status=500), True, "answers 500"),
        (Reply(status=307, headers={"location": "http://169.254.169.254/"}), False, "answers 307"),
        (HANG, True, "no whole answer"),
        (Reply(body=b'{"acknowledged"', trickle=0.1), True, "no whole answer"),
        (Reply(body=b"12", cut_off=True), True, "connection failed"),
    ],
)
async def test_what_is_not_an_acknowledgement_is_no_cut(
    reply: Reply, retry: bool, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.3)
    async with commanding(lambda _: reply) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.cut(an_order())
        assert failure.value.retry is retry


@pytest.mark.parametrize("publishing", [None, "no", 0, []])
async def test_a_status_that_is_not_plain_confirms_nothing(publishing: object) -> None:
    async with commanding(lambda request: acknowledging(request, publishing=publishing)) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="did not say whether") as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry


async def test_a_platform_at_a_private_address_is_not_connected_to() -> None:
    async with commanding(acknowledging, egress=EgressPolicy()) as (enforcer, receiver):
        with pytest.raises(EnforcerFailure, match="must not be connected to") as failure:
            await enforcer.cut(an_order())
        assert not failure.value.retry
        assert receiver.requests == []


async def test_an_order_for_another_server_is_not_sent() -> None:
    async with commanding(acknowledging) as (enforcer, receiver):
        with pytest.raises(EnforcerFailure, match="does not say where"):
            await enforcer.cut(an_order(placement=None))
        assert receiver.requests == []


@pytest.mark.parametrize("shows", [True, False])
async def test_a_platform_that_shows_notices_says_so_and_is_told_when_to(shows: bool) -> None:
    async with commanding(acknowledging, shows_notices=shows) as (enforcer, receiver):
        assert enforcer.slates(an_order()) is shows
        if shows:
            await enforcer.unslate(an_order(cut="slt_1"), await enforcer.slate(an_order(cut="slt_1")))
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids == (["slt_1_slate", "slt_1_unslate"] if shows else [])
    assert [json.loads(request.body)["type"] for request in receiver.requests] == (
        ["stream.slate", "stream.unslate"] if shows else []
    )
