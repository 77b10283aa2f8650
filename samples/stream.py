"""One live stream of the demo, in a process of its own: it draws, publishes by WHIP and runs the operator's end.

``python -m samples.stream NAME`` says on standard output, a line of JSON each, what it does: first ``ready`` with the
public key of its operator's device. It then reads one line of JSON, an ``Engagement``, goes on air, and leaves when
standard input is closed or the service hangs up.
"""

import argparse
import asyncio
import json
import math
import os
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import av
import cv2
import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor.operator.agent import Agent, AgentEvent, Disconnected, Finished, address
from monitor.operator.device import public
from protocols.channel.event import Challenged, Noticed, Opened
from protocols.telemetry import TelemetrySample
from samples.performance import BEGIN, Cast, Encoder, Look, cast_for
from samples.scenario import Scenario, named
from samples.studio.telemetry import RATE

__all__ = ["Engagement", "main"]

_SLOWEST = 0.1  # seconds between two pictures; with fewer a motion is hardly seen as one
_CONNECT_WITHIN = 30.0
_YIELD = 5  # niceness: on a slow machine there are fewer pictures, and the service still sees them
_REHEARSAL = 12  # pictures; the first ones weave the textures, which takes longest
_CLOSE_WITHIN = 4.0
_CLAIM_AFTER = 1.2  # seconds after which a bot claims to have done a gesture


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """Where to publish and to connect to; ``operator`` is empty where nobody connects."""

    server: str
    session: str
    whip: str
    token: str
    operator: str = ""


def say(event: str, **facts: Any) -> None:
    """Tell whoever started us; who is gone hears nothing, and we leave by standard input's end."""
    with suppress(OSError):
        print(json.dumps({"event": event, "at": time.time(), **facts}), flush=True)  # noqa: T201 - this is its output


class Broadcast(MediaStreamTrack):
    """The live picture. Where the machine is slow there are fewer pictures a second, never late ones: drawing and
    encoding take half of the time at most, down to ten pictures a second."""

    kind = "video"

    def __init__(self, scenario: Scenario, cast: Cast, *, width: int, height: int, fps: int) -> None:
        super().__init__()
        self._scenario, self._cast = scenario, cast
        self._look = Look(scenario, width, height)
        self._encoder = Encoder(width, height, fps)
        self._every = self._least = 1 / fps
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="draw")
        self._at = 0.0
        self._took = 0.0
        self._swapped = False
        self.began = 0.0
        self.pictures = 0

    def rehearse(self) -> None:
        """Draw what takes long the first time, before anybody watches."""
        for k in range(_REHEARSAL):
            t = -1.0 + k / _REHEARSAL
            self._look.draw(self._cast.shown.pose(0.4 * k), t)

    def begin(self) -> None:
        """From now on time runs, for the pictures and for the tracker."""
        self.began = asyncio.get_running_loop().time()

    def now(self) -> float:
        """Seconds since ``begin``."""
        return asyncio.get_running_loop().time() - self.began

    async def recv(self) -> "av.Packet[Any]":
        """The next encoded picture, when it is due."""
        loop = asyncio.get_running_loop()
        at = self._at = max(self._at + self._every, self.now())
        await asyncio.sleep(at - self.now())
        began = self.now()
        # Poses are made here, for a gesture that was just asked for must not change a performer while it is drawn.
        packet = await loop.run_in_executor(self._thread, self._draw, self._cast.shown.pose(at), at)
        self._pace(self.now() - began)
        if self._look.swapped and not self._swapped:
            self._swapped = True
            say("swapped", avatar=self._scenario.swap_to)
        return packet

    def _pace(self, took: float) -> None:
        self.pictures += 1
        self._took += 0.1 * (took - self._took)
        self._every = min(max(self._least, 2 * self._took), max(self._least, _SLOWEST))

    def _draw(self, pose: Any, at: float) -> "av.Packet[Any]":
        return self._encoder.encode(self._look.draw(pose, at), at)

    def stop(self) -> None:
        """Draw no more."""
        super().stop()
        self._thread.shutdown(wait=False, cancel_futures=True)


