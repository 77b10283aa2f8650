"""A worker: ``python -m monitor.workers FD``, started by the service, which it speaks with over the socket FD.

It ends with that line, so that nothing is watched twice and nothing is left behind when the service dies.
"""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2

from monitor.egress import EgressRefused
from monitor.gaze import Gaze
from monitor.observers.likeness.sight import Sight
from monitor.sources.ring import Packet, Ring, Take
from monitor.sources.source import Ended, Picture, Refused, Resumed, Source, SourceEvent, Stalled, Watch
from monitor.sources.whip import SdpRefused, WhipSource
from monitor.workers.frame import MOST_HEAD, Frame, FrameRefused, of_observation, read
from monitor.workers.opening import Opening
from protocols.observation import Look, Motion, Observation

_COUNT_EVERY = 1.0
_MOST_WAITING = 32 * 1024 * 1024  # bytes that the service has not fetched; packets are dropped beyond them

Send = Callable[[Frame], None]


class ToldRing(Ring):
    """Packets go to the service as they come, and are kept there: they outlive this process."""

    def __init__(self, stream: str, send: Send, waiting: Callable[[], int]) -> None:
        super().__init__()
        self._stream = stream
        self._tell = send
        self._waiting = waiting
        self._missed = False
        self._hears = False

    def begin(self, take: Take) -> None:
        """A connection begins."""
        says: dict[str, object] = {"codec": take.codec, "unit": [take.unit.numerator, take.unit.denominator]}
        self._hears = take.sound is not None
        if take.sound is not None:
            unit = [take.sound.unit.numerator, take.sound.unit.denominator]
            says["sound"] = {"codec": take.sound.codec, "unit": unit, "head": len(take.sound.head)}
        body = take.head + (b"" if take.sound is None else take.sound.head)
        self._tell(Frame(kind="take", stream=self._stream, says=says, body=body))

    def hear(self, packet: Packet) -> None:
        """Pass a packet of sound on, as those of the picture."""
        if self._hears and not self._missed:
            says = {"pts": packet.pts, "dts": packet.dts}
            self._tell(Frame(kind="sound", stream=self._stream, says=says, body=bytes(packet)))

    def take(self, packet: Packet, *, keyframe: bool, arrived: float) -> None:
        """Pass a packet on; where the service does not keep up, all up to the next keyframe are left out."""
        self._missed = (self._missed and not keyframe) or self._waiting() > _MOST_WAITING
        if not self._missed:
            says = {"pts": packet.pts, "dts": packet.dts, "keyframe": keyframe, "arrived": arrived}
            self._tell(Frame(kind="packet", stream=self._stream, says=says, body=bytes(packet)))


