"""The ring: a stream's own packets of the last seconds, in memory, for evidence from before the trouble on.

Packets are kept as they came, by reference and never encoded anew, in runs that each begin with a keyframe; a run is
dropped as a whole. A connection of its own time stamps is a take of its own.
"""

import io
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
from av.video.stream import VideoStream

SECONDS = 30.0
MOST_BYTES = 48 * 1024 * 1024
"""Of one stream: 30 s at 12 Mbit/s."""

_REACH = 1.15  # of the seconds: so much farther back a run may begin, for its keyframe's sake


@dataclass(frozen=True, slots=True)
class Kept:
    """One packet: its data, its time stamps in units of its take, and whether it can be decoded by itself."""

    data: Any
    pts: int
    dts: int
    keyframe: bool


@dataclass(slots=True)
class _Run:
    take: "Take"
    began: float
    size: int = 0
    packets: list[Kept] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Take:
    """What packets of one connection are of: the codec, the unit of their time stamps in seconds, and ``head``, a file
    that tells FFmpeg the stream's parameters (NUT), or nothing where the first packet tells them itself."""

    codec: str
    unit: Fraction
    head: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excerpt:
    """Packets of one take in order, the first a keyframe; ``began``: when it arrived, on the monotonic clock."""

    take: Take
    began: float
    packets: Sequence[Kept]


class Ring:
    """One stream's. Filled by the thread that reads, read by any other."""

    def __init__(self, seconds: float = SECONDS, most: int = MOST_BYTES) -> None:
        self.seconds = seconds
        self._most = most
        self._runs: deque[_Run] = deque()
        self._take: Take | None = None
        self._lock = threading.Lock()
        self._last = 0
        self._broken = True
        self.size = 0

    def begin(self, take: Take) -> None:
        """A connection begins; nothing is kept of it before its first keyframe."""
        with self._lock:
            self._take = take
            self._broken = True

    def begin_from(self, stream: VideoStream, first: "av.Packet[Any]") -> None:
        """The same for a stream that is being read, whose ``first`` keyframe has come."""
        codec: str = stream.codec_context.codec.canonical_name
        unit = Fraction(1, 1000) if stream.time_base is None else stream.time_base
        try:
            head = _head(stream, first, unit)
        except (av.FFmpegError, ValueError):  # watching goes on; whether a clip can be made of it shows later
            head = b""
        self.begin(Take(codec=codec, unit=unit, head=head))

    def take(self, data: Any, size: int, pts: int | None, dts: int | None, *, keyframe: bool, arrived: float) -> None:
        """Keep a packet of ``size`` bytes, which must not be changed any more."""
        stamp = dts if dts is not None else pts
        if self._take is None or stamp is None:
            return
        with self._lock:
            if keyframe:
                self._runs.append(_Run(self._take, arrived))
                self._broken = False
                self._trim(arrived)
            elif self._broken or stamp < self._last:
                self._broken = True  # what comes before the next keyframe could not be decoded
                return
            run = self._runs[-1]
            run.packets.append(Kept(data, stamp if pts is None else pts, stamp, keyframe))
            run.size += size
            self.size += size
            self._last = stamp
            if self.size > self._most:
                self._trim(arrived)

    def excerpts(self) -> list[Excerpt]:
        """What is kept, oldest first: a part for each take."""
        with self._lock:
            parts: list[tuple[_Run, list[Kept]]] = []
            for run in self._runs:
                if parts and parts[-1][0].take is run.take and parts[-1][1][-1].dts < run.packets[0].dts:
                    parts[-1][1].extend(run.packets)
                else:
                    parts.append((run, list(run.packets)))
        return [Excerpt(take=run.take, began=run.began, packets=packets) for run, packets in parts]

    def _trim(self, now: float) -> None:
        runs = self._runs
        while len(runs) > 1 and self._is_past(runs[0], runs[1], now):
            self.size -= runs.popleft().size
        if self.size > self._most:  # one run without end: nothing of it can be dropped by half
            self.size, self._broken = 0, True
            runs.clear()

    def _is_past(self, first: _Run, second: _Run, now: float) -> bool:
        too_long = now - first.began > _REACH * self.seconds
        return self.size > self._most or now - second.began >= self.seconds or too_long


def _head(stream: VideoStream, first: "av.Packet[Any]", unit: Fraction) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="nut") as container:
        track = container.add_stream_from_template(stream)
        packet = av.Packet(bytes(first))
        packet.pts = packet.dts = 0
        packet.time_base, packet.is_keyframe, packet.stream = unit, True, track
        container.mux(packet)
    return out.getvalue()
