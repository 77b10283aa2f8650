"""The wire: uvicorn's WebSocket, on which a message can be taken the moment its bytes are there.

For each message an ASGI server stops reading, fills a queue, wakes a task and reads on, which costs more than a
heartbeat does. So who is served may take whole text messages directly, one at a time, while nothing else waits. What is
not plain (in parts, several at once, while something waits or the peer does not read) goes the usual way, in its order.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - where there is no compiled one
    from websockets.utils import apply_mask

EXTENSION = "nakanohito.wire"
"""The name in ``scope["extensions"]`` under which an application finds its wire."""
_TEXT = 0x81  # a text message, whole (RFC 6455, section 5.2)
_MASKED, _LENGTH, _TWO_BYTES, _EIGHT_BYTES = 0x80, 0x7F, 126, 127
_KEY = 4  # bytes that a client's payload is masked with
_LONGEST = 0xFFFF

Take = Callable[[str], bool]
"""Takes a message at once; False where it is to go the usual way."""


class Wire(WebSocketsSansIOProtocol):
    """One WebSocket. ``take`` is the application's, None while it does not want messages at once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.take: Take | None = None
        self._left: int | None = 0
        """Bytes until the frame that has begun is whole; None once that cannot be told any more."""

    async def run_asgi(self) -> None:
        """Serve, and let the application know its wire."""
        extensions: dict[str, Any] = {**(self.scope["extensions"] or {}), EXTENSION: self}
        self.scope["extensions"] = extensions
        await super().run_asgi()

    def serve(self, take: Take) -> None:
        """Let messages be taken at once from now on; what shook hands is forgotten: it was more than all the rest."""
        self.take = take
        self.scope["headers"] = []
        del self.request, self.response

    def data_received(self, data: bytes) -> None:
        """Take a message at once where that can be done, else do with the bytes what is usual."""
        if self.take is not None and self._left == 0 and self.free and self.queue.empty() and not self.frames:
            text = _whole_text(data)
            if text is not None and self.take(text):
                return
        if self.handshake_complete:
            self._left = _left(data, self._left)
        super().data_received(data)

    @property
    def free(self) -> bool:
        """Whether what is written now goes out in order and is taken by the peer."""
        return (
            self.conn.state is State.OPEN
            and not self.close_sent
            and not self.disconnected
            and not self.read_paused
            and self.writable.is_set()
        )

    def write(self, text: str) -> None:
        """Send a message while ``free``."""
        payload = text.encode()
        size = len(payload)
        if size < _TWO_BYTES:
            head = bytes((_TEXT, size))
        elif size <= _LONGEST:
            head = bytes((_TEXT, _TWO_BYTES, size >> 8, size & 0xFF))
        else:
            head = bytes((_TEXT, _EIGHT_BYTES)) + size.to_bytes(8, "big")
        self.transport.write(head + payload)


def _whole_text(data: bytes) -> str | None:
    """The message, where ``data`` is one masked text frame from end to end."""
    if len(data) < 2 + _KEY or data[0] != _TEXT or not data[1] & _MASKED:
        return None
    size, start = data[1] & _LENGTH, 2
    if size == _TWO_BYTES:
        size, start = (data[2] << 8) | data[3], 4
    elif size == _EIGHT_BYTES:
        return None
    if len(data) != start + _KEY + size:
        return None
    try:
        return apply_mask(data[start + _KEY :], data[start : start + _KEY]).decode()
    except UnicodeDecodeError:
        return None


def _left(data: bytes, left: int | None) -> int | None:
    """What is left of a frame after ``data``, where ``left`` bytes were before it; None where a head is in parts."""
    at = left
    while at is not None and at < len(data):
        at = _end(data, at)
    return None if at is None else at - len(data)


def _end(data: bytes, at: int) -> int | None:
    """Where the frame ends that begins at ``at``; None where its head is not whole."""
    if at + 2 > len(data):
        return None
    size, masked, start = data[at + 1] & _LENGTH, data[at + 1] & _MASKED, at + 2
    wide = {_TWO_BYTES: 2, _EIGHT_BYTES: 8}.get(size, 0)
    if start + wide > len(data):
        return None
    if wide:
        size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
    return start + (_KEY if masked else 0) + size