class Operator:
    """The operator's end of the channel: forwards what the tracker sees, and has gestures done."""

    def __init__(self, cast: Cast, broadcast: Broadcast, engagement: Engagement, key: Ed25519PrivateKey) -> None:
        self._cast, self._broadcast = cast, broadcast
        self._asked: set[str] = set()
        self.connected = asyncio.Event()
        self.agent = Agent(
            url=address(engagement.server),
            session=engagement.session,
            operator=engagement.operator,
            key=key,
            motion=self._motion(),
            tell=self._hear,
        )

    async def _motion(self) -> AsyncIterator[TelemetrySample]:
        loop, told, origin = asyncio.get_running_loop(), self._cast.told, self._broadcast.began
        sent = math.floor((loop.time() - origin) * RATE)
        while told is not None:
            sent += 1
            await asyncio.sleep(max(0.0, sent / RATE - (loop.time() - origin)))
            for sample in self._cast.tracker.samples(told, sent / RATE, (sent + 1) / RATE):
                yield TelemetrySample.from_wire(sample, offset=origin)

    def _hear(self, event: AgentEvent) -> None:
        match event:
            case Opened():
                self.connected.set()
                say("connected", driving=event.driving)
            case Challenged():
                self._asked_for(event)
            case Noticed():
                say("noticed", code=event.code, text=event.en)
            case Disconnected():
                say("disconnected", cause=event.cause)
            case Finished():
                say("left", code=event.code)
            case _:
                pass

    def _asked_for(self, event: Challenged) -> None:
        """Have the gesture done, then say so; a bot says so anyway. One that is asked again is done once."""
        if event.challenge in self._asked:
            return
        self._asked.add(event.challenge)
        done_in, gestures = _CLAIM_AFTER, () if event.gesture is None else (event.gesture, *event.then)
        if self._cast.person is not None:
            now = self._broadcast.now()
            for gesture in gestures:
                _, end = self._cast.person.answer(gesture.value, now + done_in + BEGIN - _CLAIM_AFTER)
                done_in = end - BEGIN - now
        say("asked", gesture=event.gesture and event.gesture.value, done_in=round(done_in, 2))
        asyncio.get_running_loop().call_later(done_in, self.agent.answer, event.challenge, event.digits)


async def _publish(peer: RTCPeerConnection, engagement: Engagement, client: httpx.AsyncClient) -> str:
    """Offer the stream by WHIP; returns the publication's address."""
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"content-type": "application/sdp", "authorization": f"Bearer {engagement.token}"}
    answer = await client.post(engagement.whip, content=peer.localDescription.sdp, headers=headers)
    if answer.status_code != httpx.codes.CREATED:
        raise ConnectionError(f"the service refuses the stream ({answer.status_code}): {answer.text[:300]}")
    await peer.setRemoteDescription(RTCSessionDescription(sdp=answer.text, type="answer"))
    return str(answer.headers["location"])


async def _on_air(
    scenario: Scenario, broadcast: Broadcast, cast: Cast, key: Ed25519PrivateKey, orders: asyncio.StreamReader
) -> None:
    line = await orders.readline()
    if not line:
        return
    engagement = Engagement(**json.loads(line))
    over = asyncio.Event()
    # An empty list, since aiortc would ask a public STUN server where there is none.
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    @peer.on("connectionstatechange")  # type: ignore[untyped-decorator, unused-ignore]
    def _changed() -> None:
        say(peer.connectionState)
        if peer.connectionState in {"closed", "failed"}:
            over.set()

    _prefer_h264(peer, broadcast)
    async with httpx.AsyncClient(base_url=engagement.server, timeout=30.0) as client:
        broadcast.begin()
        operating = None
        if engagement.operator:
            operator = Operator(cast, broadcast, engagement, key)
            operating = asyncio.create_task(operator.agent.run())
            # Who drives is there before the picture is.
            with suppress(TimeoutError):
                async with asyncio.timeout(_CONNECT_WITHIN):
                    await operator.connected.wait()
        publication = await _publish(peer, engagement, client)
        leaving, cut_off = asyncio.create_task(orders.read()), asyncio.create_task(over.wait())
        await asyncio.wait({leaving, cut_off}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        cut_off.cancel()
        if operating is not None:
            operator.agent.leave()
            await asyncio.wait({operating}, timeout=2.0)
        if not over.is_set():
            with suppress(httpx.HTTPError):
                await client.delete(publication, headers={"authorization": f"Bearer {engagement.token}"})
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_WITHIN):
            await peer.close()
    seconds = broadcast.now()
    say("off_air", seconds=round(seconds, 1), fps=round(broadcast.pictures / seconds, 1) if seconds else 0.0)


def _prefer_h264(peer: RTCPeerConnection, broadcast: Broadcast) -> None:
    peer.addTrack(broadcast)
    transceiver = peer.getTransceivers()[0]
    transceiver.direction = "sendonly"
    codecs = transceiver.sender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() == "video/h264"])


async def _orders() -> asyncio.StreamReader:
    """Our standard input; it ends when whoever started us lets go of it."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _run(scenario: Scenario, *, width: int, height: int, fps: int) -> None:
    cast = cast_for(scenario)
    broadcast = Broadcast(scenario, cast, width=width, height=height, fps=fps)
    await asyncio.to_thread(broadcast.rehearse)
    key = Ed25519PrivateKey.generate()
    say("ready", device_key=public(key))
    try:
        await _on_air(scenario, broadcast, cast, key, await _orders())
    finally:
        broadcast.stop()


def main() -> None:
    """Play the scenario that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m samples.stream", description="One live stream of the demo.")
    parser.add_argument("scenario", type=named)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--fps", type=int, default=20)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    with suppress(OSError, AttributeError):
        os.nice(_YIELD)
    asyncio.run(_run(given.scenario, width=given.width, height=given.height, fps=given.fps))


if __name__ == "__main__":
    main()
