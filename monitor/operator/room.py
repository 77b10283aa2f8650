"""One session's sockets around its floor, and the one timer that wakes the floor."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.types import Receive, Send

from monitor.operator.wire import Wire
from protocols.channel.event import FloorEvent
from protocols.channel.floor import Floor
from protocols.channel.server import ServerConnection
from protocols.telemetry import TelemetryBatch

LINGER = 60.0
"""Seconds for which an empty room is kept, so that whoever comes back late is not taken for somebody new."""
SEND_WITHIN = 5.0
"""Seconds that a peer may take to accept what is sent, before it counts as gone."""


_LAST_WORDS_WITHIN = 5.0


class Disconnected(Exception):
    """The peer is gone."""


@dataclass(slots=True, eq=False)
class Socket:
    """One WebSocket and the connection that it carries."""

    receive: Receive
    send: Send
    connection: ServerConnection
    operator: str = ""
    credential: bytes = b""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    sending: asyncio.Task[object] | None = None
    since: float = 0.0
    wire: Wire | None = None
    """By which it is written at once, where the server has one."""
    idle: bool = False
    """Whether the reader waits, so that what comes may be taken before it wakes."""
    ask_again: float | None = None
    """When to look again whether a shift may begin, while it has not."""

    async def flush(self, now: float) -> None:
        """Send what is to be sent, in order. Whoever is at it already takes along what has come meanwhile."""
        if self.sending is not None:
            return
        self.sending, self.since = asyncio.current_task(), now
        try:
            while waiting := self.connection.data_to_send():
                for data in waiting:
                    await self.send({"type": "websocket.send", "text": data})
        finally:
            self.sending = None

    async def next(self) -> str | bytes:
        """The next message; bytes where it is not text. Raises Disconnected."""
        self.idle = True
        message = await self.receive()
        self.idle = False
        if message["type"] != "websocket.receive":
            raise Disconnected
        text = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    @property
    def free(self) -> bool:
        """Whether the next message may be taken and answered at once, where its wire is free."""
        return self.idle and self.sending is None

    def write(self) -> None:
        """Send what is to be sent, in order, at once, while ``free``."""
        if self.wire is not None:
            for data in self.connection.data_to_send():
                self.wire.write(data)

    async def hang_up(self, code: int) -> None:
        """Send the last words and close, if the peer is there to hear them."""
        with suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(_LAST_WORDS_WITHIN):
                await self.flush(asyncio.get_running_loop().time())
                await self.send({"type": "websocket.close", "code": code})

    def stuck(self, now: float) -> bool:
        """Whether the peer has been taking its time with what is sent for too long."""
        return self.sending is not None and now - self.since > SEND_WITHIN


class Room:
    """One session's floor with its sockets. Runs on the event loop that it was made on."""

    def __init__(
        self, floor: Floor, tell: Callable[[str, FloorEvent], None], abandon: Callable[["Room"], None]
    ) -> None:
        self.floor = floor
        self.sockets: set[Socket] = set()
        self._tell = tell
        self._abandon = abandon
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._shut = False

    def heard(self, events: list[FloorEvent], beside: Socket) -> None:
        """Tell what a message of ``beside`` brought. A heartbeat and nothing else moves no deadline nearer."""
        if self._timer is not None and all(isinstance(event, TelemetryBatch) for event in events):
            for event in events:
                self._tell(self.floor.session, event)
        else:
            self.happened(events, beside=beside)

    def happened(self, events: list[FloorEvent], *, beside: Socket | None = None) -> None:
        """Tell what happened, wake the sockets that have something to send (not ``beside``), set the timer."""
        for event in events:
            self._tell(self.floor.session, event)
        for socket in self.sockets:
            if socket is not beside and socket.connection.waiting:
                socket.wake.set()
        self._arm()

    def shut(self) -> None:
        """No timer any more."""
        self._shut = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        # Heartbeats only move the deadline back, so a timer that rings too early costs less than one moved each time.
        if self._shut:
            return
        deadline = self.floor.next_deadline()
        if deadline is None:
            deadline = self._loop.time() + LINGER
        if self._timer is not None:
            if self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self.floor.next_deadline() is None and not self.sockets:
            self._abandon(self)
        else:
            self.happened(self.floor.expire(self._loop.time()))
