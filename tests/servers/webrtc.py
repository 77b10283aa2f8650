"""WebRTC peers for the tests, by aiortc: a track of a file's packets, a WHIP publisher, a WHEP server."""

import asyncio
import fractions
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamTrack

UNIT = fractions.Fraction(1, 90_000)


def remux(clip: Path) -> list[av.Packet]:
    """The packets of a clip's H.264 video, as Annex B."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        convert = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [out for packet in container.demux(stream) if packet.size for out in convert.filter(packet)]
        rate = float(stream.average_rate or 25)
    for index, packet in enumerate(packets):
        packet.pts = packet.dts = round(index * 90_000 / rate)
        packet.time_base = UNIT
    return packets


class PacketTrack(MediaStreamTrack):
    """Sends a clip's packets at their own pace, again and again; ``freeze`` makes it silent."""

    kind = "video"

    def __init__(self, clip: Path) -> None:
        super().__init__()
        self._packets = remux(clip)
        self._length = (self._packets[-1].pts or 0) + (self._packets[1].pts or 0)
        self._sent = 0
        self._began = time.monotonic()
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def recv(self) -> av.Packet:
        await self.flowing.wait()
        source = self._packets[self._sent % len(self._packets)]
        stamp = (source.pts or 0) + self._length * (self._sent // len(self._packets))
        self._sent += 1
        await asyncio.sleep(self._began + stamp / 90_000 - time.monotonic())
        packet = av.Packet(bytes(source))
        packet.pts = packet.dts = stamp
        packet.time_base = UNIT
        return packet


class NoiseTrack(VideoStreamTrack):
    """Sends drawn frames, so that aiortc encodes them: keyframes come only when asked for."""

    def __init__(self, width: int = 160, height: int = 96) -> None:
        super().__init__()
        self.size = (width, height)

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        width, height = self.size
        picture = np.full((height * 3 // 2, width), (pts // 3000) % 200, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        return frame


def peer() -> RTCPeerConnection:
    """A peer that asks no server on the Internet for its address."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


def choose(connection: RTCPeerConnection, codec: str) -> None:
    """Let the peer's video be of one codec."""
    video = next(t for t in connection.getTransceivers() if t.kind == "video")
    codecs = video.sender.getCapabilities("video").codecs
    video.setCodecPreferences([c for c in codecs if c.mimeType.lower() == f"video/{codec}"])


class WhipPublisher:
    """Publishes a track to whatever answers offers."""

    def __init__(self, *tracks: MediaStreamTrack, codec: str | None = None) -> None:
        self.peer = peer()
        for track in tracks:
            self.peer.addTrack(track)
        if codec is not None:
            choose(self.peer, codec)

    async def offer(self) -> str:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def publish(self, source: Any) -> None:
        await self.accept(await source.answer(await self.offer()))

    async def accept(self, answer: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))

    async def close(self) -> None:
        await self.peer.close()


class WhepServer:
    """Serves one clip by WHEP on a free port: POST makes a resource, DELETE removes it."""

    def __init__(self) -> None:
        self.track: PacketTrack | None = None
        self.resources: dict[str, RTCPeerConnection] = {}
        self.deleted: list[str] = []
        self.requests: list[str] = []
        self.reply: bytes | None = None
        self._count = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/whep/s"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        await self.hang_up()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def hang_up(self) -> None:
        """Close all connections and have nothing to serve."""
        self.track = None
        peers = list(self.resources.values())
        self.resources.clear()
        await asyncio.gather(*(each.close() for each in peers))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            lines = head.lower().split("\r\n")
            length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), 0)
            body = (await reader.readexactly(length)).decode()
            writer.write(self.reply or await self._answer(head.split(" ")[0], head.split(" ")[1], body))
            await writer.drain()
        writer.close()

    async def _answer(self, method: str, path: str, body: str) -> bytes:
        if method == "DELETE" and path in self.resources:
            self.deleted.append(path)
            await self.resources.pop(path).close()
            return _response("200 OK")
        if method != "POST" or self.track is None:
            return _response("404 Not Found")
        sender = peer()
        sender.addTrack(self.track)
        choose(sender, "h264")
        await sender.setRemoteDescription(RTCSessionDescription(sdp=body, type="offer"))
        await sender.setLocalDescription(await sender.createAnswer())
        self._count += 1
        path = f"/whep/s/{self._count}"
        self.resources[path] = sender
        sdp = str(sender.localDescription.sdp)
        return _response("201 Created", f"Location: {path}\r\nContent-Type: application/sdp\r\n", sdp)


def _response(status: str, headers: str = "", body: str = "") -> bytes:
    text = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}"
    return text.encode()
