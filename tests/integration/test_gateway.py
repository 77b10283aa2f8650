"""The gateway behind a real server, spoken to over real sockets by the real agent, and by others."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from monitor.operator.agent import Agent, AgentEvent, Disconnected, Finished, address
from monitor.operator.backoff import Backoff
from monitor.operator.entry import Admission, Arrival, Arrive, ChannelObservation, Refusal, on_shift
from monitor.operator.gateway import Gateway
from monitor.operator.wire import Wire
from protocols.channel import VERSION
from protocols.channel.client import ClientConnection
from protocols.channel.duty import ON_SHIFT, Asking, Duty, Needs
from protocols.channel.event import (
    Acknowledged,
    Attested,
    Challenged,
    DriverChanged,
    DutyTold,
    Happening,
    Noticed,
    Opened,
    Receipted,
    Violated,
)
from protocols.channel.floor import Sharing
from protocols.channel.limits import Limits
from protocols.channel.notice import Level, Notice
from protocols.channel.outbox import Outbox
from protocols.channel.table import ClientState
from protocols.channel.violation import Closing
from protocols.gesture import Gesture
from protocols.observation import ChallengeAnswered, ChallengeAsked, Presence
from protocols.telemetry import TelemetryBatch, TelemetrySample

pytestmark = pytest.mark.integration

FAST = Limits(
    interval=0.05, attest_every=0.2, attest_grace=2.0, hello_within=1.0, silent_after=2.0, rate=200, burst=200
)
CALM = replace(FAST, patience=200.0)
"""Where nobody is to lapse, however busy the machine is."""
WITHIN = 20.0


@dataclass
class Service:
    """A gateway on a port, the sessions it knows, and all that it told."""

    keys: dict[str, Ed25519PrivateKey]
    limits: Limits = FAST
    sharing: Sharing = Sharing.STANDBY
    origins: frozenset[str] = frozenset()
    epoch: int = 1
    arrive: Arrive = on_shift
    at_once: int | None = None
    observations: list[ChannelObservation] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.zero = asyncio.get_running_loop().time()
        self.gateway = Gateway(
            admit=self.admit,
            arrive=lambda arrival: self.arrive(arrival),
            feed=lambda session, observation: self.observations.append(observation),
            note=lambda session, happening: self.happenings.append(happening),
            limits=self.limits,
            origins=self.origins,
        )

    async def admit(self, operator: str, session: str) -> Admission | Refusal:
        if session == "broken":
            raise OSError("the registry is away")
        if session == "slow":
            await asyncio.sleep(3600)
        if operator not in self.keys:
            return Refusal()
        public = self.keys[operator].public_key().public_bytes_raw()
        return Admission(
            device_keys=(public,), epoch=self.epoch, zero=self.zero, sharing=self.sharing, sessions_at_once=self.at_once
        )

    def at(self) -> float:
        return asyncio.get_running_loop().time() - self.zero

    def of(self, kind: type) -> list:
        told = [one for event in [*self.observations, *self.happenings] for one in unpacked(event)]
        return [one for one in told if isinstance(one, kind)]


def unpacked(event: object) -> tuple[object, ...]:
    """The samples of a batch one by one; anything else as it is."""
    return event.samples() if isinstance(event, TelemetryBatch) else (event,)


@asynccontextmanager
async def served(**options) -> AsyncIterator[Service]:
    keys = {name: Ed25519PrivateKey.generate() for name in ("ann", "bob")}
    service = Service(keys=keys, **options)
    app = Starlette(routes=[WebSocketRoute("/v1/operator", service.gateway)])
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ws=Wire, ws_max_size=65_536, ws_per_message_deflate=False, lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    running = asyncio.create_task(server.serve(sockets=[listener]))
    service.url = address(f"http://127.0.0.1:{listener.getsockname()[1]}")
    await eventually(lambda: server.started)
    try:
        yield service
    finally:
        await service.gateway.shutdown()
        server.should_exit = True
        await running
        assert service.gateway.connected == 0
        assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()


async def eventually(true) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 - polls what other tasks write
            await asyncio.sleep(0.005)


class Studio:
    """An agent with a person's motion behind it."""

    def __init__(self, service: Service, operator: str = "ann", session: str = "s-1", **options) -> None:
        self.heard: list[AgentEvent] = []
        self.agent = Agent(
            url=service.url,
            session=session,
            operator=operator,
            key=options.pop("key", service.keys.get(operator) or Ed25519PrivateKey.generate()),
            motion=self.move(),
            tell=self.heard.append,
            limits=service.limits,
            backoff=Backoff(first=0.05, most=0.1),
        )
        self.running: asyncio.Task[Finished] = asyncio.create_task(self.agent.run())

    @staticmethod
    async def move() -> AsyncIterator[TelemetrySample]:
        clock = asyncio.get_running_loop()
        while True:
            yield TelemetrySample(at=clock.time(), yaw=10.0, pitch=-2.5)
            await asyncio.sleep(0.01)

    def of(self, kind: type) -> list:
        return [event for event in self.heard if isinstance(event, kind)]

    async def open(self) -> "Studio":
        await eventually(lambda: self.of(Opened) or self.running.done())
        return self

    async def leave(self) -> Finished:
        self.agent.leave()
        return await self.running


