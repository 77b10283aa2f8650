"""The operator's end of the channel: keeps a connection, forwards motion, and tells what it hears."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection as WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from monitor.operator.backoff import Backoff
from protocols.channel import VERSION
from protocols.channel.client import ClientConnection
from protocols.channel.event import ClientEvent, Ended
from protocols.channel.limits import Limits
from protocols.channel.outbox import Outbox
from protocols.channel.seal import base64url
from protocols.channel.table import ClientState
from protocols.channel.violation import Closing, Fault, TheirViolation
from protocols.telemetry import TelemetrySample

PATH = "/v1/operator"
_STEADY = 10.0
# With these codes another attempt would only meet the same answer, or drive out whoever has taken over.
_FINAL = frozenset({Closing.NOT_ADMITTED, Closing.SUPERSEDED, Closing.SESSION_OVER, Fault.VERSION})


class ServerRefused(ValueError):
    """A server's address that cannot be used; the message says what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """An attempt begins."""

    server: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """A connection is gone, or none came about; the next attempt is in ``retry_in`` seconds."""

    cause: str
    retry_in: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The agent has ended: the motion is over or the operator has left (``bye``), or the server's last word."""

    code: str
    message: str


AgentEvent = Connecting | Disconnected | Finished | ClientEvent
Tell = Callable[[AgentEvent], None]


def address(server: str, *, insecure: bool = False) -> str:
    """The WebSocket's URL from ``https://host``, ``wss://host/…`` or, on this machine, ``http``. Raises ServerRefused.

    Without TLS everybody on the way could read the motion, so ``http`` and ``ws`` to another machine need
    ``insecure``.
    """
    parts = urlsplit(server)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in {"ws", "wss"} or not parts.hostname:
        raise ServerRefused(f"{server!r} is no server: write https://host, or http://127.0.0.1:port on this machine")
    if scheme == "ws" and not insecure and not _here(parts.hostname):
        raise ServerRefused(f"{server!r} is not encrypted: use https, or say that this is meant (--insecure)")
    path = parts.path.rstrip("/")
    return urlunsplit((scheme, parts.netloc, path if path.endswith(PATH) else path + PATH, parts.query, ""))


def page(url: str) -> str:
    """Where the server of the WebSocket at ``url`` lets an operator use a passkey. Browsers want a name, no number."""
    parts = urlsplit(url)
    host = parts.netloc
    if parts.hostname is not None and _here(parts.hostname):
        host = "localhost" if parts.port is None else f"localhost:{parts.port}"
    return urlunsplit(
        ("https" if parts.scheme == "wss" else "http", host, parts.path.removesuffix(PATH) + "/passkey", "", "")
    )


