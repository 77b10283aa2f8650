"""The service's end of the operator channel: WebSockets, one timer for each session, and nothing that decides."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from monitor.operator.room import Room, Socket
from protocols.channel import VERSION
from protocols.channel.event import FloorEvent, Happening, HelloReceived
from protocols.channel.floor import Floor, Sharing
from protocols.channel.limits import Limits
from protocols.channel.notice import Notice
from protocols.channel.seal import base64url
from protocols.channel.server import NOT_ADMITTED, ServerConnection
from protocols.channel.table import ServerState
from protocols.channel.violation import Closing, Fault, TheirViolation
from protocols.observation import ChallengeAnswered, ChallengeAsked, Presence
from protocols.telemetry import TelemetryBatch

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """An operator may connect to a session, with one of these device keys (Ed25519, 32 bytes each).

    ``epoch`` fences the session; ``zero`` is the session's zero on the event loop's clock, in seconds.
    """

    device_keys: tuple[bytes, ...]
    epoch: int
    zero: float
    sharing: Sharing = Sharing.STANDBY


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An operator may not connect. The default tells nobody who is on a roster."""

    code: str = Closing.NOT_ADMITTED
    message: str = NOT_ADMITTED


ChannelObservation = TelemetryBatch | Presence | ChallengeAnswered
Admit = Callable[[str, str], Awaitable[Admission | Refusal]]
"""``admit(operator, session)``."""
Feed = Callable[[str, ChannelObservation], None]
"""``feed(session, observation)``; returns at once."""
Note = Callable[[str, Happening], None]
"""``note(session, happening)``: what is no observation but should be known, counted or kept; returns at once."""


def _ignore(session: str, happening: Happening) -> None:
    """Take no note."""