def conversation(service: Service, operator: str = "ann") -> ClientConnection:
    return ClientConnection(
        session="s-1",
        operator=operator,
        sign=service.keys[operator].sign,
        entropy=secrets.token_bytes(48),
        outbox=Outbox(),
        limits=service.limits,
        now=asyncio.get_running_loop().time(),
    )


@asynccontextmanager
async def opened(service: Service, operator: str = "ann"):
    """A socket whose handshake was made by hand, to misbehave on."""
    client = conversation(service, operator)
    async with connect(service.url, subprotocols=[VERSION], compression=None) as websocket:
        now = asyncio.get_running_loop().time
        client.receive(await websocket.recv(), now())
        for data in client.data_to_send():
            await websocket.send(data)
        client.receive(await websocket.recv(), now())
        assert client.state is ClientState.OPEN
        yield client, websocket


async def last_words(websocket) -> str:
    """All that the server still says, until it closes."""
    said = ""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(WITHIN):
            while True:
                said = await websocket.recv()
    return said


async def test_motion_arrives_on_the_sessions_clock() -> None:
    async with served(limits=CALM) as service:
        studio = await Studio(service).open()
        await eventually(lambda: len(service.of(TelemetrySample)) > 50)
        now = service.at()
        times = [sample.at for sample in service.of(TelemetrySample)]
        assert times == sorted(set(times))
        assert all(-0.3 < at <= now for at in times)
        assert (await studio.leave()).code == Closing.BYE
        assert [p.connected for p in service.of(Presence)] == [True, False]
        assert studio.of(Acknowledged)
        await eventually(lambda: service.gateway.connected == 0)


async def test_the_device_key_signs_the_chain() -> None:
    async with served() as service:
        studio = await Studio(service).open()
        await eventually(lambda: len(service.of(Attested)) >= 2)
        for attested in service.of(Attested):
            service.keys["ann"].public_key().verify(attested.signature, attested.statement)
        await studio.leave()


async def test_a_challenge_is_asked_answered_and_receipted() -> None:
    async with served() as service:
        studio = await Studio(service).open()
        asked = ChallengeAsked(at=service.at(), challenge="ch-1", gesture=Gesture.NOD, within=5.0)
        assert service.gateway.ask("s-1", asked)
        await eventually(lambda: studio.of(Challenged))
        assert studio.agent.answer("ch-1")
        assert not studio.agent.answer("ch-1")
        await eventually(lambda: studio.of(Receipted))
        assert [r.outcome for r in studio.of(Receipted)] == ["accepted"]
        assert [a.challenge for a in service.of(ChallengeAnswered)] == ["ch-1"]
        await studio.leave()


async def test_nobody_can_be_asked_where_nobody_is() -> None:
    async with served() as service:
        asked = ChallengeAsked(at=0.0, challenge="ch-1", gesture=Gesture.NOD, within=5.0)
        assert not service.gateway.ask("s-1", asked)
        service.gateway.notify("s-1", Notice(level=Level.INFO, code="x", text_en="x", text_zh="x"))
        assert not service.gateway.notify_one(
            "s-1", "ann", Notice(level=Level.INFO, code="x", text_en="x", text_zh="x")
        )
        service.gateway.close("s-1")


async def test_notices_reach_the_operator_in_both_languages() -> None:
    async with served() as service:
        studio = await Studio(service).open()
        notice = Notice(
            level=Level.WARNING, code="grace", text_en='Say "hi": now', text_zh="请回应", until=service.at() + 5
        )
        service.gateway.notify("s-1", notice)
        await eventually(lambda: studio.of(Noticed))
        (noticed,) = studio.of(Noticed)
        assert (noticed.level, noticed.en, noticed.zh) == ("warning", 'Say "hi": now', "请回应")
        await studio.leave()


