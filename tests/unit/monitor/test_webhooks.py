"""Delivery of webhooks in virtual time, and once against a real receiver with the registry's outbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
import standardwebhooks

from monitor.egress import EgressPolicy, http_client
from monitor.webhooks import AT_ONCE, JITTER, SCHEDULE, Webhooks
from protocols.session import SessionId
from protocols.webhook import SharedSecret, verify
from registry.error import Unavailable
from registry.outbox import Event
from registry.state import EventState
from tests.servers.receiver import HANG, Receiver, Reply, Request

KEY = SharedSecret(secret=b"k" * 32)
ZERO = datetime(2020, 11, 23, 12, 0, tzinfo=UTC)
Answering = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


class MemoryOutbox:
    """The outbox in memory; ``history`` holds what became of each attempt."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.history: list[tuple[str, str, float]] = []
        self.broken = False

    def put(self, session: str = "s1", url: str = "https://backend.example/hook") -> str:
        event = Event(
            id=f"msg_{len(self.events)}",
            session=SessionId(session),
            kind="cut.confirmed",
            url=url,
            body=f'{{"n": {len(self.events)}}}'.encode(),
            state=EventState.PENDING,
            created_at=now(),
            next_at=now(),
            attempts=0,
            error=None,
        )
        self.events[event.id] = event
        return event.id

    async def due(self, now: datetime, *, limit: int = 100, skipping: Collection[str] = ()) -> list[Event]:
        return [event for event in self._first(skipping) if event.next_at <= now][:limit]

    async def next_due(self, *, skipping: Collection[str] = ()) -> datetime | None:
        return min((event.next_at for event in self._first(skipping)), default=None)

    async def succeeded(self, event: str, *, at: datetime) -> None:
        self._note(event, "delivered", state=EventState.DELIVERED)

    async def failed(self, event: str, *, next_at: datetime, error: str) -> None:
        self._note(event, error, next_at=next_at)

    async def dead(self, event: str, *, at: datetime, error: str) -> None:
        self._note(event, "dead", state=EventState.DEAD, error=error)

    def _first(self, skipping: Collection[str]) -> list[Event]:
        if self.broken:
            raise Unavailable("The database is locked.")
        first: dict[str, Event] = {}
        for event in self.events.values():
            if event.state is EventState.PENDING:
                first.setdefault(event.session, event)
        return [event for event in first.values() if event.url not in skipping]

    def _note(self, event: str, what: str, **changes: object) -> None:
        before = self.events[event]
        self.events[event] = replace(before, attempts=before.attempts + 1, **changes)  # type: ignore[arg-type]
        self.history.append((event, what, asyncio.get_running_loop().time()))


def now() -> datetime:
    return ZERO + timedelta(seconds=asyncio.get_running_loop().time())


@contextlib.asynccontextmanager
async def delivering(
    outbox: MemoryOutbox, answering: Answering, *, chance: float = 0.0, poll: float = 1.0
) -> AsyncIterator[Webhooks]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answering)) as client:
        webhooks = Webhooks(outbox, client, [KEY], clock=now, chance=lambda: chance, poll=poll)
        task = asyncio.create_task(webhooks.run())
        yield webhooks
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def answers(status: int, **headers: str) -> Answering:
    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers)

    return answer


@pytest.mark.looptime
async def test_a_message_that_is_never_taken_is_tried_by_the_schedule_and_then_given_up() -> None:
    outbox = MemoryOutbox()
    outbox.put()
    async with delivering(outbox, answers(503), poll=24 * 3600):
        await asyncio.sleep(4 * 24 * 3600)
    times = [at for _, _, at in outbox.history]
    expected = [sum(SCHEDULE[: n + 1]) for n in range(len(SCHEDULE))]
    assert times == pytest.approx(expected, abs=len(SCHEDULE))
    assert sum(SCHEDULE) == timedelta(hours=75, minutes=35, seconds=5).total_seconds()
    assert outbox.history[-1][1] == "dead"
    assert outbox.events["msg_0"].error == "the receiver answers 503"


@pytest.mark.looptime
async def test_waits_are_stretched_by_chance_and_never_shortened() -> None:
    outbox = MemoryOutbox()
    outbox.put()
    async with delivering(outbox, answers(500), chance=1.0):
        await asyncio.sleep(SCHEDULE[2] * 2)
    times = [at for _, _, at in outbox.history]
    assert times[2] - times[1] == pytest.approx(SCHEDULE[2] * (1 + JITTER), abs=1.0)


