"""One WebRTC connection that receives video into a feed, made by answering an offer or by offering."""

import asyncio
import time
from contextlib import suppress
from typing import Any

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError

from monitor.egress import EgressPolicy
from monitor.sources import tap as tapping
from monitor.sources.feed import Feed
from monitor.sources.sdp import RECEIVABLE, SdpRefused, guarded, parsed, video_of
from monitor.sources.source import Limit, Watch
from monitor.sources.tap import Tap

CLOSE_WITHIN = 4.0
_LOOK = 0.1
_UNUSABLE = (OperationError, InvalidStateError, InvalidAccessError, ValueError, AssertionError, KeyError, IndexError)


class Reception:
    """Receives one peer's video. ``gone`` is set when the peer has left or cannot be reached any more.

    ``keyframe_every`` seconds is how often a keyframe is asked for at most: WebRTC senders make none by themselves.
    """

    def __init__(
        self, feed: Feed, *, limit: Limit, policy: EgressPolicy, keyframe_every: float, ice_servers: tuple[str, ...]
    ) -> None:
        self.gone = asyncio.Event()
        self._feed = feed
        self._policy = policy
        self._every = keyframe_every
        self._tap = Tap(feed=feed, limit=limit)
        # An empty list, since aiortc would ask a public STUN server where there is none.
        servers = [RTCIceServer(urls=url) for url in ice_servers]
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._peer.on("connectionstatechange", self._on_state)
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    async def answer(self, offer: str) -> str:
        """Answer an offer that sends video; raises SdpRefused."""
        video_of(parsed(offer))
        await self._take(RTCSessionDescription(sdp=guarded(offer, self._policy, passive=True), type="offer"))
        for transceiver in self._peer.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.direction = "inactive"  # a track that nobody reads would grow without end
        try:
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except _UNUSABLE as error:
            raise SdpRefused(f"the offer cannot be answered: offer {RECEIVABLE}") from error
        self._begin()
        return str(self._peer.localDescription.sdp)

    async def offer(self) -> str:
        """Offer to receive video."""
        self._peer.addTransceiver("video", direction="recvonly")
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the answer to our offer; raises SdpRefused."""
        parsed(answer)
        await self._take(RTCSessionDescription(sdp=guarded(answer, self._policy, passive=False), type="answer"))
        self._begin()

    def want_keyframe(self) -> None:
        """Ask for a keyframe soon."""
        self._tap.wanted = True

    async def close(self) -> None:
        """Leave; idempotent, takes at most four seconds."""
        if self._closed:
            return
        # Set first: closing waits on the event loop for the decoder's thread, which now has nothing to do.
        self._closed = self._tap.closing = True
        for task in self._tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._peer.close()
        tapping.detach(self._tap)
        self.gone.set()

    async def _take(self, description: RTCSessionDescription) -> None:
        try:
            await self._peer.setRemoteDescription(description)
        except _UNUSABLE as error:
            raise SdpRefused(
                f"the {description.type} cannot be used: send {RECEIVABLE}, with Opus or no audio"
            ) from error

    def _begin(self) -> None:
        receiver, codecs = next(
            (transceiver.receiver, transceiver._codecs)  # noqa: SLF001 - see the tap
            for transceiver in self._peer.getTransceivers()
            if transceiver.kind == "video" and transceiver.receiver.track is not None
        )
        self._feed.connected()
        tapping.attach(codecs, self._tap)
        self._tasks = [asyncio.create_task(self._follow(receiver)), asyncio.create_task(self._ask(receiver))]

    async def _follow(self, receiver: Any) -> None:
        with suppress(MediaStreamError):
            while True:
                await receiver.track.recv()
        self.gone.set()

    async def _ask(self, receiver: Any) -> None:
        """Ask for keyframes: in ambient watching at the given pace, otherwise only where one is missing."""
        asked = 0.0
        while True:
            now = time.monotonic()
            ambient = self._feed.mode is Watch.AMBIENT
            due = self._tap.wanted or (ambient and now - self._tap.keyframe_at >= self._every)
            if due and now - asked >= self._every:
                # All of them: the one of retransmissions is listed as well, and asking it alone has no effect.
                for source in receiver.getSynchronizationSources():
                    asked = now
                    await receiver._send_rtcp_pli(source.source)  # noqa: SLF001 - aiortc has no public way
            await asyncio.sleep(min(_LOOK, self._every))

    def _on_state(self) -> None:
        if self._peer.connectionState in {"failed", "closed"}:
            self.gone.set()
