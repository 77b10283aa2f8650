"""What an operator costs who is connected and does no more than beat: memory of the service, at five thousand."""

import asyncio
import resource
import secrets
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection as WebSocket
from websockets.asyncio.client import connect

from protocols.channel.client import ClientConnection
from protocols.channel.event import Opened
from protocols.channel.outbox import Outbox
from tests.bench.heartbeat_server import KEY, LIMITS

FIGURES = ("idle_operator_kib",)
OPERATORS = 5000
AT_ONCE = 20
RUNS = 3
BEATS = 3


def figures() -> dict[str, dict[str, Any]]:
    """The figure of this file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < OPERATORS + 100:
        raise RuntimeError(f"a process may open {most} files here, and {OPERATORS} sockets are needed")
    measured = [uvloop.run(_measure()) for _ in range(RUNS)]
    return {
        "idle_operator_kib": {
            "value": round(statistics.median(measured), 1),
            "unit": "KiB",
            "limit": 40.0,
            "how": (
                f"memory (PSS) of the gateway's process with {OPERATORS} operators connected, each in"
                f" a session of its own, after {BEATS} heartbeats each, less that with none, for each of them; the"
                " kernel's own buffers are not counted; lower is better"
            ),
            "runs": RUNS,
            "min": round(min(measured), 1),
            "max": round(max(measured), 1),
        }
    }


async def _measure() -> float:
    command = [sys.executable, "-m", "tests.bench.heartbeat_server", "gateway"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: ASYNC220
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            url = f"ws://127.0.0.1:{int(server.stdout.readline())}"
            first = await _operator(url, 0)
            before = _kib(server.pid)
            rest: list[tuple[WebSocket, ClientConnection]] = []
            for start in range(1, OPERATORS + 1, AT_ONCE):
                some = range(start, min(start + AT_ONCE, OPERATORS + 1))
                rest += await asyncio.gather(*(_operator(url, number) for number in some))
            for _ in range(BEATS):
                for websocket, client in rest:
                    await _beat(websocket, client)
            after = _kib(server.pid)
            for websocket, _ in [first, *rest]:
                websocket.transport.abort()
        finally:
            server.kill()
    return (after - before) / OPERATORS


async def _operator(url: str, number: int) -> tuple[WebSocket, ClientConnection]:
    websocket = await connect(url, compression=None, ping_interval=None, open_timeout=60)
    client = ClientConnection(
        session=f"s-{number}",
        operator="ann",
        sign=Ed25519PrivateKey.from_private_bytes(KEY).sign,
        entropy=secrets.token_bytes(48),
        outbox=Outbox(),
        limits=LIMITS,
        now=time.monotonic(),
    )
    client.receive(await websocket.recv(), time.monotonic())
    await websocket.send(client.data_to_send()[0])
    [opened] = client.receive(await websocket.recv(), time.monotonic())
    assert isinstance(opened, Opened), opened
    return websocket, client


async def _beat(websocket: WebSocket, client: ClientConnection) -> None:
    """One heartbeat, whether it is due or not, and its acknowledgement."""
    client._beat(time.monotonic())
    for data in client.data_to_send():
        await websocket.send(data)
    client.receive(await websocket.recv(), time.monotonic())


def _kib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("Pss:")))


if __name__ == "__main__":
    for name, figure in figures().items():
        print(name, figure)