@pytest.mark.looptime
async def test_the_same_bytes_are_signed_anew_at_every_attempt() -> None:
    outbox = MemoryOutbox()
    outbox.put()
    seen: list[tuple[bytes, str]] = []

    async def fail_twice(request: httpx.Request) -> httpx.Response:
        identity = verify(headers=request.headers, body=request.content, keys=[KEY], now=now().timestamp())
        seen.append((request.content, identity))
        return httpx.Response(204 if len(seen) == 3 else 500)

    async with delivering(outbox, fail_twice):
        await asyncio.sleep(600)
    assert seen == [(b'{"n": 0}', "msg_0")] * 3
    assert [what for _, what, _ in outbox.history] == ["the receiver answers 500"] * 2 + ["delivered"]


@pytest.mark.looptime
async def test_a_receiver_that_hangs_delays_nobody_else() -> None:
    outbox = MemoryOutbox()
    for number in range(300):
        outbox.put(session=f"hanging {number}", url="https://hanging.example/")
    for number in range(20):
        outbox.put(session=f"good {number}", url=f"https://good{number % 3}.example/")

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "hanging.example":
            await asyncio.sleep(3600)
        return httpx.Response(200)

    async with delivering(outbox, answer):
        await asyncio.sleep(9.0)
        delivered = [event for event, what, _ in outbox.history if what == "delivered"]
        assert len(delivered) == 20
        await asyncio.sleep(3.0)
    assert ("msg_0", "no whole answer within 10 seconds") in [entry[:2] for entry in outbox.history]


@pytest.mark.looptime
async def test_a_receiver_gets_one_message_at_a_time_and_a_session_its_messages_in_order() -> None:
    outbox = MemoryOutbox()
    order = [outbox.put(session=session) for session in ("a", "a", "b", "a", "b")]
    arrived: list[str] = []
    at_once = most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(1.0)
        at_once -= 1
        arrived.append(request.headers["webhook-id"])
        return httpx.Response(500 if len(arrived) == 1 else 200)

    async with delivering(outbox, answer):
        await asyncio.sleep(60)
    assert most == 1
    assert [e for e in arrived if e in (order[0], order[1], order[3])] == [order[0], order[0], order[1], order[3]]
    assert sorted(set(arrived)) == order


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (410, {}, "dead"),
        (302, {"location": "http://169.254.169.254/"}, "the receiver answers 302; redirects are not followed"),
        (400, {}, "the receiver answers 400"),
        (204, {}, "delivered"),
    ],
)
async def test_every_answer_has_one_outcome(status: int, headers: dict[str, str], outcome: str) -> None:
    outbox = MemoryOutbox()
    outbox.put()
    async with delivering(outbox, answers(status, **headers)):
        await asyncio.sleep(3.0)
    assert [entry[:2] for entry in outbox.history] == [("msg_0", outcome)]


@pytest.mark.looptime
async def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    outbox = MemoryOutbox()
    outbox.put(session="a", url="https://patient.example/")
    outbox.put(session="b", url="https://endless.example/")

    async def answer(request: httpx.Request) -> httpx.Response:
        asked = "120" if request.url.host == "patient.example" else "999999"
        return httpx.Response(429, headers={"retry-after": asked})

    async with delivering(outbox, answer):
        await asyncio.sleep(3.0)
    assert outbox.events["msg_0"].next_at - ZERO == pytest.approx(timedelta(seconds=120), abs=timedelta(seconds=1))
    assert outbox.events["msg_1"].next_at - ZERO == pytest.approx(timedelta(days=1), abs=timedelta(seconds=1))


@pytest.mark.looptime
async def test_a_database_that_fails_for_a_while_loses_nothing() -> None:
    outbox = MemoryOutbox()
    async with delivering(outbox, answers(200)) as webhooks:
        outbox.broken = True
        outbox.put()
        webhooks.wake()
        await asyncio.sleep(60)
        assert outbox.history == []
        outbox.broken = False
        await asyncio.sleep(10)
    assert [entry[:2] for entry in outbox.history] == [("msg_0", "delivered")]


