"""What the operator channel costs: heartbeats with 30 samples per CPU second, and how soon a missing one is found."""

import asyncio
import secrets
import statistics
import subprocess
import sys
import time
from typing import Any

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection as WebSocket
from websockets.asyncio.client import connect

from protocols.channel.client import ClientConnection
from protocols.channel.limits import Limits
from protocols.channel.message import Heartbeat, Samples
from protocols.channel.outbox import Outbox
from protocols.channel.packing import pack
from protocols.channel.seal import Seal
from protocols.telemetry import TelemetrySample
from tests.bench.heartbeat_server import KEY, LIMITS

FIGURES = ("heartbeats_ratio", "missed_heartbeat_s")
CONNECTIONS = 20
BEATS = 150
SAMPLES = 30
RUNS = 7


def figures() -> dict[str, dict[str, Any]]:
    """The figures of this file, by name, as the bench writes them."""
    return {"heartbeats_ratio": _ratio(), "missed_heartbeat_s": asyncio.run(_missed())}


def _ratio() -> dict[str, Any]:
    rates: dict[str, list[float]] = {"gateway": [], "bare": []}
    for _ in range(RUNS):
        for kind, measured in rates.items():
            measured.append(uvloop.run(_measure(kind)))
    ratios = [ours / theirs for ours, theirs in zip(rates["gateway"], rates["bare"], strict=True)]
    ours, theirs = (statistics.median(rates[kind]) for kind in ("gateway", "bare"))
    return {
        "value": round(statistics.median(ratios), 3),
        "unit": "ratio",
        "limit": 0.7,
        "how": (
            f"heartbeats of {SAMPLES} samples per CPU second of the gateway ({ours:.0f}) to a websockets server that"
            f" checks the same HMAC ({theirs:.0f}), both on uvloop, {CONNECTIONS} connections; higher is better"
        ),
        "runs": RUNS,
        "min": round(min(ratios), 3),
        "max": round(max(ratios), 3),
    }


async def _measure(kind: str) -> float:
    """Heartbeats per CPU second of one server that runs for this alone."""
    command = [sys.executable, "-m", "tests.bench.heartbeat_server", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: ASYNC220
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            url = f"ws://127.0.0.1:{int(server.stdout.readline())}"
            lines = [await _prepare(url, kind, number) for number in range(CONNECTIONS)]
            used, counted = _ask(server)
            await asyncio.gather(*(_beat(websocket, frames) for websocket, frames in lines))
            spent, counts = _ask(server)
            assert counts - counted == CONNECTIONS * BEATS * SAMPLES, "not every sample was taken"
            for websocket, _ in lines:
                await websocket.close()
        finally:
            server.stdin.close()
    return CONNECTIONS * BEATS / (spent - used)


def _ask(server: subprocess.Popen[str]) -> tuple[float, int]:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write("\n")
    server.stdin.flush()
    cpu, count = server.stdout.readline().split()
    return float(cpu), int(count)


async def _prepare(url: str, kind: str, number: int) -> tuple[WebSocket, list[str]]:
    """One connection that is open, and its heartbeats, sealed beforehand."""
    websocket = await connect(url, compression=None)
    if kind == "bare":
        return websocket, _frames(Seal(KEY))
    client = ClientConnection(
        session=f"s-{number}",
        operator="ann",
        sign=Ed25519PrivateKey.from_private_bytes(KEY).sign,
        entropy=secrets.token_bytes(48),
        outbox=Outbox(),
        limits=LIMITS,
        now=0.0,
    )
    client.receive(await websocket.recv(), 0.0)
    await websocket.send(client.data_to_send()[0])
    client.receive(await websocket.recv(), 0.0)
    assert client._line is not None
    return websocket, _frames(client._line._outgoing)


def _frames(seal: Seal) -> list[str]:
    now, frames = time.monotonic(), []
    for seq in range(1, BEATS + 1):
        start = now + seq
        frames.append(seal.close(Heartbeat(seq=seq, t=start + 1, samples=_samples(start)))[0])
    return frames


def _samples(start: float) -> Samples:
    """Thirty samples of a second: head, face and hands."""
    return pack(
        [
            TelemetrySample(
                at=start + number / SAMPLES,
                yaw=8.13 + number / 7,
                pitch=-2.31 - number / 7,
                roll=-4.27 + number / 7,
                mouth_open=0.528,
                eye_blink=0.037,
                smile=0.009,
                hand_l=-1.005,
                hand_r=-0.998,
            )
            for number in range(SAMPLES)
        ]
    )


async def _beat(websocket: WebSocket, frames: list[str]) -> None:
    for frame in frames:
        await websocket.send(frame)
        await websocket.recv()


async def _missed() -> dict[str, Any]:
    """From the heartbeat that was due to its absence being told, over many operators who vanish at random moments."""
    from tests.bench.vanishing import vanish

    delays = sorted(await vanish())
    return {
        "value": round(delays[min(len(delays) - 1, int(len(delays) * 0.99))], 3),
        "unit": "s",
        "limit": 3.0,
        "how": (
            f"{len(delays)} operators on a real server fall silent at random moments; from the moment the next"
            f" heartbeat was due to the lapse being told, p99 (median {statistics.median(delays):.3f});"
            f" interval {Limits().interval:g} s; lower is better"
        ),
        "runs": len(delays),
        "min": round(delays[0], 3),
        "max": round(delays[-1], 3),
    }