async def test_an_agent_that_dies_is_missed_in_time() -> None:
    async with served() as service:
        async with opened(service) as (_, websocket):
            websocket.transport.abort()
            died = service.at()
        await eventually(lambda: [p.connected for p in service.of(Presence)] == [True, False])
        lapse = service.of(Presence)[-1]
        assert lapse.cause == "the connection is down"
        assert lapse.at - died < 3 * FAST.interval * FAST.patience + 1.0


async def test_an_agent_that_falls_silent_is_missed_and_then_closed() -> None:
    async with served(limits=Limits(interval=0.05, silent_after=0.5)) as service, opened(service) as (_, websocket):
        assert '"code":"silent"' in await last_words(websocket)
        assert [p.cause for p in service.of(Presence)] == ["hello", "silent"]


async def test_a_resume_keeps_the_open_challenge_and_no_lapse_is_told() -> None:
    async with served(limits=Limits(interval=0.5, rate=200, burst=200)) as service:
        studio = await Studio(service).open()
        asked = ChallengeAsked(at=service.at(), challenge="ch-1", gesture=Gesture.NOD, within=60.0)
        service.gateway.ask("s-1", asked)
        await eventually(lambda: studio.of(Challenged))
        (held,) = service.gateway._sockets
        await held.send({"type": "websocket.close", "code": 1011})
        await eventually(lambda: len(studio.of(Opened)) == 2 and len(studio.of(Challenged)) == 2)
        assert studio.of(Opened)[1].resumed
        assert studio.of(Disconnected)
        studio.agent.answer("ch-1")
        await eventually(lambda: service.of(ChallengeAnswered))
        assert [p.connected for p in service.of(Presence)] == [True]
        await studio.leave()


async def test_a_newer_connection_supersedes_only_with_the_right_key() -> None:
    async with served(limits=CALM) as service:
        first = await Studio(service).open()
        forger = Studio(service, key=Ed25519PrivateKey.generate())
        assert (await forger.running).code == Closing.NOT_ADMITTED
        assert not first.running.done()
        second = await Studio(service).open()
        assert (await first.running).code == Closing.SUPERSEDED
        assert not second.running.done()
        assert [p.connected for p in service.of(Presence)] == [True]
        await second.leave()


async def test_a_second_operator_stands_by_and_takes_over() -> None:
    async with served() as service:
        ann = await Studio(service, "ann").open()
        bob = await Studio(service, "bob").open()
        assert (ann.of(Opened)[0].driving, bob.of(Opened)[0].driving) == (True, False)
        await ann.leave()
        await eventually(lambda: [c.operator for c in service.of(DriverChanged)] == ["ann", "bob"])
        await bob.leave()


async def test_a_second_operator_is_refused_where_the_policy_says_so() -> None:
    async with served(sharing=Sharing.REFUSE) as service:
        ann = await Studio(service, "ann").open()
        bob = Studio(service, "bob")
        await eventually(lambda: bob.of(Disconnected))
        assert "another operator" in bob.of(Disconnected)[0].cause
        await bob.leave()
        await ann.leave()


@pytest.mark.parametrize(
    ("operator", "session", "code"),
    [("eve", "s-1", "not_admitted"), ("ann", "broken", "unavailable"), ("ann", "slow", "timeout")],
)
async def test_who_cannot_be_admitted_hears_why(operator: str, session: str, code: str) -> None:
    async with served(limits=Limits(hello_within=0.3)) as service:
        key = service.keys.get(operator, Ed25519PrivateKey.generate())
        client = ClientConnection(
            session=session,
            operator=operator,
            sign=key.sign,
            entropy=secrets.token_bytes(48),
            outbox=Outbox(),
            limits=service.limits,
            now=0.0,
        )
        async with connect(service.url) as websocket:
            client.receive(await websocket.recv(), 0.0)
            await websocket.send(client.data_to_send()[0])
            (ended,) = client.receive(await websocket.recv(), 0.0)
            assert ended.code == code
        assert service.observations == []


async def test_strangers_have_little_time_and_few_sockets() -> None:
    async with served(limits=Limits(hello_within=0.5, sockets_per_address=2)) as service:
        async with connect(service.url) as one, connect(service.url) as two:
            with pytest.raises(InvalidStatus):
                await connect(service.url)
            assert '"code":"timeout"' in await last_words(one)
            assert '"code":"timeout"' in await last_words(two)
        async with connect(service.url) as again:
            assert "welcome" in await again.recv()


