"""Streams that mean harm or are simply wrong, over real connections: one clear outcome each."""

import asyncio
import ipaddress
import resource
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.egress import EgressPolicy
from monitor.sources.pull import PullSource
from monitor.sources.source import Ended, Patience, Picture, Refused, Resumed, SourceEvent, Stalled
from tests.contract.scenes import policy
from tests.contract.source_contract import no_thread_left, viewing
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.ports import free_port
from tests.servers.program import needs
from tests.servers.publisher import Publisher, draw_test_card

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("no_thread_left")]
__all__ = ["no_thread_left"]
QUICK = Patience(start_within=8.0, retry_first=0.1)


def encode(target: Path, *arguments: str) -> Path:
    subprocess.run([needs("ffmpeg"), "-nostdin", "-v", "error", "-y", *arguments, str(target)], check=True, timeout=120)
    return target


async def outcome(url: str, *, directory: Path | None = None, seconds: float = 20.0) -> list[SourceEvent]:
    source = PullSource(url, zero=time.monotonic(), policy=policy(directory), patience=QUICK)
    async with asyncio.timeout(seconds):
        return [event async for event in source.events()]


@asynccontextmanager
async def on_air(directory: Path, clip: Path) -> AsyncIterator[str]:
    async with NginxRtmp(directory / "nginx") as nginx, Publisher(clip, nginx.publish_url("s")):
        await nginx.wait_on_air("s")
        yield nginx.publish_url("s")


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    picture = ("-f", "lavfi", "-i", "color=c=red:size=8192x8192:rate=5", "-t", "0.4", "-preset", "ultrafast")
    return encode(tmp_path / "bomb.flv", *picture, "-c:v", "libx264", "-pix_fmt", "yuv420p")


async def test_a_picture_bomb_is_refused_before_it_is_decoded(bomb: Path) -> None:
    def most_memory() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    before = most_memory()
    (end,) = await outcome(f"file://{bomb}", directory=bomb.parent)
    assert isinstance(end, Refused)
    assert end.cause == "the picture is 8192x8192 pixels: publish at most 4096x2304"
    assert most_memory() - before < 90, "one such frame is 100 MB"


async def test_a_picture_bomb_on_rtmp_is_refused(tmp_path: Path, bomb: Path) -> None:
    async with on_air(tmp_path, bomb) as url:
        (end,) = await outcome(url)
    assert isinstance(end, Refused)
    assert "publish at most 4096x2304" in end.cause


async def test_audio_alone_is_refused(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.flv", "-f", "lavfi", "-i", "sine=frequency=220", "-t", "20", "-c:a", "aac")
    (end,) = await outcome(f"file://{clip}", directory=tmp_path)
    assert end == Refused(at=end.at, cause="the stream carries audio only: publish video with it")


async def test_a_wrong_codec_is_named(tmp_path: Path) -> None:
    clip = encode(tmp_path / "old.flv", "-f", "lavfi", "-i", "testsrc2=size=160x96", "-t", "2", "-c:v", "flv1")
    (end,) = await outcome(f"file://{clip}", directory=tmp_path)
    assert end == Refused(at=end.at, cause="the video codec is flv1: publish H.264, HEVC, VP8, VP9, AV1")


@pytest.mark.parametrize(
    "content", [b"", b"hello", bytes(5000), b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"v=0\r\n"]
)
async def test_what_is_no_media_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    (end,) = await outcome(f"file://{tmp_path / 'x.mp4'}", directory=tmp_path)
    assert isinstance(end, Refused)
    assert str(tmp_path) not in end.cause


async def test_nobody_there_is_told_with_the_cause() -> None:
    (end,) = await outcome(f"rtmp://127.0.0.1:{free_port()}/live/secret-key")
    assert isinstance(end, Refused)
    assert "Connection refused" in end.cause
    assert "secret-key" not in end.cause


async def test_an_internal_address_is_refused_at_once() -> None:
    for url in ("rtmp://169.254.169.254/live/x", "http://169.254.169.254/x.flv", "http://[::1]:80/x.m3u8"):
        (end,) = await outcome(url)
        assert isinstance(end, Refused)
        assert "neither public nor an allowed network" in end.cause


async def test_another_resolution_midway_is_fresh(tmp_path: Path) -> None:
    clips = [draw_test_card(tmp_path / f"{size}.ts", seconds=2, size=size) for size in ("160x96", "192x108")]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(clip.read_bytes() for clip in clips))
    events = await outcome(f"file://{joined}", directory=tmp_path)
    pictures = [event for event in events if isinstance(event, Picture)]
    assert isinstance(events[-1], Ended)
    assert [(p.frame.width, p.fresh) for p in pictures] == [(160, True), (160, False), (192, True), (192, False)]
    assert [p.at for p in pictures] == sorted(p.at for p in pictures)


