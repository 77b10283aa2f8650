"""Operators who vanish: real agents on a real server, each cut off at a random moment."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from monitor.operator.agent import Agent, address
from monitor.operator.entry import Admission, ChannelObservation
from monitor.operator.gateway import Gateway
from monitor.operator.wire import Wire
from protocols.channel.event import Acknowledged, Opened
from protocols.channel.limits import Limits
from protocols.observation import Presence
from protocols.telemetry import TelemetrySample

OPERATORS = 100
LIMITS = Limits(connections_per_credential=OPERATORS, sessions_per_operator=OPERATORS, sockets_per_address=OPERATORS)


async def vanish() -> list[float]:
    """Seconds from the first heartbeat due that did not come to the lapse being told, one for each operator."""
    loop = asyncio.get_running_loop()
    key, zero = Ed25519PrivateKey.generate(), loop.time()
    lapses: dict[str, float] = {}

    async def admit(_operator: str, _session: str) -> Admission:
        return Admission(device_keys=(key.public_key().public_bytes_raw(),), epoch=1, zero=zero)

    def feed(session: str, observation: ChannelObservation) -> None:
        if isinstance(observation, Presence) and not observation.connected:
            lapses[session] = loop.time()

    gateway = Gateway(admit=admit, feed=feed, limits=LIMITS)
    app = Starlette(routes=[WebSocketRoute("/v1/operator", gateway)])
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, ws=Wire, ws_per_message_deflate=False, log_level="error"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = address(f"http://127.0.0.1:{listener.getsockname()[1]}")
    due = await asyncio.gather(*(_live(url, f"s-{number}", key) for number in range(OPERATORS)))
    async with asyncio.timeout(30):
        while len(lapses) < OPERATORS:  # noqa: ASYNC110 - written by the feed
            await asyncio.sleep(0.05)
    await gateway.shutdown()
    server.should_exit = True
    await serving
    return [lapses[f"s-{number}"] - due[number] for number in range(OPERATORS)]


async def _live(url: str, session: str, key: Ed25519PrivateKey) -> float:
    """One operator's life; when the first heartbeat after it would have been due."""
    loop = asyncio.get_running_loop()
    last = 0.0

    def tell(event: object) -> None:
        nonlocal last
        if isinstance(event, Acknowledged):
            last = loop.time() - event.round_trip
        elif isinstance(event, Opened):
            last = loop.time()

    agent = Agent(url=url, session=session, operator="ann", key=key, motion=_still(), tell=tell, limits=LIMITS)
    running = asyncio.create_task(agent.run())
    await asyncio.sleep(3.0 + random.random() * 3.0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return last + LIMITS.interval


async def _still() -> AsyncIterator[TelemetrySample]:
    while True:
        yield TelemetrySample(at=asyncio.get_running_loop().time(), yaw=0.0)
        await asyncio.sleep(0.2)