async def test_pages_of_other_origins_cannot_connect() -> None:
    async with served(origins=frozenset({"https://ours.example"})) as service:
        with pytest.raises(InvalidStatus):
            await connect(service.url, origin="https://theirs.example")
        async with connect(service.url, origin="https://ours.example") as websocket:
            assert "welcome" in await websocket.recv()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("nonsense", "malformed"),
        (b"\x00binary", "not_text"),
        ("A" * 43 + '.{"type":"heartbeat","seq":1,"t":1}', "bad_seal"),
        ("A" * 43 + '.{"type":"elsewhere"}', "unknown_type"),
    ],
)
async def test_what_is_no_message_closes_its_connection_and_nothing_else(data: str | bytes, code: str) -> None:
    async with served() as service:
        studio = await Studio(service, "bob").open()
        async with opened(service) as (_, websocket):
            await websocket.send(data)
            assert f'"code":"{code}"' in await last_words(websocket)
        assert [v.fault for v in service.of(Violated)] == [code]
        assert not studio.running.done()
        await studio.leave()


async def test_an_oversized_frame_closes_its_connection() -> None:
    async with served() as service, opened(service) as (_, websocket):
        await websocket.send("x" * 70_000)
        await last_words(websocket)
        assert websocket.close_code == 1009
        await eventually(lambda: [p.connected for p in service.of(Presence)] == [True, False])


async def test_a_flood_is_stopped() -> None:
    async with served(limits=Limits(rate=1.0, burst=5.0)) as service, opened(service) as (client, websocket):
        for _ in range(10):
            client._beat_due = 0.0
            client.expire(asyncio.get_running_loop().time())
            for data in client.data_to_send():
                with suppress(ConnectionClosed):
                    await websocket.send(data)
        assert '"code":"rate"' in await last_words(websocket)


async def test_a_device_key_that_is_removed_loses_its_channel_at_once() -> None:
    async with served() as service:
        ann = await Studio(service).open()
        public = service.keys["ann"].public_key().public_bytes_raw()
        service.gateway.expel(b"another key", "not this one")
        del service.keys["ann"]
        service.gateway.expel(public, "the key of this device was removed")
        finished = await asyncio.wait_for(ann.running, WITHIN)
        assert (finished.code, finished.message) == (Closing.NOT_ADMITTED, "the key of this device was removed")
        await eventually(lambda: [p.connected for p in service.of(Presence)] == [True, False])


async def test_a_person_is_in_as_many_sessions_as_the_policy_says() -> None:
    async with served(limits=replace(FAST, connections_per_credential=9), at_once=2) as service:
        first, second = await Studio(service, session="s-1").open(), await Studio(service, session="s-2").open()
        third = Studio(service, session="s-3")
        await eventually(lambda: third.of(Disconnected))
        assert "you operate another session" in third.of(Disconnected)[0].cause
        for studio in (third, second, first):
            await studio.leave()


async def test_a_credential_has_few_connections() -> None:
    async with served(limits=Limits(connections_per_credential=1, sessions_per_operator=9)) as service:
        first = await Studio(service, session="s-1").open()
        second = Studio(service, session="s-2")
        await eventually(lambda: second.of(Disconnected))
        assert "too many connections" in second.of(Disconnected)[0].cause
        await second.leave()
        await first.leave()


async def test_one_person_is_in_one_session_at_a_time() -> None:
    async with served() as service:
        first = await Studio(service, session="s-1").open()
        second = Studio(service, session="s-2")
        await eventually(lambda: second.of(Disconnected))
        assert "another session" in second.of(Disconnected)[0].cause
        assert not second.of(Opened)
        await first.leave()
        await second.open()
        await second.leave()


async def test_the_end_of_a_session_ends_the_agent() -> None:
    async with served() as service:
        studio = await Studio(service).open()
        service.gateway.close("s-1")
        assert (await studio.running).code == Closing.SESSION_OVER


async def test_an_agent_comes_back_after_a_restart_and_a_new_epoch() -> None:
    async with served() as service:
        ann = await Studio(service, "ann").open()
        service.epoch = 2
        bob = await Studio(service, "bob").open()
        await eventually(lambda: len(ann.of(Opened)) == 2)
        await ann.leave()
        await bob.leave()


async def test_an_agent_waits_for_a_server_that_is_not_there() -> None:
    async with served() as service:
        url = service.url
    heard: list[AgentEvent] = []
    agent = Agent(
        url=url,
        session="s-1",
        operator="ann",
        key=service.keys["ann"],
        motion=Studio.move(),
        tell=heard.append,
        backoff=Backoff(first=0.01, most=0.02),
    )
    running = asyncio.create_task(agent.run())
    await eventually(lambda: sum(isinstance(event, Disconnected) for event in heard) >= 3)
    agent.leave()
    assert (await running).code == Closing.BYE