async def test_a_keyframe_of_a_stream_with_b_frames_is_not_a_gop_late(tmp_path: Path) -> None:
    pattern = (
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=192x108:rate=25",
        "-t",
        "12",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
    )
    clip = encode(tmp_path / "b.mp4", *pattern, "-bf", "2", "-g", "50")
    async with on_air(tmp_path, clip) as url:
        source = PullSource(url, zero=time.monotonic(), policy=policy(), patience=QUICK)
        async with viewing(source) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= 3)
    assert all(picture.arrived - picture.at < 0.5 for picture in viewer.pictures[1:])


async def test_a_server_that_restarts_is_connected_to_again(tmp_path: Path) -> None:
    clip = draw_test_card(tmp_path / "card.mp4", seconds=6, size="192x108")
    nginx = NginxRtmp(tmp_path / "nginx")
    await nginx.start()
    first = Publisher(clip, nginx.publish_url("s"))
    await first.start()
    source = PullSource(nginx.publish_url("s"), zero=time.monotonic(), policy=policy(), patience=QUICK)
    async with viewing(source) as viewer:
        await viewer.until(lambda: viewer.pictures)
        await nginx.stop()
        await viewer.until(lambda: viewer.last(Stalled))
        await nginx.start()
        async with Publisher(clip, nginx.publish_url("s")):
            await viewer.until(lambda: viewer.last(Resumed))
            await viewer.until(lambda: isinstance(viewer.seen[-1], Picture))
    await first.stop()
    await nginx.stop()


MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}\n"
MEDIA = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n{extra}#EXTINF:2,\n{url}\n"


@pytest.mark.parametrize(
    "playlist",
    [
        MEDIA.format(extra="", url="http://internal.example:{port}/secret.ts"),
        MASTER.format(url="http://internal.example:{port}/secret.m3u8"),
        MEDIA.format(extra='#EXT-X-MAP:URI="http://internal.example:{port}/secret"\n', url="http://127.0.0.1:{port}/x"),
        MEDIA.format(
            extra='#EXT-X-KEY:METHOD=AES-128,URI="http://internal.example:{port}/secret"\n', url="/redirect/x.ts"
        ),
        MEDIA.format(extra="", url="/redirect/x.ts"),
        MEDIA.format(extra="", url="file:///etc/passwd"),
        MEDIA.format(extra="", url="tcp://127.0.0.1:{port}/x.ts"),
        MEDIA.format(extra="", url="concat:http://internal.example:{port}/x.ts"),
    ],
)
async def test_a_playlist_cannot_send_us_to_an_internal_host(playlist: str) -> None:
    visits: list[str] = []
    inner_port = 0

    async def outer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
        body = playlist.format(port=inner_port).encode() if path == "/live.m3u8" else b""
        status, extra = "200 OK", ""
        if path.startswith("/redirect"):
            status, extra = "302 Found", f"Location: http://internal.example:{inner_port}/secret.ts\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async def inner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_path = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0]
        visits.append(with_path)
        writer.close()

    def lookup(host: str, port: int) -> list[str]:
        return {"live.example": ["127.0.0.1"], "internal.example": ["127.0.0.2"]}.get(host, [host])

    only = EgressPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.1/32"),))
    first = await asyncio.start_server(outer, "127.0.0.1", 0)
    second = await asyncio.start_server(inner, "127.0.0.2", 0)
    async with first, second:
        inner_port = second.sockets[0].getsockname()[1]
        url = f"http://live.example:{first.sockets[0].getsockname()[1]}/live.m3u8"
        source = PullSource(url, zero=0.0, policy=only, patience=Patience(start_within=3.0), resolve=lookup)
        async with asyncio.timeout(20):
            (end,) = [event async for event in source.events()]
    assert isinstance(end, Refused)
    assert visits == []
