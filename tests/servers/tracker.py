"""A tracking program: sends motion as packets at a steady rate, as VMC or as iFacialMocap does."""

import asyncio
import math
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self

RATE = 30.0
Motion = Callable[[float], dict[str, float]]


def swaying(at: float) -> dict[str, float]:
    """A head that turns to and fro, and a mouth that opens and closes."""
    return {"yaw": 15 * math.sin(at), "pitch": 5 * math.sin(at * 1.7), "mouth": 0.5 + 0.5 * math.sin(at * 5)}


class Tracker:
    """``async with`` sends VMC frames to a port of this machine until its end."""

    def __init__(self, port: int, motion: Motion = swaying) -> None:
        self._port = port
        self._motion = motion
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._sending = asyncio.create_task(self._send())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._sending is not None
        self._sending.cancel()
        with suppress(asyncio.CancelledError):
            await self._sending

    async def _send(self) -> None:
        clock = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while True:
                at = clock.time()
                sender.sendto(frame(at, self._motion(at)), ("127.0.0.1", self._port))
                await asyncio.sleep(1 / RATE)


def frame(at: float, pose: dict[str, float]) -> bytes:
    """One VMC bundle: the tick, the head, the mouth."""
    yaw, pitch = (math.radians(-pose[name]) / 2 for name in ("yaw", "pitch"))
    turn = (
        math.cos(yaw) * math.sin(pitch),
        math.sin(yaw) * math.cos(pitch),
        -math.sin(yaw) * math.sin(pitch),
        math.cos(yaw) * math.cos(pitch),
    )
    parts = [
        _message("/VMC/Ext/OK", ",i") + struct.pack(">i", 1),
        _message("/VMC/Ext/T", ",f") + struct.pack(">f", at % 1e5),
        _message("/VMC/Ext/Bone/Pos", ",sfffffff") + _text("Head") + struct.pack(">7f", 0, 1.4, 0, *turn),
        _message("/VMC/Ext/Blend/Val", ",sf") + _text("A") + struct.pack(">f", pose["mouth"]),
        _message("/VMC/Ext/Blend/Apply", ","),
    ]
    return b"#bundle\0" + bytes(7) + b"\1" + b"".join(struct.pack(">i", len(part)) + part for part in parts)


def _message(address: str, tags: str) -> bytes:
    return _text(address) + _text(tags)


def _text(text: str) -> bytes:
    data = text.encode() + b"\0"
    return data + bytes(-len(data) % 4)
