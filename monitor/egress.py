"""Egress: what the service may connect to when somebody else wrote the URL (sources, webhooks).

A host is resolved once, every address it has must be public (or lie in a network that the settings name), and the
connection goes to the address that was checked, never to the name again. A redirect is another URL: it is refused, or
checked anew by whoever follows it.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

STREAM_SCHEMES = frozenset({"rtmp", "rtmps", "http", "https"})
PORTS = {"http": 80, "https": 443, "rtmp": 1935, "rtmps": 443}
_LONGEST_URL = 4096
_SECONDS_TO_RESOLVE = 5.0
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_HOST = re.compile(r"[0-9A-Za-z._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
# Addresses that carry another address inside: whatever they say, the packet ends somewhere else.
_TUNNELS = tuple(
    ipaddress.ip_network(text)
    for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10")
)
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "3fff::/20")
)


class EgressRefused(Exception):
    """The URL must not be connected to; the message says why in one sentence, without the URL's path or query."""


class HostUnknown(EgressRefused):
    """The host's name has no address now; it may have one later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """What may be connected to.

    ``allowed_networks`` are reachable although they are not public (a studio's own network, 127.0.0.0/8 in tests);
    ``ports`` limits the ports, None allows every one; ``directory`` is where file: URLs may point, None forbids them.
    """

    schemes: frozenset[str] = frozenset({"http", "https"})
    allowed_networks: tuple[Network, ...] = ()
    ports: frozenset[int] | None = None
    directory: Path | None = None

    def permits(self, address: str) -> bool:
        """Whether packets may be sent to ``address``, an IP address as text."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip.version == network.version and ip in network for network in self.allowed_networks) or _public(ip)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedUrl:
    """A URL that passed: connect to ``address`` and ``port``, speak as to ``host``. A file has only a ``path``."""

    url: str
    scheme: str
    host: str = ""
    address: str = ""
    port: int = 0
    path: Path | None = None

    @property
    def pinned(self) -> str:
        """The URL with the checked address in the place of the host, and no fragment."""
        parts = urlsplit(self.url)
        literal = f"[{self.address}]" if ":" in self.address else self.address
        return urlunsplit((self.scheme, f"{literal}:{self.port}", parts.path, parts.query, ""))

    @property
    def origin(self) -> str:
        """Scheme, host and port: what may be shown and logged, since paths and queries of streams are secrets."""
        if self.path is not None:
            return f"file {self.path.name}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """All addresses of ``host``, in the resolver's order; blocks. Raises OSError when it has none."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def checked(url: str, policy: EgressPolicy, resolve: Resolve = resolve) -> CheckedUrl:
    """Check ``url`` without blocking the loop; raises EgressRefused."""
    try:
        async with asyncio.timeout(_SECONDS_TO_RESOLVE):
            return await asyncio.to_thread(checked_now, url, policy, resolve)
    except TimeoutError:
        raise HostUnknown("the host's name could not be resolved in time") from None


def checked_now(url: str, policy: EgressPolicy, resolve: Resolve = resolve) -> CheckedUrl:
    """Check ``url`` from a thread that may block; raises EgressRefused."""
    parts = _parts(url)
    if parts.scheme not in policy.schemes and not (parts.scheme == "file" and policy.directory is not None):
        accepted = sorted(policy.schemes | ({"file"} if policy.directory is not None else set()))
        raise EgressRefused(f"the scheme is {parts.scheme or 'missing'}: give one of {', '.join(accepted)}")
    if parts.scheme == "file":
        return _checked_file(url, parts, policy)
    host, port = _place(parts)
    if policy.ports is not None and port not in policy.ports:
        raise EgressRefused(f"port {port} is not among the ports that the settings allow")
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise HostUnknown(f"the host {host} has no address")
    for address in addresses:
        if not policy.permits(address):
            raise EgressRefused(f"the host {host} is at {address}, which is neither public nor an allowed network")
    return CheckedUrl(url=url, scheme=parts.scheme, host=host, address=addresses[0], port=port)


def _parts(url: str) -> SplitResult:
    if len(url) > _LONGEST_URL:
        raise EgressRefused(f"the URL is longer than {_LONGEST_URL} characters")
    if _FORBIDDEN.search(url):
        raise EgressRefused("the URL holds a space, a control character or a backslash: percent-encode it")
    try:
        return urlsplit(url)
    except ValueError:
        raise EgressRefused("this is not a URL") from None


def _place(parts: SplitResult) -> tuple[str, int]:
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise EgressRefused("the URL's port is not a number of 1 to 65535") from None
    if parts.username is not None or parts.password is not None:
        raise EgressRefused("the URL holds a user name or password: leave it out")
    if not _HOST.fullmatch(host):
        raise EgressRefused("the URL has no host name" if not host else "the URL's host is not a name or an address")
    if port == 0:
        raise EgressRefused("the URL's port is not a number of 1 to 65535")
    return host, port or PORTS.get(parts.scheme, 0)


def _checked_file(url: str, parts: SplitResult, policy: EgressPolicy) -> CheckedUrl:
    if policy.directory is None or parts.netloc not in {"", "localhost"}:
        raise EgressRefused("a file: URL must name a file on this machine: file:///directory/name")
    path = Path(unquote(parts.path)).resolve()
    if not path.is_relative_to(policy.directory.resolve()):
        raise EgressRefused("the file is outside of the directory that the settings allow")
    if not path.is_file():
        raise EgressRefused("there is no such file")
    return CheckedUrl(url=url, scheme="file", path=path)


def _public(ip: Address) -> bool:
    if any(ip.version == network.version and ip in network for network in _TUNNELS + _SPECIAL):
        return False
    refused = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved
    return ip.is_global and not refused and not ip.is_unspecified


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport that checks every request's URL, redirects included, and connects to the checked address."""

    def __init__(self, policy: EgressPolicy, resolve: Resolve = resolve) -> None:
        self._policy = replace(policy, schemes=policy.schemes & {"http", "https"}, directory=None)
        self._resolve = resolve
        # No reuse of connections: one that was opened for a host's name must not serve another name at its address.
        limits = httpx.Limits(max_keepalive_connections=0, max_connections=100)
        self._inner = httpx.AsyncHTTPTransport(trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to its host's checked address; raises EgressRefused."""
        target = await checked(str(request.url), self._policy, self._resolve)
        request.extensions = {**request.extensions, "sni_hostname": target.host}
        request.url = request.url.copy_with(host=target.address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


def http_client(policy: EgressPolicy, *, timeout: float = 10.0, resolve: Resolve = resolve) -> httpx.AsyncClient:
    """Return an HTTP client for URLs given by others: guarded, no proxy from the environment, no redirects."""
    return httpx.AsyncClient(
        transport=GuardedTransport(policy, resolve), timeout=timeout, trust_env=False, follow_redirects=False
    )
