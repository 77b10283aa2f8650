"""HTTP for demuxers: each URL that a stream names is checked, connected to at the checked address, and can be aborted.

FFmpeg's own HTTP would follow redirects and playlists to wherever they point, so it is not used. Blocking; runs in a
source's reader thread, apart from ``abort``.
"""

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

from monitor.egress import CheckedUrl, EgressPolicy, EgressRefused, Resolve, checked_now, resolve

REDIRECTS = 3
LONGEST_PLAYLIST = 1 << 20
"""Bytes; a playlist that is longer is refused before it is parsed."""
_REDIRECTED = {301, 302, 303, 307, 308}
_PLAYLIST = b"#EXTM3U"


class HttpOpener:
    """Opens URLs for one connection to a stream; ``abort`` from another thread ends whatever blocks.

    ``requests`` is how many URLs may be opened until ``settled`` is called: a playlist cannot make us knock at a
    thousand doors while it is opened.
    """

    def __init__(self, policy: EgressPolicy, *, timeout: float, requests: int = 32, resolve: Resolve = resolve) -> None:
        self._policy = EgressPolicy(
            schemes=policy.schemes & {"http", "https"}, allowed_networks=policy.allowed_networks, ports=policy.ports
        )
        self._timeout = timeout
        self._requests: int | None = requests
        self._resolve = resolve
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._aborted = False

    def __call__(self, url: str, flags: int = 0, options: object = None) -> "HttpStream":
        """Open ``url`` for reading, as PyAV's ``io_open``; raises EgressRefused or OSError."""
        if self._requests is not None:
            self._requests -= 1
            if self._requests < 0:
                raise EgressRefused("the playlist names too many others: give the URL of one rendition")
        for _ in range(REDIRECTS + 1):
            connection, response = self._request(checked_now(url, self._policy, self._resolve))
            if response.status not in _REDIRECTED:
                return self._stream(url, connection, response)
            url = urljoin(url, response.getheader("Location", ""))
            self.forget(connection)
        raise OSError(f"the server redirects more than {REDIRECTS} times")

    def settled(self) -> None:
        """Lift the limit on requests: the stream is open and asks for one segment after the other."""
        self._requests = None

    def abort(self) -> None:
        """End all reading, now and in future; from any thread."""
        with self._lock:
            self._aborted = True
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def forget(self, connection: http.client.HTTPConnection) -> None:
        """Close a connection."""
        with self._lock:
            self._open.discard(connection.sock)
        connection.close()

    def _keep(self, sock: socket.socket) -> None:
        with self._lock:
            if self._aborted:
                raise OSError("the source is being closed")
            self._open.add(sock)

    def _stream(
        self, url: str, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> "HttpStream":
        if response.status != http.client.OK:
            self.forget(connection)
            raise OSError(f"the server answers {response.status} {response.reason}")
        return HttpStream(url, self, connection, response)

    def _request(self, target: CheckedUrl) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=self._timeout)
        sock = socket.create_connection((target.address, target.port), timeout=self._timeout)
        connection.sock = sock
        try:
            if target.scheme == "https":
                sock = connection.sock = ssl.create_default_context().wrap_socket(sock, server_hostname=target.host)
            self._keep(sock)
            connection.request("GET", _path(target.url), headers=_headers(target))
            return connection, connection.getresponse()
        except http.client.HTTPException as error:
            self.forget(connection)
            raise OSError(f"the server does not speak HTTP: {type(error).__name__}") from error
        except OSError:
            self.forget(connection)
            raise


class HttpStream:
    """The body of one answer as a file that can only be read on."""

    def __init__(
        self, url: str, opener: HttpOpener, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self.name = url
        self._opener = opener
        self._connection = connection
        self._response = response
        self._taken = 0
        self._playlist = False

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes as soon as there are some, none at the end; raises OSError."""
        try:
            data = self._response.read1(size)
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"the server's answer broke off: {type(error).__name__}") from error
        self._playlist = self._playlist or (self._taken == 0 and data.startswith(_PLAYLIST[: len(data) or 1]))
        self._taken += len(data)
        if self._playlist and self._taken > LONGEST_PLAYLIST:
            raise EgressRefused(f"the playlist is longer than {LONGEST_PLAYLIST} bytes")
        return data

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._opener.forget(self._connection)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(target: CheckedUrl) -> dict[str, str]:
    host = f"[{target.host}]" if ":" in target.host else target.host
    default = target.port == (443 if target.scheme == "https" else 80)
    return {
        "Host": host if default else f"{host}:{target.port}",
        "User-Agent": "nakanohito",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
