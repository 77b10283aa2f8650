import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from monitor.egress import CheckedUrl, EgressPolicy, EgressRefused, checked, checked_now, http_client

PUBLIC = "93.184.215.14"
STREAMS = EgressPolicy(schemes=frozenset({"http", "https", "rtmp", "rtmps"}))
LOOPBACK = EgressPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.1/32"),))


def at(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


async def test_a_public_host_passes_and_is_pinned() -> None:
    url = await checked("rtmp://live.example/app/key?token=s#f", STREAMS, at(PUBLIC))
    assert url == CheckedUrl(
        url="rtmp://live.example/app/key?token=s#f", scheme="rtmp", host="live.example", address=PUBLIC, port=1935
    )
    assert url.pinned == f"rtmp://{PUBLIC}:1935/app/key?token=s"
    assert url.origin == "rtmp://live.example:1935"


def test_an_address_of_version_six_is_pinned_in_brackets() -> None:
    url = checked_now("https://[2606:4700::1111]:8443/x", STREAMS, at("2606:4700::1111"))
    assert url.pinned == "https://[2606:4700::1111]:8443/x"
    assert url.origin == "https://[2606:4700::1111]:8443"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1",
        "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.215.14", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
        "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(EgressRefused, match="neither public nor an allowed network"):
        checked_now("http://rebound.example/", STREAMS, at(address))


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(EgressRefused, match=r"10\.0\.0\.1"):
        checked_now("http://mixed.example/", STREAMS, at(PUBLIC, "10.0.0.1"))


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(EgressRefused):
        checked_now(f"http://{host}:80/", STREAMS)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://a.example/", "the scheme is ftp: give one of http, https, rtmp, rtmps"),
        ("file:///etc/passwd", "the scheme is file"),
        ("a.example/x", "the scheme is missing"),
        ("http:///x", "no host name"),
        ("http://a.example:0/", "port is not a number"),
        ("http://a.example:99999/", "port is not a number"),
        ("http://a.example:x/", "port is not a number"),
        ("http://user:pw@a.example/", "user name or password"),
        ("http://public.example\\@10.0.0.1/", "backslash"),
        ("http://a.example/x\r\nHost: b", "control character"),
        ("http://a.example/ x", "space"),
        ("http://a%2eb/", "not a name or an address"),
        ("http://[::1/", "not a URL"),
        ("http://a.example/" + "x" * 4096, "longer than 4096"),
    ],
)
def test_a_malformed_url_is_refused_in_one_sentence(url: str, why: str) -> None:
    with pytest.raises(EgressRefused, match=why):
        checked_now(url, STREAMS, at(PUBLIC))


def test_a_host_without_addresses_is_refused() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for lookup in (fails, at()):
        with pytest.raises(EgressRefused, match="has no address"):
            checked_now("http://gone.example/", STREAMS, lookup)


def test_ports_can_be_limited() -> None:
    policy = EgressPolicy(ports=frozenset({443}))
    assert checked_now("https://a.example/", policy, at(PUBLIC)).port == 443
    with pytest.raises(EgressRefused, match="port 6379"):
        checked_now("http://a.example:6379/", policy, at(PUBLIC))


def test_a_file_must_lie_in_the_allowed_directory(tmp_path: Path) -> None:
    inside, outside = tmp_path / "clips", tmp_path / "secret.mp4"
    inside.mkdir()
    (inside / "a b.mp4").write_bytes(b"x")
    outside.write_bytes(b"x")
    (inside / "link.mp4").symlink_to(outside)
    policy = EgressPolicy(directory=inside)
    url = checked_now(f"file://{inside}/a%20b.mp4", policy)
    assert (url.path, url.origin) == (inside / "a b.mp4", "file a b.mp4")
    for target in (f"{inside}/../secret.mp4", f"{inside}/%2e%2e/secret.mp4", f"{inside}/link.mp4"):
        with pytest.raises(EgressRefused, match="outside"):
            checked_now(f"file://{target}", policy)
    with pytest.raises(EgressRefused, match="no such file"):
        checked_now(f"file://{inside}/none.mp4", policy)
    with pytest.raises(EgressRefused, match="on this machine"):
        checked_now(f"file://server{inside}/a.mp4", policy)


@asynccontextmanager
async def server(answer: str) -> AsyncIterator[tuple[str, list[str]]]:
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(answer.encode())
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}", seen


OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


async def test_the_client_connects_to_the_checked_address_and_keeps_the_host() -> None:
    async with server(OK) as (place, seen), http_client(LOOPBACK, resolve=at("127.0.0.1")) as client:
        port = place.rpartition(":")[2]
        assert (await client.get(f"http://hook.example:{port}/x")).text == "hi"
    assert f"Host: hook.example:{port}\r\n" in seen[0]


async def test_the_client_asks_the_resolver_once_for_each_request() -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])  # rebinding: the second answer is another address
    async with server(OK) as (place, seen), http_client(LOOPBACK, resolve=lambda h, p: next(answers)) as client:
        port = place.rpartition(":")[2]
        await client.get(f"http://hook.example:{port}/")
        with pytest.raises(EgressRefused):
            await client.get(f"http://hook.example:{port}/")
    assert len(seen) == 1


async def test_a_redirect_is_not_followed_and_is_checked_if_somebody_follows_it() -> None:
    async with server(OK) as (internal, visited):
        policy = EgressPolicy(allowed_networks=LOOPBACK.allowed_networks, ports=None, schemes=frozenset({"http"}))
        hop = f"HTTP/1.1 302 Found\r\nLocation: http://inner.example:{internal.rpartition(':')[2]}/\r\n"
        async with server(hop + "Content-Length: 0\r\nConnection: close\r\n\r\n") as (outer, _):
            port = int(outer.rpartition(":")[2])

            def lookup(host: str, _: int) -> list[str]:
                return ["127.0.0.1" if host == "outer.example" else "10.0.0.1"]

            async with http_client(policy, resolve=lookup) as client:
                answer = await client.get(f"http://outer.example:{port}/")
                assert answer.status_code == 302
                with pytest.raises(EgressRefused):
                    await client.get(f"http://outer.example:{port}/", follow_redirects=True)
    assert visited == []


async def test_a_certificate_is_checked_against_the_name_not_the_address() -> None:
    seen: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda sock, name, ctx: seen.append(name)
    listening = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0, ssl=context)
    async with listening, http_client(LOOPBACK, resolve=at("127.0.0.1")) as client:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(httpx.ConnectError):  # the server has no certificate at all
            await client.get(f"https://hook.example:{port}/")
    assert seen == ["hook.example"]