async def test_a_peer_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.operator.gateway._SWEEP_EVERY", 0.02)
    monkeypatch.setattr("monitor.operator.room.SEND_WITHIN", 0.1)
    service = Service(keys={"ann": Ed25519PrivateKey.generate()})
    client = conversation(service, "ann")
    inbox: asyncio.Queue[dict] = asyncio.Queue()
    said: list[str] = []

    async def send(message: dict) -> None:
        if len(said) == 2 and message["type"] == "websocket.send":
            await asyncio.Event().wait()  # neither the welcome nor ready: nothing is taken any more
        said.extend([message["text"]] if message["type"] == "websocket.send" else [])

    inbox.put_nowait({"type": "websocket.connect"})
    scope = {"type": "websocket", "client": ("127.0.0.1", 1), "headers": [], "subprotocols": []}
    serving = asyncio.create_task(service.gateway(scope, inbox.get, send))
    for answered in (1, 2):
        await eventually(lambda count=answered: len(said) == count)
        client.receive(said[-1], asyncio.get_running_loop().time())
        client.expire(asyncio.get_running_loop().time())
        for data in client.data_to_send():
            inbox.put_nowait({"type": "websocket.receive", "text": data})
    monkeypatch.setattr("monitor.operator.room._LAST_WORDS_WITHIN", 0.1)
    async with asyncio.timeout(WITHIN):
        await serving
    assert service.gateway.connected == 0
    service.gateway.close("s-1")
    await asyncio.sleep(0.05)


class House:
    """Lets nobody on shift but by a ceremony that it has begun."""

    def __init__(self, within: float = 60.0) -> None:
        self.within = within
        self.asked: list[Arrival] = []
        self.refusal: Refusal | None = None

    async def __call__(self, arrival: Arrival) -> Duty | Refusal:
        self.asked.append(arrival)
        if self.refusal is not None:
            return self.refusal
        if arrival.credential == "broken":
            raise OSError("the registry is away")
        if arrival.credential == "good":
            return ON_SHIFT
        asking = Asking(ceremony=f"cer_{len(self.asked)}", options="{}", within=self.within)
        return Duty(on_shift=False, needs=Needs.PASSKEY, text_en="no", text_zh="no", asking=asking)


async def test_a_shift_begins_by_what_the_house_says_of_the_passkeys_answer() -> None:
    house = House()
    async with served(arrive=house) as service:
        studio = Studio(service)
        await studio.open()
        await eventually(lambda: studio.of(DutyTold))
        assert service.of(Presence) == []
        assert studio.agent.shift("cer_1", "bad")
        await eventually(lambda: len(studio.of(DutyTold)) == 2)
        assert studio.agent.shift("cer_2", "good")
        await eventually(lambda: len(studio.of(DutyTold)) == 3)
        assert [told.on_shift for told in studio.of(DutyTold)] == [False, False, True]
        assert [change.operator for change in service.of(DriverChanged)] == ["ann"]
        assert [(one.ceremony, one.credential, one.again) for one in house.asked] == [
            ("", "", False),
            ("cer_1", "bad", True),
            ("cer_2", "good", True),
        ]
        await studio.leave()


async def test_who_is_not_on_shift_is_asked_anew_once_the_ceremony_is_over_and_a_house_that_fails_tells() -> None:
    house = House(within=0.2)
    async with served(arrive=house) as service:
        studio = Studio(service)
        await studio.open()
        await eventually(lambda: len(studio.of(DutyTold)) >= 3)
        assert all(arrival.again for arrival in house.asked[1:])
        studio.agent.shift("cer_1", "broken")
        await eventually(lambda: studio.of(Disconnected))
        await studio.leave()


async def test_a_page_begins_the_shift_of_a_channel_and_sends_another_device_away() -> None:
    house = House()
    async with served(arrive=house) as service:
        studio = Studio(service)
        await studio.open()
        await eventually(lambda: studio.of(DutyTold))
        key = service.keys["ann"].public_key().public_bytes_raw()
        service.gateway.begin_shift(Arrival(operator="ann", session="none", channel_key=key), ON_SHIFT)
        service.gateway.begin_shift(Arrival(operator="ann", session="s-1", channel_key=key), ON_SHIFT)
        await eventually(lambda: service.of(DriverChanged))
        service.gateway.dismiss("none", "ann", "elsewhere", "you are elsewhere")
        service.gateway.begin_shift(Arrival(operator="ann", session="s-1", channel_key=bytes(32)), ON_SHIFT)
        await eventually(lambda: studio.of(Finished))
        assert (await studio.running).code == "superseded"
