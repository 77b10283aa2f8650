"""The ring: a stream's own packets of the last seconds, in memory, for evidence from before the trouble on.

Packets are kept as they came, by reference and never encoded anew, in runs that each begin with a keyframe; a run is
dropped as a whole, and the sound that came meanwhile with it. A connection of its own time stamps is a take of its own.
"""

import io
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

SECONDS = 30.0
MOST_BYTES = 48 * 1024 * 1024
"""Of one stream, 30 s at 12 Mbit/s: over so many the oldest runs are dropped, or one that has more by itself."""

_NOTHING = 16
_REACH = 1.15  # of the seconds: so much farther back a run may begin, for its keyframe's sake


@dataclass(frozen=True, slots=True)
class Kept:
    """One packet: its data, its time stamps in units of its take, and whether it can be decoded by itself."""

    data: Any
    pts: int
    dts: int
    keyframe: bool


class Packet(Protocol):
    """What is kept: a packet as FFmpeg gives it, or anything else of the kind."""

    size: int
    pts: int | None
    dts: int | None
    is_keyframe: bool

    def __bytes__(self) -> bytes:
        """Its data."""


class Encoded:
    """A packet of which only the data is there; ``stamp`` in units of its take."""

    __slots__ = ("_data", "dts", "is_keyframe", "pts", "size")

    def __init__(self, data: bytes, stamp: int, *, keyframe: bool, pts: int | None = None) -> None:
        self._data = data
        self.size = len(data)
        self.dts: int | None = stamp
        self.pts: int | None = stamp if pts is None else pts
        self.is_keyframe = keyframe

    def __bytes__(self) -> bytes:
        """Its data."""
        return self._data


@dataclass(slots=True)
class _Run:
    take: "Take"
    began: float
    size: int = 0
    packets: list[Packet] = field(default_factory=list)
    sounds: list[Packet] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """What the sound of a take is of: codec, unit in seconds, and a file that tells FFmpeg its parameters (NUT)."""

    codec: str
    unit: Fraction
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Take:
    """What packets of one connection are of: the codec, the unit of their time stamps in seconds, and ``head``, a file
    that tells FFmpeg the stream's parameters (NUT), or nothing where the first packet tells them itself; and its sound,
    on the same clock, where it has any."""

    codec: str
    unit: Fraction
    head: bytes = b""
    sound: Sound | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excerpt:
    """Packets of one take in order, the first a keyframe; ``began``: when it arrived, on the monotonic clock.

    ``sounds`` are in order as well, stamped in the unit of the take's sound.
    """

    take: Take
    began: float
    packets: Sequence[Kept]
    sounds: Sequence[Kept] = ()