class Agent:
    """One operator on one session, until ``leave``, the end of the motion, or the server's last word."""

    def __init__(
        self,
        *,
        url: str,
        session: str,
        operator: str,
        key: Ed25519PrivateKey,
        motion: AsyncIterator[TelemetrySample],
        tell: Tell,
        limits: Limits | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._url, self._session, self._operator, self._key = url, session, operator, key
        self._motion = motion
        self._tell = tell
        self._limits = limits or Limits()
        self._backoff = backoff or Backoff()
        self._outbox = Outbox()
        self._connection: ClientConnection | None = None
        self._wake = asyncio.Event()
        self._leaving = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Samples that are not sent yet."""
        return len(self._outbox)

    @property
    def dropped(self) -> int:
        """Samples that were dropped because they could not be sent in time."""
        return self._outbox.dropped

    def answer(self, challenge: str, typed: str | None = None) -> bool:
        """Say that it is done, or what was ``typed``; sent after the next resume where the connection is down.

        False where the challenge is not open, or was answered before (it comes again after a resume).
        """
        if self._connection is None or not self._outbox.answerable(challenge):
            return False
        self._connection.answer(challenge, typed)
        self._wake.set()
        return True

    def shift(self, ceremony: str, credential: str) -> bool:
        """Begin a shift by a passkey's answer; whether it could be sent."""
        return self._said(lambda connection: connection.shift(ceremony, credential))

    def rest(self, seconds: float) -> bool:
        """Announce a break of so many seconds, or end it by 0; whether it could be sent."""
        return self._said(lambda connection: connection.rest(seconds))

    def perform(self, seconds: float) -> bool:
        """Announce a segment in which nobody should ask, or end it by 0; whether it could be sent."""
        return self._said(lambda connection: connection.perform(seconds))

    def offer(self, to: str) -> bool:
        """Offer the floor to another operator who is there; whether it could be sent."""
        nonce = base64url(secrets.token_bytes(16))
        return self._said(lambda connection: connection.offer(to, nonce))

    def accept(self, by: str, nonce: str) -> bool:
        """Take the floor that another operator has offered; whether it could be sent."""
        return self._said(lambda connection: connection.accept(by, nonce))

    def _said(self, say: Callable[[ClientConnection], bool]) -> bool:
        sent = self._connection is not None and say(self._connection)
        self._wake.set()
        return sent

    def leave(self) -> None:
        """End, and tell the server."""
        self._leaving.set()
        self._wake.set()

    async def run(self) -> Finished:
        """Connect, and connect again, until the end."""
        forwarding = asyncio.create_task(self._forward())
        try:
            finished = await self._attempts()
        finally:
            forwarding.cancel()
            with suppress(asyncio.CancelledError):
                await forwarding
        self._tell(finished)
        return finished

    async def _forward(self) -> None:
        try:
            async for sample in self._motion:
                self._outbox.offer(sample)
        finally:
            self.leave()

    async def _attempts(self) -> Finished:
        loop = asyncio.get_running_loop()
        while not self._leaving.is_set():
            self._tell(Connecting(server=self._url))
            began = loop.time()
            ended = await self._attempt()
            if ended is None or self._leaving.is_set():
                break
            if ended.code in _FINAL:
                return Finished(code=ended.code, message=ended.message)
            if loop.time() - began > _STEADY:
                self._backoff.reset()
            gap = self._backoff.gap()
            self._tell(Disconnected(cause=ended.message, retry_in=gap))
            with suppress(TimeoutError):
                async with asyncio.timeout(gap):
                    await self._leaving.wait()
        return Finished(code=Closing.BYE, message="the operator has left")

    async def _attempt(self) -> Ended | None:
        """One connection from first to last; None where the operator has left by it."""
        try:
            websocket = await connect(
                self._url,
                subprotocols=[Subprotocol(VERSION)],
                compression=None,
                max_size=self._limits.frame_bytes,
                open_timeout=self._limits.hello_within,
                close_timeout=1.0,
                ping_interval=None,
            )
        except (OSError, InvalidHandshake, InvalidURI, ConnectionClosed) as error:
            return Ended(code=Closing.UNAVAILABLE, message=f"the server cannot be reached ({error})")
        try:
            return await self._converse(websocket)
        finally:
            if self._connection is not None:
                self._connection.lost()
            await websocket.close()

    async def _converse(self, websocket: WebSocket) -> Ended | None:
        connection = self._connection = ClientConnection(
            session=self._session,
            operator=self._operator,
            sign=self._key.sign,
            entropy=secrets.token_bytes(48),
            outbox=self._outbox,
            limits=self._limits,
            now=asyncio.get_running_loop().time(),
        )
        reader = asyncio.create_task(self._read(websocket, connection))
        ticker = asyncio.create_task(self._tick(websocket, connection))
        try:
            done, _ = await asyncio.wait({reader, ticker}, return_when=asyncio.FIRST_COMPLETED)
            if reader not in done and isinstance(ticker.exception(), ConnectionClosed):
                # The server's own words may still lie unread.
                done, _ = await asyncio.wait({reader})
            return (reader if reader in done else ticker).result()
        except TheirViolation as violation:
            return Ended(code=violation.fault, message=str(violation))
        except ConnectionClosed as closed:
            return Ended(code=Closing.UNAVAILABLE, message=f"the connection is down ({closed})")
        finally:
            reader.cancel()
            ticker.cancel()
            await asyncio.gather(reader, ticker, return_exceptions=True)

    async def _read(self, websocket: WebSocket, connection: ClientConnection) -> Ended | None:
        loop = asyncio.get_running_loop()
        async for data in websocket:
            for event in connection.receive(data, loop.time()):
                if isinstance(event, Ended):
                    return event
                self._tell(event)
            self._wake.set()
        if self._leaving.is_set():
            return None
        return Ended(code=Closing.UNAVAILABLE, message="the server has closed the connection")

    async def _tick(self, websocket: WebSocket, connection: ClientConnection) -> Ended | None:
        """Do what is due, send what is to be sent, sleep until the next deadline or until woken."""
        loop = asyncio.get_running_loop()
        while connection.state is not ClientState.CLOSED:
            connection.expire(loop.time())
            if self._leaving.is_set():
                connection.bye(loop.time())
            for data in connection.data_to_send():
                await websocket.send(data)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(connection.next_deadline()):
                    await self._wake.wait()
            self._wake.clear()
        return None


def _here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