class Gateway:
    """All operators of one service. The app mounts ``endpoint`` at ``/v1/operator``."""

    def __init__(
        self,
        *,
        admit: Admit,
        feed: Feed,
        note: Note = _ignore,
        limits: Limits | None = None,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        """``origins`` are those of web pages that may connect; programs, which send no Origin, always may."""
        self._admit = admit
        self._feed = feed
        self._note = note
        self._limits = limits or Limits()
        self._origins = origins
        self._rooms: dict[str, Room] = {}
        self._strangers: Counter[str] = Counter()
        self._sockets: dict[Socket, asyncio.Task[object]] = {}

    # For the pipeline ----------------------------------------------------------------------------------------------

    def ask(self, session: str, asked: ChallengeAsked) -> bool:
        """Ask for a gesture; whether an operator who drives could be asked at once.

        With nobody connected nothing is opened: there is nobody whose answer could be missing.
        """
        room = self._rooms.get(session)
        if room is None:
            return False
        now = asyncio.get_running_loop().time()
        reached = room.floor.ask(asked, base64url(secrets.token_bytes(16)), now)
        room.happened([])
        return reached

    def notify(self, session: str, notice: Notice) -> None:
        """Tell the operators of a session something."""
        room = self._rooms.get(session)
        if room is not None:
            room.floor.notify(notice, asyncio.get_running_loop().time())
            room.happened([])

    def close(self, session: str, code: str = Closing.SESSION_OVER, text: str = "the session is over") -> None:
        """Send the operators of a session away."""
        room = self._rooms.pop(session, None)
        if room is not None:
            room.floor.close(code, text)
            room.happened([])
            room.shut()

    async def shutdown(self) -> None:
        """The service stops: tell everybody, and wait until their sockets are closed."""
        for session in tuple(self._rooms):
            self.close(session, Closing.SHUTDOWN, "the service is restarting: connect again")
        for socket in tuple(self._sockets):
            socket.connection.close(Closing.SHUTDOWN, "the service is restarting: connect again")
            socket.wake.set()
        if self._sockets:
            await asyncio.wait(self._sockets.values(), timeout=self._limits.hello_within)

    @property
    def connected(self) -> int:
        """Sockets that are open now."""
        return len(self._sockets)

    # One socket --------------------------------------------------------------------------------------------------

    async def endpoint(self, websocket: WebSocket) -> None:
        """Serve one WebSocket until it ends."""
        address = websocket.client.host if websocket.client is not None else ""
        origin = websocket.headers.get("origin")
        full = self._strangers[address] >= self._limits.sockets_per_address
        if full or (origin is not None and origin not in self._origins):
            await websocket.close(1008)
            return
        offered = websocket.scope.get("subprotocols", [])
        self._strangers[address] += 1
        socket: Socket | None = None
        room: Room | None = None
        try:
            try:
                await websocket.accept(subprotocol=VERSION if VERSION in offered else None)
                socket = self._connected(websocket)
                room = await self._enter(socket)
            finally:
                self._known(address)
            if room is not None:
                await self._serve(socket, room)
        finally:
            if socket is not None:
                await self._leave(socket, room)

    def _connected(self, websocket: WebSocket) -> Socket:
        now, task = asyncio.get_running_loop().time(), asyncio.current_task()
        entropy = secrets.token_bytes(64)
        socket = Socket(websocket, ServerConnection(entropy=entropy, limits=self._limits, now=now))
        if task is not None:
            self._sockets[socket] = task
        return socket

    def _known(self, address: str) -> None:
        """One stranger of this address less: let in, or gone."""
        self._strangers[address] -= 1
        if not self._strangers[address]:
            del self._strangers[address]

    async def _enter(self, socket: Socket) -> Room | None:
        """From accept to ready; None where the socket is to be closed."""
        connection = socket.connection
        try:
            async with asyncio.timeout_at(connection.next_deadline()):
                await socket.flush()
                hello = await self._hello(socket)
                admission = await self._admission(hello)
        except TimeoutError:
            connection.close(Fault.TIMEOUT, f"no valid hello within {self._limits.hello_within:g} s")
            return None
        except (TheirViolation, WebSocketDisconnect) as error:
            _log.info("operator hello refused", fault=getattr(error, "fault", "disconnected"))
            return None
        if isinstance(admission, Refusal):
            connection.close(admission.code, admission.message)
            return None
        return self._admitted(socket, hello, admission)

    async def _hello(self, socket: Socket) -> HelloReceived:
        loop = asyncio.get_running_loop()
        while True:
            for event in socket.connection.receive(await _next(socket.websocket), loop.time()):
                if isinstance(event, HelloReceived):
                    return event

    async def _admission(self, hello: HelloReceived) -> Admission | Refusal:
        try:
            return await self._admit(hello.operator, hello.session)
        except Exception:
            _log.exception("operators cannot be looked up")
            return Refusal(code=Closing.UNAVAILABLE, message="the service cannot look up operators: try again")

    def _admitted(self, socket: Socket, hello: HelloReceived, admission: Admission) -> Room | None:
        connection, now = socket.connection, asyncio.get_running_loop().time()
        try:
            credential = connection.verify(*admission.device_keys)
            if self._crowded(hello, credential):
                connection.close(Closing.CROWDED, "this device key has too many connections")
                return None
            if self._elsewhere(hello):
                connection.close(Closing.ELSEWHERE, "you operate another session now: leave that one first")
                return None
            room = self._room(hello.session, admission)
            events = room.floor.enter(connection, hello.operator, now)
        except TheirViolation as violation:
            _log.info("operator hello refused", fault=violation.fault)
            return None
        if connection.state is not ServerState.OPEN:
            return None
        socket.operator, socket.credential = hello.operator, credential
        room.sockets.add(socket)
        room.happened(events)
        return room

    def _crowded(self, hello: HelloReceived, credential: bytes) -> bool:
        """Whether the credential has as many connections as it may; the one to be superseded does not count."""
        room = self._rooms.get(hello.session)
        own = {s for s in room.sockets if s.operator == hello.operator} if room is not None else set()
        held = sum(s.credential == credential for s in self._sockets.keys() - own)
        return held >= self._limits.connections_per_credential

    def _elsewhere(self, hello: HelloReceived) -> bool:
        """Whether the operator is there in as many other sessions as one person may be in at once."""
        others = (room for session, room in self._rooms.items() if session != hello.session)
        return sum(room.floor.holds(hello.operator) for room in others) >= self._limits.sessions_per_operator

    def _room(self, session: str, admission: Admission) -> Room:
        room = self._rooms.get(session)
        if room is not None and room.floor.epoch != admission.epoch:
            self.close(session, Closing.SHUTDOWN, "the session was taken over: connect again")
            room = None
        if room is None:
            floor = Floor(
                session=session,
                epoch=admission.epoch,
                zero=admission.zero,
                limits=self._limits,
                sharing=admission.sharing,
            )
            room = self._rooms[session] = Room(floor, self._told, self._abandon)
        return room

    async def _serve(self, socket: Socket, room: Room) -> None:
        """Read and write until either is over."""
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(self._read(socket, room))
            writer = group.create_task(self._write(socket))
            reader.add_done_callback(lambda _: writer.cancel())
            writer.add_done_callback(lambda _: reader.cancel())

    async def _read(self, socket: Socket, room: Room) -> None:
        loop, connection = asyncio.get_running_loop(), socket.connection
        with suppress(WebSocketDisconnect, TimeoutError):
            while connection.state is ServerState.OPEN:
                data = await _next(socket.websocket)
                room.happened(room.floor.receive(connection, socket.operator, data, loop.time()), beside=socket)
                await socket.flush()

    async def _write(self, socket: Socket) -> None:
        with suppress(WebSocketDisconnect, TimeoutError):
            while socket.connection.state is ServerState.OPEN:
                await socket.flush()
                await socket.wake.wait()
                socket.wake.clear()

    async def _leave(self, socket: Socket, room: Room | None) -> None:
        if room is not None:
            room.floor.lost(socket.connection, socket.operator)
            room.sockets.discard(socket)
            room.happened([])
        try:
            await _hang_up(socket, 1008 if room is None else 1000)
        finally:
            self._sockets.pop(socket, None)

    def _abandon(self, room: Room) -> None:
        if self._rooms.get(room.floor.session) is room:
            del self._rooms[room.floor.session]

    def _told(self, session: str, event: FloorEvent) -> None:
        # Each heartbeat comes by here: a tuple of types is far quicker to ask than a union.
        if isinstance(event, (TelemetryBatch, Presence, ChallengeAnswered)):
            self._feed(session, event)
        else:
            self._note(session, event)


async def _next(websocket: WebSocket) -> str | bytes:
    """The next message; bytes where it is not text. Raises WebSocketDisconnect."""
    message = await websocket.receive()
    if message["type"] != "websocket.receive":
        raise WebSocketDisconnect(message.get("code", 1006))
    text = message.get("text")
    return text if text is not None else message.get("bytes") or b""


async def _hang_up(socket: Socket, code: int) -> None:
    """Send the last words and close, if the peer is there to hear them."""
    websocket = socket.websocket
    with suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
        if websocket.application_state is WebSocketState.CONNECTED:
            await socket.flush()
            async with asyncio.timeout(1.0):
                await websocket.close(code)