class Watching:
    """One stream while this worker holds it."""

    def __init__(self, name: str, opening: Opening, send: Send, waiting: Callable[[], int], *, sight: Sight,
                 threads: Executor) -> None:  # fmt: skip
        self._name = name
        self._send = send
        self._opening = opening
        self._ring = ToldRing(name, send, waiting)
        self._source: Source | None = None
        self._blind = True
        self._pictures = 0
        self._told = (0, 0, 0)
        self._doing: set[asyncio.Task[None]] = set()
        self.mode = Watch.AMBIENT
        self._gaze = Gaze(sight, self._deliver, threads, policy=opening.policy)

    def watch(self, mode: Watch) -> None:
        """Watch as closely as the service wants."""
        self.mode = mode
        if self._source is not None:
            self._source.watch(mode)

    def offer(self, number: int, offer: str) -> None:
        """Have a publisher's offer answered, of a stream that is published to us."""
        self._do(self._answer(number, offer), f"offer {self._name}")

    def hang_up(self, cause: str) -> None:
        """Have a publisher's connection closed."""
        self._do(self._hang_up(cause), f"hang up {self._name}")

    async def run(self) -> None:
        """Watch until the stream is over, or cancelled."""
        try:
            self._source = self._opening.source(self._ring)
        except EgressRefused as refused:
            self._say("refused", at=0.0, cause=str(refused))
            return
        self._source.watch(self.mode)
        looking = asyncio.create_task(self._gaze.run(), name=f"gaze {self._name}")
        counting = asyncio.create_task(self._count(), name=f"count {self._name}")
        try:
            async for event in self._source.events():
                self._see(event)
        finally:
            looking.cancel()
            counting.cancel()
            for doing in self._doing:
                doing.cancel()
            await self._source.close()
            if isinstance(self._source, WhipSource):
                self._say("live", live=False)

    def _do(self, what: Coroutine[Any, Any, None], name: str) -> None:
        doing = asyncio.create_task(what, name=name)
        self._doing.add(doing)
        doing.add_done_callback(self._doing.discard)

    async def _answer(self, number: int, offer: str) -> None:
        if not isinstance(self._source, WhipSource):
            return
        try:
            answer = await self._source.answer(offer)
        except Exception as refused:  # whatever it is, it is the offer's, and others are watched here
            why = str(refused) if isinstance(refused, SdpRefused) else "the offer cannot be answered"
            self._send(Frame(kind="refusal", stream=self._name, says={"number": number}, body=why.encode()))
        else:
            self._tell_live()
            self._send(Frame(kind="answer", stream=self._name, says={"number": number}, body=answer.encode()))

    async def _hang_up(self, cause: str) -> None:
        if isinstance(self._source, WhipSource):
            await self._source.hang_up(cause)
        self._say("live", live=False)

    def _tell_live(self) -> None:
        """Say whether a publisher is there, where one could be."""
        if isinstance(self._source, WhipSource):
            self._say("live", live=self._source.live)

    def _see(self, event: SourceEvent) -> None:
        match event:
            case Picture():
                self._pictures += 1
                if self._blind:
                    self._blind = False
                    self._say("sighted", at=event.at)
                self._gaze.take(event, full=self.mode is Watch.FULL)
            case Stalled():
                self._blind = True
                self._say("stalled", at=event.at, silent_for=event.silent_for)
            case Ended():
                self._say("ended", at=event.at, cause=event.cause)
            case Refused():
                self._say("refused", at=event.at, cause=event.cause)
            case Resumed() | _:
                pass  # the next picture says so itself

    def _deliver(self, seen: Observation) -> None:
        if isinstance(seen, Look | Motion):
            self._send(of_observation(self._name, seen))

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(_COUNT_EVERY)
            assert self._source is not None  # noqa: S101 - it is there before this runs
            now = (self._pictures, self._gaze.dropped + self._source.dropped, self._source.corrupt)
            seen, dropped, corrupt = (new - old for new, old in zip(now, self._told, strict=True))
            self._told = now
            self._tell_live()
            self._say("count", seen=seen, dropped=dropped, corrupt=corrupt)

    def _say(self, kind: str, **says: Any) -> None:
        self._send(Frame(kind=kind, stream=self._name, says=says))


class Line:
    """The line to the service; sources send from threads of their own."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def send(self, frame: Frame) -> None:
        """Send from any thread; nothing after the line is cut."""
        packed = frame.packed()
        if threading.get_ident() == self._thread:
            self._write(packed)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._write, packed)

    def waiting(self) -> int:
        """Bytes that wait to be fetched."""
        return self._writer.transport.get_write_buffer_size()

    def _write(self, packed: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(packed)


async def serve(descriptor: int) -> None:
    """Watch what the service says, until its line is cut."""
    connection = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_connection(sock=connection, limit=4 * MOST_HEAD)
    line = Line(writer)
    hello = await read(reader)
    if hello is None or hello.kind != "hello":
        raise FrameRefused("the service says no hello")
    model = hello.says["model"]
    sight = await asyncio.to_thread(Sight.load, None if model is None else Path(model), hello.says["sha256"])
    watched: dict[str, tuple[Watching, asyncio.Task[None]]] = {}
    with ThreadPoolExecutor(hello.says["threads"], thread_name_prefix="sight") as threads:
        line.send(Frame(kind="ready", stream="", says={}))
        beating = asyncio.create_task(_beat(line.send), name="beat")
        while (frame := await read(reader)) is not None:
            name = frame.stream
            match frame.kind:
                case "open" if name not in watched:
                    opening = Opening.read(frame.says)
                    watching = Watching(name, opening, line.send, line.waiting, sight=sight, threads=threads)
                    watching.watch(Watch(frame.says["mode"]))
                    watched[name] = watching, asyncio.create_task(watching.run(), name=name)
                case "watch" if name in watched:
                    watched[name][0].watch(Watch(frame.says["mode"]))
                case "offer" if name in watched:
                    watched[name][0].offer(frame.says["number"], frame.body.decode())
                case "hang_up" if name in watched:
                    watched[name][0].hang_up(frame.says["cause"])
                case "close" if name in watched:
                    watched.pop(name)[1].cancel()
                case _:
                    pass
        tasks = [beating, *(task for _, task in watched.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _beat(send: Send) -> None:
    """Say every second that this process works."""
    while True:
        await asyncio.sleep(_COUNT_EVERY)
        send(Frame(kind="beat", stream="", says={}))


def main() -> None:
    """Run a worker."""
    cv2.setNumThreads(1)  # streams are what is done in parallel
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
