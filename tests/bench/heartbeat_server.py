"""The two servers that the heartbeat bench compares, each a program of its own: ``gateway`` or ``bare``.

Both run on uvloop, without compression, and print their port. A line on standard input is answered by the CPU
seconds that the process has used so far.
"""

import asyncio
import hmac
import sys
import time
from base64 import urlsafe_b64encode

import uvicorn
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.server import ServerConnection, serve

from monitor.operator.entry import Admission
from monitor.operator.gateway import Gateway
from monitor.operator.wire import Wire
from protocols.channel.limits import Limits
from protocols.telemetry import TelemetryBatch

KEY = bytes(range(32))
LIMITS = Limits(
    rate=1e9,
    burst=1e9,
    sample_age=1e6,
    sample_future=1e6,
    clock_jump=1e6,
    connections_per_credential=10_000,
    sessions_per_operator=10_000,
    sockets_per_address=10_000,
    silent_after=600.0,
    nonce_ttl=600.0,
    hello_within=60.0,
    attest_every=600.0,
    patience=600.0,
)
"""As in service, but for a driver that sends an hour's heartbeats in a second, from one address."""
ACK = '{"type":"ack","seq":1,"of":1,"nonce":"AAAAAAAAAAAAAAAAAAAAAA","taken":30,"refused":0}'


async def gateway() -> None:
    """The service's own gateway, with a feed that only counts."""
    public = Ed25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw()
    zero = asyncio.get_running_loop().time()
    fed = 0

    async def admit(_operator: str, _session: str) -> Admission:
        return Admission(device_keys=(public,), epoch=1, zero=zero)

    def feed(_session: str, observation: object) -> None:
        nonlocal fed
        fed += len(observation) if isinstance(observation, TelemetryBatch) else 0

    app = Starlette(routes=[WebSocketRoute("/", Gateway(admit=admit, feed=feed, limits=LIMITS))])
    config = uvicorn.Config(app, port=0, ws=Wire, ws_per_message_deflate=False, ws_max_size=65_536, log_level="error")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - set by uvicorn
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await _answer(lambda: fed)
    server.should_exit = True
    await running


async def bare() -> None:
    """No more than a WebSocket server that checks the same seal over the same bytes and acknowledges."""
    checked = 0

    async def talk(websocket: ServerConnection) -> None:
        nonlocal checked
        async for frame in websocket:
            mac, _, payload = frame.encode().partition(b".")
            seal = urlsafe_b64encode(hmac.digest(KEY, b"nakanohito/heartbeat/v1\0" + payload, "sha256"))[:43]
            if not hmac.compare_digest(mac, seal):
                raise AssertionError("a bad seal")
            checked += 30
            await websocket.send(ACK)

    async with serve(talk, "127.0.0.1", 0, compression=None, max_size=65_536) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await _answer(lambda: checked)


async def _answer(count) -> None:
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(time.process_time(), count(), flush=True)


if __name__ == "__main__":
    uvloop.run(gateway() if sys.argv[1] == "gateway" else bare())
