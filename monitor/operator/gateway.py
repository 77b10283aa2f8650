"""The service's end of the operator channel: WebSockets, one timer for each session, and nothing that decides."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from monitor.operator.entry import Admission, Admit, Arrival, Arrive, Feed, Note, Refusal, ignore, on_shift
from monitor.operator.room import Disconnected, Room, Socket
from monitor.operator.wire import EXTENSION
from protocols.channel import VERSION
from protocols.channel.duty import ON_SHIFT, Duty
from protocols.channel.event import FloorEvent, HelloReceived, ShiftAsserted
from protocols.channel.floor import Floor
from protocols.channel.limits import Limits
from protocols.channel.notice import Notice
from protocols.channel.seal import base64url
from protocols.channel.server import ServerConnection
from protocols.channel.table import ServerState
from protocols.channel.violation import Closing, Fault, TheirViolation
from protocols.observation import Asked, ChallengeAnswered, Presence, Rest
from protocols.telemetry import TelemetryBatch

_log = structlog.get_logger(__name__)
_SWEEP_EVERY = 1.0
_SEALED = 44  # characters: a seal and a dot
_HEARTBEAT = '{"type":"heartbeat"'
_LOOK_AGAIN_AFTER = 30.0
_AWAY = "the service cannot look up operators: try again"


class Gateway:
    """All operators of one service: an ASGI application, which the service mounts at ``/v1/operator``.

    It speaks ASGI itself: each heartbeat passes here, and what a framework would put between costs as much as it all.
    """

    def __init__(
        self,
        *,
        admit: Admit,
        feed: Feed,
        arrive: Arrive = on_shift,
        note: Note = ignore,
        limits: Limits | None = None,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        """``origins`` are those of web pages that may connect; programs, which send no Origin, always may."""
        self._admit = admit
        self._arrive = arrive
        self._feed = feed
        self._note = note
        self._limits = limits or Limits()
        self._origins = origins
        self._rooms: dict[str, Room] = {}
        self._strangers: Counter[str] = Counter()
        self._sockets: dict[Socket, asyncio.Task[object]] = {}
        self._holders: dict[bytes, set[Socket]] = {}
        self._places: dict[str, dict[str, int]] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    # For the pipeline ----------------------------------------------------------------------------------------------

    def ask(self, session: str, asked: Asked, *, routine: bool = False) -> str | None:
        """Ask for a gesture, or for digits; the operator who drives, if they could be asked at once.

        With nobody connected nothing is opened: there is nobody whose answer could be missing.
        """
        room = self._rooms.get(session)
        if room is None:
            return None
        now = asyncio.get_running_loop().time()
        reached = room.floor.ask(asked, base64url(secrets.token_bytes(16)), now, routine=routine)
        room.happened([])
        return reached

    def notify(self, session: str, notice: Notice) -> None:
        """Tell the operators of a session something."""
        room = self._rooms.get(session)
        if room is not None:
            room.floor.notify(notice, asyncio.get_running_loop().time())
            room.happened([])

    def notify_one(self, session: str, operator: str, notice: Notice) -> bool:
        """Tell one operator of a session alone; whether they are connected."""
        room = self._rooms.get(session)
        if room is None or not room.floor.tell_apart(notice, operator):
            return False
        room.happened([])
        return True

    def close(self, session: str, code: str = Closing.SESSION_OVER, text: str = "the session is over") -> None:
        """Send the operators of a session away."""
        room = self._rooms.pop(session, None)
        if room is not None:
            room.floor.close(code, text)
            room.happened([])
            room.shut()

    def begin_shift(self, arrival: Arrival, duty: Duty) -> None:
        """A shift has begun elsewhere than on its channel, as on a page: let the channel of that key know."""
        room = self._rooms.get(arrival.session)
        if room is None:
            return
        now = asyncio.get_running_loop().time()
        for socket in room.sockets:
            if socket.operator == arrival.operator and socket.credential != arrival.channel_key:
                words = "your shift goes on with another device"
                room.happened(room.floor.dismiss(arrival.operator, Closing.SUPERSEDED, words, now))
                return
        room.happened(room.floor.begin_shift(arrival.operator, now, duty))

    def dismiss(self, session: str, operator: str, code: str, text: str) -> None:
        """Send one operator of a session away."""
        room = self._rooms.get(session)
        if room is not None:
            room.happened(room.floor.dismiss(operator, code, text, asyncio.get_running_loop().time()))

    def expel(self, credential: bytes, text: str) -> None:
        """Close each connection of a device key that counts no more; its operator lapses unless another brings them."""
        now = asyncio.get_running_loop().time()
        for room in tuple(self._rooms.values()):
            for socket in [one for one in room.sockets if one.credential == credential]:
                gone = room.floor.dismiss(socket.operator, Closing.NOT_ADMITTED, text, now)
                room.happened(gone)

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket until it ends."""
        await receive()  # the wish to connect, which a server tells first
        address = (scope.get("client") or ("",))[0]
        origin = Headers(scope=scope).get("origin")
        full = self._strangers[address] >= self._limits.sockets_per_address
        if full or (origin is not None and origin not in self._origins):
            await send({"type": "websocket.close", "code": 1008})
            return
        offered = scope.get("subprotocols", [])
        self._strangers[address] += 1
        socket: Socket | None = None
        room: Room | None = None
        try:
            try:
                await send({"type": "websocket.accept", "subprotocol": VERSION if VERSION in offered else None})
                socket = self._connected(receive, send)
                socket.wire = scope.get("extensions", {}).get(EXTENSION)
                room = await self._enter(socket)
            finally:
                self._known(address)
            if room is not None:
                await self._serve(socket, room)
        except OSError:  # the peer is gone, as a server tells it that is asked to send
            pass
        finally:
            if socket is not None:
                if socket.wire is not None:
                    socket.wire.take = None
                await self._leave(socket, room)

    def _connected(self, receive: Receive, send: Send) -> Socket:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        entropy = secrets.token_bytes(64)
        socket = Socket(receive, send, ServerConnection(entropy=entropy, limits=self._limits, now=loop.time()))
        if task is not None:
            self._sockets[socket] = task
        if self._sweeping is None:
            self._sweeping = loop.call_later(_SWEEP_EVERY, self._sweep)
        return socket

    def _sweep(self) -> None:
        """End what sends to a peer that does not take it."""
        loop = asyncio.get_running_loop()
        for socket in self._sockets:
            if socket.sending is not None and socket.stuck(loop.time()):
                socket.sending.cancel()
        self._sweeping = loop.call_later(_SWEEP_EVERY, self._sweep) if self._sockets else None

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
                await socket.flush(asyncio.get_running_loop().time())
                hello = await self._hello(socket)
                admission = await self._admission(hello)
        except TimeoutError:
            connection.close(Fault.TIMEOUT, f"no valid hello within {self._limits.hello_within:g} s")
            return None
        except (TheirViolation, Disconnected) as error:
            _log.info("operator hello refused", fault=getattr(error, "fault", "disconnected"))
            return None
        if isinstance(admission, Refusal):
            connection.close(admission.code, admission.message)
            return None
        return await self._admitted(socket, hello, admission)

    async def _hello(self, socket: Socket) -> HelloReceived:
        loop = asyncio.get_running_loop()
        while True:
            for event in socket.connection.receive(await socket.next(), loop.time()):
                if isinstance(event, HelloReceived):
                    return event

    async def _admission(self, hello: HelloReceived) -> Admission | Refusal:
        try:
            return await self._admit(hello.operator, hello.session)
        except Exception:
            _log.exception("operators cannot be looked up")
            return Refusal(code=Closing.UNAVAILABLE, message=_AWAY)

    async def _arrival(self, arrival: Arrival) -> Duty | Refusal:
        try:
            async with asyncio.timeout(self._limits.hello_within):
                return await self._arrive(arrival)
        except Exception:
            _log.exception("shifts cannot be looked up")
            return Refusal(code=Closing.UNAVAILABLE, message=_AWAY)

    async def _admitted(self, socket: Socket, hello: HelloReceived, admission: Admission) -> Room | None:
        connection = socket.connection
        try:
            credential = connection.verify(*admission.device_keys)
            if self._crowded(hello, credential):
                connection.close(Closing.CROWDED, "this device key has too many connections")
                return None
            at_once = admission.sessions_at_once or self._limits.sessions_per_operator
            if self._elsewhere(hello, at_once):
                connection.close(Closing.ELSEWHERE, "you operate another session now: leave that one first")
                return None
            duty = await self._arrival(Arrival(operator=hello.operator, session=hello.session, channel_key=credential))
            if isinstance(duty, Refusal):
                connection.close(duty.code, duty.message)
                return None
            now = asyncio.get_running_loop().time()
            room = self._room(hello.session, admission)
            events = room.floor.enter(connection, hello.operator, now, duty)
        except TheirViolation as violation:
            _log.info("operator hello refused", fault=violation.fault)
            return None
        if connection.state is not ServerState.OPEN:
            return None
        socket.operator, socket.credential, socket.ask_again = hello.operator, credential, _ask_again(duty, now)
        self._holders.setdefault(credential, set()).add(socket)
        self._places[hello.operator][hello.session] = at_once
        room.sockets.add(socket)
        room.happened(events)
        return room

    def _crowded(self, hello: HelloReceived, credential: bytes) -> bool:
        """Whether the credential has as many connections as it may; the one to be superseded does not count."""
        room = self._rooms.get(hello.session)
        own = {s for s in room.sockets if s.operator == hello.operator} if room is not None else set()
        return len(self._holders.get(credential, set()) - own) >= self._limits.connections_per_credential

    def _elsewhere(self, hello: HelloReceived, at_once: int) -> bool:
        """Whether the operator is there in as many other sessions as one person may be in at once, by any of them."""
        places = self._places.setdefault(hello.operator, {})
        for place in [place for place in places if not self._holds(place, hello.operator)]:
            del places[place]
        others = [most for place, most in places.items() if place != hello.session]
        return len(others) >= min([at_once, *others])

    def _holds(self, session: str, operator: str) -> bool:
        room = self._rooms.get(session)
        return room is not None and room.floor.holds(operator)

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
                break_budget=admission.break_budget,
                performance_budget=admission.performance_budget,
            )
            room = self._rooms[session] = Room(floor, self._told, self._abandon)
        return room

    async def _serve(self, socket: Socket, room: Room) -> None:
        """Read and write until either is over."""
        if socket.wire is not None:
            socket.wire.serve(partial(self._beat, socket, room, asyncio.get_running_loop().time))
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(self._read(socket, room))
            writer = group.create_task(self._write(socket))
            reader.add_done_callback(lambda _: writer.cancel())
            writer.add_done_callback(lambda _: reader.cancel())

    def _beat(self, socket: Socket, room: Room, clock: Callable[[], float], text: str) -> bool:
        """Take a heartbeat at once, and acknowledge it; anything else, and whatever takes time, is the reader's."""
        if not text.startswith(_HEARTBEAT, _SEALED) or not socket.free:
            return False
        now, connection = clock(), socket.connection
        if socket.ask_again is not None and now >= socket.ask_again:
            return False
        room.heard(room.floor.receive(connection, socket.operator, text, now), socket)
        socket.write()
        if connection.state is not ServerState.OPEN:
            socket.wake.set()
        return True

    async def _read(self, socket: Socket, room: Room) -> None:
        time, connection = asyncio.get_running_loop().time, socket.connection
        with suppress(Disconnected, OSError):
            while connection.state is ServerState.OPEN:
                data = await socket.next()
                now = time()
                events = room.floor.receive(connection, socket.operator, data, now)
                room.heard(events, socket)
                if events and isinstance(events[0], ShiftAsserted):
                    await self._assert(socket, room, events[0].ceremony, events[0].credential)
                elif socket.ask_again is not None and now >= socket.ask_again:
                    await self._assert(socket, room, "", "")
                await socket.flush(now)

    async def _assert(self, socket: Socket, room: Room, ceremony: str, credential: str) -> None:
        """Have a passkey's answer checked, or look again without one, and tell the operator how they stand."""
        arrival = Arrival(
            operator=socket.operator,
            session=room.floor.session,
            channel_key=socket.credential,
            ceremony=ceremony,
            credential=credential,
            again=True,
        )
        duty = await self._arrival(arrival)
        now = asyncio.get_running_loop().time()
        socket.ask_again = None if isinstance(duty, Refusal) else _ask_again(duty, now)
        if isinstance(duty, Refusal):
            room.happened(room.floor.dismiss(socket.operator, duty.code, duty.message, now))
        elif duty.on_shift:
            begun = room.floor.begin_shift(socket.operator, now, duty)
            if not begun and (ceremony or duty != ON_SHIFT):
                room.floor.tell(socket.operator, duty)
            room.happened(begun)
        else:
            room.floor.tell(socket.operator, duty)
            room.happened([])

    async def _write(self, socket: Socket) -> None:
        time = asyncio.get_running_loop().time
        with suppress(OSError):
            while socket.connection.state is ServerState.OPEN:
                await socket.flush(time())
                await socket.wake.wait()
                socket.wake.clear()

    async def _leave(self, socket: Socket, room: Room | None) -> None:
        if room is not None:
            room.floor.lost(socket.connection, socket.operator)
            room.sockets.discard(socket)
            room.happened([])
        try:
            await socket.hang_up(1008 if room is None else 1000)
        finally:
            self._sockets.pop(socket, None)
            self._forget(socket)

    def _forget(self, socket: Socket) -> None:
        holders = self._holders.get(socket.credential, set())
        holders.discard(socket)
        if not holders:
            self._holders.pop(socket.credential, None)

    def _abandon(self, room: Room) -> None:
        if self._rooms.get(room.floor.session) is room:
            del self._rooms[room.floor.session]

    def _told(self, session: str, event: FloorEvent) -> None:
        # Each heartbeat comes by here: a tuple of types is far quicker to ask than a union.
        if isinstance(event, (TelemetryBatch, Presence, Rest, ChallengeAnswered)):
            self._feed(session, event)
        else:
            self._note(session, event)


def _ask_again(duty: Duty, now: float) -> float | None:
    """When an operator who is not on shift is asked anew: their ceremony is over then, or they may be verified."""
    if duty.on_shift:
        return None if duty.again_in is None else now + duty.again_in
    return now + (_LOOK_AGAIN_AFTER if duty.asking is None else duty.asking.within)
