import asyncio
import ipaddress
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from monitor.egress import EgressPolicy, EgressRefused
from monitor.sources.http import LONGEST_PLAYLIST, HttpOpener

POLICY = EgressPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.1/32"),))


def answer(status: str = "200 OK", body: bytes = b"", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


@asynccontextmanager
async def serving(reply: Callable[[str], bytes | None]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that answers by path; None leaves the client waiting."""
    seen: list[str] = []
    held: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        seen.append(head)
        body = reply(head.split(" ")[1])
        if body is None:
            held.append(writer)
            return
        writer.write(body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
        for writer in held:
            writer.close()


def everything(opener: HttpOpener, url: str) -> bytes:
    stream = opener(url)
    found = b""
    while data := stream.read(7):
        found += data
    stream.close()
    return found


def opening(**options: object) -> HttpOpener:
    return HttpOpener(POLICY, timeout=2.0, **options)  # type: ignore[arg-type]


async def test_a_body_is_read_on() -> None:
    async with serving(lambda path: answer(body=b"0123456789")) as (url, seen):
        assert await asyncio.to_thread(everything, opening(), f"{url}/a/b?c=d#e") == b"0123456789"
    assert seen[0].startswith("GET /a/b?c=d HTTP/1.1\r\n")
    assert f"Host: {url.removeprefix('http://')}\r\n" in seen[0]


async def test_chunks_are_put_together() -> None:
    body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with serving(lambda path: body) as (url, _):
        assert await asyncio.to_thread(everything, opening(), url) == b"abcde"


async def test_a_redirect_is_checked_anew() -> None:
    hops = {"/a": "/b", "/b": "http://internal.example/secret"}
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1" if host == "127.0.0.1" else "10.0.0.1"]

    def reply(path: str) -> bytes:
        return answer("302 Found", headers=f"Location: {hops[path]}\r\n")

    async with serving(reply) as (url, seen):
        with pytest.raises(EgressRefused, match=r"internal\.example is at 10\.0\.0\.1"):
            await asyncio.to_thread(opening(resolve=lookup), f"{url}/a")
    assert [head.split(" ")[1] for head in seen] == ["/a", "/b"]
    assert asked == ["127.0.0.1", "127.0.0.1", "internal.example"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "rtmp://127.0.0.1/x", "crypto+http://127.0.0.1/x", ""])
async def test_only_http_is_opened(target: str) -> None:
    async with serving(lambda path: answer("302 Found", headers=f"Location: {target}\r\n")) as (url, _):
        with pytest.raises((EgressRefused, OSError)):
            await asyncio.to_thread(opening(), url)
        if target:
            with pytest.raises(EgressRefused):
                await asyncio.to_thread(opening(), target)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answer("404 Not Found"), "answers 404 Not Found"),
        (answer("302 Found", headers="Location: /again\r\n"), "redirects more than 3 times"),
        (b"RTSP/1.0 200 OK\r\n\r\n", "does not speak HTTP"),
        (b"", "does not speak HTTP|closed|reset"),
    ],
)
async def test_an_answer_without_a_stream_is_one_clear_error(reply: bytes, why: str) -> None:
    async with serving(lambda path: reply) as (url, _):
        with pytest.raises(OSError, match=why):
            await asyncio.to_thread(opening(), url)


async def test_a_broken_body_is_an_os_error() -> None:
    body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    async with serving(lambda path: body) as (url, _):
        with pytest.raises(OSError, match="broke off"):
            await asyncio.to_thread(everything, opening(), url)


async def test_an_endless_playlist_is_refused_before_it_is_parsed() -> None:
    async with serving(lambda path: answer(body=b"#EXTM3U\n" + b"#" * LONGEST_PLAYLIST)) as (url, _):
        with pytest.raises(EgressRefused, match="playlist is longer"):
            await asyncio.to_thread(everything, opening(), url)
    async with serving(lambda path: answer(body=b"G" * (LONGEST_PLAYLIST + 9))) as (url, _):
        assert len(await asyncio.to_thread(everything, opening(), url)) == LONGEST_PLAYLIST + 9


async def test_a_playlist_cannot_make_us_knock_at_many_doors() -> None:
    async with serving(lambda path: answer(body=b"x")) as (url, seen):
        opener = opening(requests=2)
        for _ in range(2):
            await asyncio.to_thread(everything, opener, url)
        with pytest.raises(EgressRefused, match="too many others"):
            await asyncio.to_thread(everything, opener, url)
        assert len(seen) == 2
        opener = opening(requests=1)
        opener.settled()
        for _ in range(3):
            await asyncio.to_thread(everything, opener, url)


@pytest.mark.parametrize("reply", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"])
async def test_an_abort_ends_what_blocks(reply: bytes | None) -> None:
    def answered(path: str) -> bytes | None:
        asked.set()
        return reply

    asked = threading.Event()
    async with serving(answered) as (url, _):
        opener = HttpOpener(POLICY, timeout=60.0)
        reading = asyncio.create_task(asyncio.to_thread(everything, opener, url))
        await asyncio.to_thread(asked.wait)
        opener.abort()
        async with asyncio.timeout(5):
            await asyncio.wait([reading])
        assert reading.exception() is not None or reading.result() == b"x"
        with pytest.raises(OSError, match="being closed"):
            await asyncio.to_thread(opener, url)


async def test_silence_is_a_timeout() -> None:
    async with serving(lambda path: None) as (url, _):
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(HttpOpener(POLICY, timeout=0.2), url)