@pytest.mark.looptime
async def test_a_receipt_that_cannot_be_written_is_made_up_by_another_attempt() -> None:
    class Forgetful(MemoryOutbox):
        forgotten = 0

        async def succeeded(self, event: str, *, at: datetime) -> None:
            self.forgotten += 1
            if self.forgotten == 1:
                raise Unavailable("The disk is full.")
            await super().succeeded(event, at=at)

    outbox = Forgetful()
    outbox.put()
    async with delivering(outbox, answers(200)):
        await asyncio.sleep(30)
    assert outbox.forgotten == 2
    assert [entry[:2] for entry in outbox.history] == [("msg_0", "delivered")]


@pytest.mark.looptime
async def test_an_unforeseen_fault_in_one_delivery_does_not_end_the_others() -> None:
    outbox = MemoryOutbox()
    outbox.put(session="a", url="https://odd.example/")
    outbox.put(session="b")

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "odd.example":
            raise KeyError("unforeseen")
        return httpx.Response(200)

    async with delivering(outbox, answer):
        await asyncio.sleep(3.0)
    assert {entry[:2] for entry in outbox.history} == {("msg_0", "KeyError"), ("msg_1", "delivered")}


@pytest.mark.looptime
async def test_no_more_receivers_than_connections_are_spoken_to_at_once() -> None:
    outbox = MemoryOutbox()
    for number in range(2 * AT_ONCE):
        outbox.put(session=str(number), url=f"https://r{number}.example/")
    at_once = most = 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(2.0)
        at_once -= 1
        return httpx.Response(200)

    async with delivering(outbox, answer):
        await asyncio.sleep(10.0)
    assert most == AT_ONCE
    assert len(outbox.history) == 2 * AT_ONCE


def test_without_a_key_there_are_no_webhooks() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Webhooks(MemoryOutbox(), httpx.AsyncClient(), [], clock=lambda: ZERO)


class TestRealReceiver:
    """Over real sockets and through the egress guard."""

    LOOPBACK = EgressPolicy(allowed_networks=(ip_network("127.0.0.0/8"),))

    @contextlib.asynccontextmanager
    async def delivering(self, outbox: MemoryOutbox, policy: EgressPolicy) -> AsyncIterator[None]:
        async with http_client(policy) as client:
            task = asyncio.create_task(
                Webhooks(outbox, client, [KEY], clock=lambda: datetime.now(UTC), chance=lambda: 0.0).run()
            )
            yield
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def settled(self, outbox: MemoryOutbox, count: int) -> None:
        async with asyncio.timeout(10):
            while len(outbox.history) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def test_signed_messages_arrive_and_liars_and_hangers_stay_alone(self, tmp_path: Path) -> None:
        def answer(request: Request) -> Reply:
            standardwebhooks.Webhook(KEY.text).verify(request.body, request.headers)
            match request.path:
                case "/hangs":
                    return HANG
                case "/endless":
                    return Reply(body=b"x" * 10_000_000)
                case "/trickles":
                    return Reply(body=b"x" * 1000, trickle=0.5)
                case "/lies":
                    return Reply(body=b"x", headers={"content-length": "1000000"})
                case _:
                    return Reply(status=204)

        outbox = MemoryOutbox()
        async with Receiver(answer) as receiver:
            for path in ("hangs", "endless", "trickles", "lies", "good"):
                outbox.put(session=path, url=f"{receiver.url}/{path}")
            outbox.events = {key: replace(event, next_at=ZERO) for key, event in outbox.events.items()}
            async with self.delivering(outbox, self.LOOPBACK):
                await self.settled(outbox, 4)
        assert {entry[:2] for entry in outbox.history} == {(f"msg_{n}", "delivered") for n in (1, 2, 3, 4)}

    async def test_an_address_that_is_not_public_is_never_connected_to(self) -> None:
        outbox = MemoryOutbox()
        async with Receiver(lambda _: Reply()) as receiver:
            outbox.put(url=f"{receiver.url}/hook")
            outbox.events = {key: replace(event, next_at=ZERO) for key, event in outbox.events.items()}
            async with self.delivering(outbox, EgressPolicy()):
                await self.settled(outbox, 1)
            assert receiver.requests == []
        assert "neither public nor an allowed network" in outbox.history[0][1]
