"""Scenes for the contract of sources: one real peer each, that publishes, falls silent, leaves and comes back."""

import asyncio
import ipaddress
import shutil
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import av

from monitor.egress import EgressPolicy
from monitor.sources.pull import PullSource
from monitor.sources.source import Limit, Patience, Source
from monitor.sources.whep import WhepSource
from monitor.sources.whip import WhipSource
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.ports import free_port
from tests.servers.program import needs
from tests.servers.publisher import Publisher, draw_test_card
from tests.servers.webrtc import PacketTrack, WhepServer, WhipPublisher

NETWORKS = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 192.0.2.0/24"
HOST = tuple(ipaddress.ip_network(text) for text in NETWORKS.split())


def policy(directory: Path | None = None) -> EgressPolicy:
    """Permits this machine's own addresses."""
    return EgressPolicy(schemes=frozenset({"rtmp", "http", "https"}), allowed_networks=HOST, directory=directory)


@dataclass(frozen=True, slots=True)
class Clips:
    """Clips for the tests, all drawn on the spot."""

    whole: Path
    damaged: Path
    b_frames: Path


def draw_clips(directory: Path) -> Clips:
    """Draw six seconds with a keyframe each; the same with two seconds damaged; two-second GOPs with B-frames."""
    whole = draw_test_card(directory / "whole.mp4", seconds=6, size="192x108")
    b_frames = directory / "b.mp4"
    command = [needs("ffmpeg"), "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25", "-t", "6"]
    subprocess.run([*command, "-c:v", "libx264", "-bf", "2", "-g", "50", "-pix_fmt", "yuv420p", b_frames], check=True)
    return Clips(whole=whole, damaged=damage(whole, directory / "damaged.mp4"), b_frames=b_frames)


def damage(clip: Path, target: Path) -> Path:
    """Copy a clip's video with the bytes of its third and fourth second overwritten."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as sink:
        before = source.streams.video[0]
        after = sink.add_stream_from_template(before)
        for packet in source.demux(before):
            if packet.size == 0:
                continue
            data = bytearray(bytes(packet))
            if 2.0 <= float((packet.pts or 0) * packet.time_base) < 4.0:
                data[len(data) // 3 :: 3] = bytes(0xA5 for _ in data[len(data) // 3 :: 3])
            copy = av.Packet(bytes(data))
            copy.pts, copy.dts, copy.time_base, copy.stream = packet.pts, packet.dts, packet.time_base, after
            copy.is_keyframe = packet.is_keyframe
            sink.mux(copy)
    return target


class Scene(ABC):
    """One way in, with a real peer at its other end."""

    live = True

    async def open(self) -> None:  # noqa: B027 - most have nothing to start
        """Start what outlives a publisher."""

    @abstractmethod
    def source(self, patience: Patience, limit: Limit | None = None) -> Source:
        """Return a new source for what is published here, zero at the monotonic clock's zero."""

    @abstractmethod
    async def publish(self, clip: Path, source: Source) -> None:
        """Publish a clip, again and again, at its own speed."""

    @abstractmethod
    async def freeze(self) -> None:
        """Let the publisher fall silent without a word."""

    @abstractmethod
    async def leave(self) -> None:
        """Let the publisher go."""

    async def close(self) -> None:
        """Stop everything."""
        await self.leave()


class RtmpScene(Scene):
    """nginx-rtmp, published to by ffmpeg."""

    def __init__(self, directory: Path) -> None:
        self.nginx = NginxRtmp(directory)
        self.publisher: Publisher | None = None

    async def open(self) -> None:
        await self.nginx.start()

    def source(self, patience: Patience, limit: Limit | None = None) -> Source:
        return PullSource(self.nginx.publish_url("s"), zero=0.0, policy=policy(), patience=patience, limit=limit)

    async def publish(self, clip: Path, source: Source) -> None:
        self.publisher = Publisher(clip, self.nginx.publish_url("s"))
        await self.publisher.start()
        await self.nginx.wait_on_air("s")

    async def freeze(self) -> None:
        assert self.publisher is not None
        self.publisher.freeze()

    async def leave(self) -> None:
        if self.publisher is not None:
            await self.publisher.stop()
            self.publisher = None

    async def close(self) -> None:
        await self.leave()
        await self.nginx.stop()


class HlsScene(RtmpScene):
    """The same, pulled as HLS."""

    def source(self, patience: Patience, limit: Limit | None = None) -> Source:
        return PullSource(self.nginx.playlist_url("s"), zero=0.0, policy=policy(), patience=patience, limit=limit)


class FlvScene(Scene):
    """ffmpeg as an HTTP-FLV server of one viewer."""

    def __init__(self, directory: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}/live/s.flv"
        self.publisher: Publisher | None = None

    def source(self, patience: Patience, limit: Limit | None = None) -> Source:
        return PullSource(self.url, zero=0.0, policy=policy(), patience=patience, limit=limit)

    async def publish(self, clip: Path, source: Source) -> None:
        self.publisher = Publisher(clip, self.url, extra=("-listen", "1"))
        await self.publisher.start()

    async def freeze(self) -> None:
        assert self.publisher is not None
        self.publisher.freeze()

    async def leave(self) -> None:
        if self.publisher is not None:
            await self.publisher.stop()
            self.publisher = None


class FileScene(Scene):
    """A file, which nobody publishes: it is there or not."""

    live = False

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.file = directory / "clip.mp4"

    def source(self, patience: Patience, limit: Limit | None = None) -> Source:
        url = f"file://{self.file}"
        return PullSource(url, zero=0.0, policy=policy(self.directory), patience=patience, limit=limit)

    async def publish(self, clip: Path, source: Source) -> None:
        await asyncio.to_thread(shutil.copy, clip, self.file)

    async def freeze(self) -> None:
        raise AssertionError("a file cannot fall silent")

    async def leave(self) -> None:
        self.file.unlink(missing_ok=True)


class WhipScene(Scene):
    """An aiortc peer that publishes to our own endpoint."""

    def __init__(self, directory: Path) -> None:
        self.track: PacketTrack | None = None
        self.publisher: WhipPublisher | None = None

    def source(self, patience: Patience, limit: Limit | None = None) -> Source:
        return WhipSource(zero=0.0, policy=policy(), patience=patience, limit=limit)

    async def publish(self, clip: Path, source: Source) -> None:
        assert isinstance(source, WhipSource)
        self.track = PacketTrack(clip)
        self.publisher = WhipPublisher(self.track, codec="h264")
        await self.publisher.publish(source)

    async def freeze(self) -> None:
        assert self.track is not None
        self.track.flowing.clear()

    async def leave(self) -> None:
        if self.publisher is not None:
            await self.publisher.close()
            self.publisher = None


class WhepScene(Scene):
    """An aiortc peer that serves by WHEP."""

    def __init__(self, directory: Path) -> None:
        self.server = WhepServer()

    async def open(self) -> None:
        await self.server.start()

    def source(self, patience: Patience, limit: Limit | None = None) -> Source:
        return WhepSource(self.server.url, zero=0.0, policy=policy(), patience=patience, limit=limit)

    async def publish(self, clip: Path, source: Source) -> None:
        self.server.track = PacketTrack(clip)

    async def freeze(self) -> None:
        assert self.server.track is not None
        self.server.track.flowing.clear()

    async def leave(self) -> None:
        await self.server.hang_up()

    async def close(self) -> None:
        await self.server.stop()