class Ring:
    """One stream's. Filled by the thread that reads, read by any other.

    Almost every packet is one more reference in a list, which needs no lock; only a keyframe does more.
    """

    def __init__(self, seconds: float = SECONDS, most: int = MOST_BYTES) -> None:
        self.seconds = seconds
        self._most = most
        self._runs: deque[_Run] = deque()
        self._take: Take | None = None
        self._current: _Run | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of what is kept."""
        with self._lock:
            return sum(run.size for run in self._runs)

    def begin(self, take: Take) -> None:
        """A connection begins; nothing is kept of it before its first keyframe."""
        self._take, self._current = take, None

    def begin_from(self, stream: VideoStream, first: "av.Packet[Any]", sound: AudioStream | None = None) -> None:
        """The same for a stream that is being read, whose ``first`` keyframe has come; ``sound``: what is heard."""
        codec: str = stream.codec_context.codec.canonical_name
        unit = Fraction(1, 1000) if stream.time_base is None else stream.time_base
        try:
            head = _head(stream, first, unit)
        except (av.FFmpegError, ValueError):  # watching goes on; whether a clip can be made of it shows later
            head = b""
        self.begin(Take(codec=codec, unit=unit, head=head, sound=None if sound is None else _sound(sound)))

    def take(self, packet: Packet, *, keyframe: bool, arrived: float) -> None:
        """Keep a packet, which must not be changed any more."""
        run = self._current
        if keyframe and self._take is not None:
            run = self._turn(arrived)
        elif run is None:
            return
        run.packets.append(packet)
        run.size += packet.size
        if run.size > self._most:
            self._drop_all()

    def hear(self, packet: Packet) -> None:
        """Keep a packet of the take's sound, with the picture that is kept meanwhile."""
        run = self._current
        if run is not None and run.take.sound is not None:
            run.sounds.append(packet)
            run.size += packet.size

    def excerpts(self) -> list[Excerpt]:
        """What is kept, oldest first: a part for each take, and anew where time stamps go back."""
        with self._lock:
            runs = [(run.take, run.began, list(run.packets), list(run.sounds)) for run in self._runs]
        parts: list[tuple[Take, float, list[Kept], list[Packet]]] = []
        for take, began, packets, sounds in runs:
            kept = _forward(packets)
            if parts and kept and parts[-1][0] is take and parts[-1][2][-1].dts < kept[0].dts:
                parts[-1][2].extend(kept)
                parts[-1][3].extend(sounds)
            elif kept:
                parts.append((take, began, kept, sounds))
        return [
            Excerpt(take=take, began=began, packets=packets, sounds=_forward(sounds))
            for take, began, packets, sounds in parts
        ]

    def _turn(self, arrived: float) -> _Run:
        """Begin a run, and drop those that are past."""
        assert self._take is not None  # noqa: S101 - seen to by who calls
        with self._lock:
            self._current = run = _Run(self._take, arrived)
            self._runs.append(run)
            self._trim(arrived)
        return run

    def _drop_all(self) -> None:
        """One run without end: nothing of it can be dropped by half."""
        with self._lock:
            self._runs.clear()
            self._current = None

    def _trim(self, now: float) -> None:
        runs, size = self._runs, sum(run.size for run in self._runs)
        while len(runs) > 1 and (size > self._most or self._is_past(runs[0], runs[1], now)):
            size -= runs.popleft().size

    def _is_past(self, first: _Run, second: _Run, now: float) -> bool:
        return now - second.began >= self.seconds or now - first.began > _REACH * self.seconds


def _forward(packets: Sequence[Packet]) -> list[Kept]:
    """The packets up to where time stamps are missing or go back: what follows could not be decoded."""
    kept: list[Kept] = []
    for packet in packets:
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None or (kept and stamp <= kept[-1].dts):
            break
        kept.append(Kept(packet, stamp if packet.pts is None else packet.pts, stamp, packet.is_keyframe))
    return kept


def _sound(stream: AudioStream) -> Sound | None:
    """What is to be known of a sound; None where FFmpeg cannot say it."""
    out = io.BytesIO()
    try:
        with av.open(out, "w", format="nut") as container:
            track = container.add_stream_from_template(stream)
            packet = av.Packet(bytes(_NOTHING))  # a file without any packet could not be read again
            packet.pts = packet.dts = 0
            packet.time_base, packet.stream = Fraction(1, 1000), track
            container.mux(packet)
        codec: str = stream.codec_context.codec.canonical_name
    except (av.FFmpegError, ValueError, AttributeError):  # a codec that is not known here
        return None
    return Sound(
        codec=codec, unit=Fraction(1, 1000) if stream.time_base is None else stream.time_base, head=out.getvalue()
    )


def _head(stream: VideoStream, first: "av.Packet[Any]", unit: Fraction) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="nut") as container:
        track, seen = container.add_stream_from_template(stream), stream.codec_context
        if not track.codec_context.width:  # the stream had not told it when it was opened, its decoder knows
            track.codec_context.width, track.codec_context.height = seen.width, seen.height
        packet = av.Packet(bytes(first))
        packet.pts = packet.dts = 0
        packet.time_base, packet.is_keyframe, packet.stream = unit, True, track
        container.mux(packet)
    return out.getvalue()
