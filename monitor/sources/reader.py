"""The thread of a pulled stream: connect, read, decode, connect again."""

import math
import threading
import time
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from monitor.egress import CheckedUrl, EgressPolicy, EgressRefused, HostUnknown, Resolve, checked_now
from monitor.sources.decoder import CODECS, Decoder
from monitor.sources.feed import Feed
from monitor.sources.http import HttpOpener
from monitor.sources.opening import OPENINGS, kind_of
from monitor.sources.pace import Pace
from monitor.sources.ring import Encoded, Ring
from monitor.sources.source import Limit, Patience, StreamRefused

ATTEMPTS_WITHOUT_VIDEO = 3
"""A live stream's video may begin later than its audio, so audio alone is refused only the third time."""
ENOUGH_LINES = 720
_FAILURES = (av.FFmpegError, OSError, ValueError)


class Reader:
    """What the reader thread does. Only it opens, reads and closes the container: PyAV crashes otherwise."""

    def __init__(
        self, url: str, feed: Feed, *, policy: EgressPolicy, patience: Patience, limit: Limit, resolve: Resolve
    ) -> None:
        self.stop = threading.Event()
        self._url = url
        self._opening = OPENINGS[kind_of(url)]
        self._feed = feed
        self._policy = policy
        self._patience = patience
        self._limit = limit
        self._resolve = resolve
        self._opener: HttpOpener | None = None
        self._without_video = 0
        self._packet_at = -math.inf

    def run(self) -> None:
        """Read until stopped, refused or, for what is finite, the end; connect anew after anything else."""
        pause = self._patience.retry_first
        while not self.stop.is_set():
            began, self._packet_at = time.monotonic(), -math.inf
            try:
                self._attempt()
            except HostUnknown as error:
                self._feed.trouble(str(error))
            except (StreamRefused, EgressRefused) as error:
                self._feed.refuse(str(error))
                return
            if self._packet_at > began:
                pause = self._patience.retry_first
            self.stop.wait(max(pause - (time.monotonic() - began), self._patience.retry_first))
            pause = min(2 * pause, self._patience.retry_longest)

    def abort(self) -> None:
        """End what blocks on our own sockets; from any thread."""
        opener = self._opener
        if opener is not None:
            opener.abort()

    def _attempt(self) -> None:
        """Read one connection to its end. Raises StreamRefused and EgressRefused."""
        checked = checked_now(self._url, self._policy, self._resolve)
        self._opener = opener = HttpOpener(self._policy, timeout=self._patience.stall_after, resolve=self._resolve)
        if self.stop.is_set():
            return
        try:
            with self._opening.open(checked, opener, self._patience) as container:
                opener.settled()
                self._follow(container)
        except _FAILURES as error:
            if checked.path is not None:
                raise StreamRefused(f"the file cannot be read: {_reason(error)}") from error
            self._feed.trouble(f"{checked.origin}: {_reason(error)}")
        else:
            self._at_end(checked)

    def _follow(self, container: InputContainer) -> None:
        stream = self._video(container)
        if stream is None:
            return
        self._feed.connected()
        decoder = Decoder(stream.codec_context, self._limit)
        ring, begun, sound = self._feed.ring, False, next(iter(container.streams.audio), None)
        pace = Pace() if self._opening.paced else None
        unit, before = float(stream.time_base or 1), self._feed.corrupt
        # Packets of other streams are fetched too, so that this loop sees the stop while video is silent.
        for packet in container.demux():
            if self.stop.is_set() or packet.size == 0:
                return
            if ring is not None and begun and sound is not None and packet.stream_index == sound.index:
                hear(ring, packet)
            if packet.stream_index == stream.index:
                self._take(packet, unit, decoder, pace)
                self._feed.corrupt = before + decoder.corrupt
                # Kept after it was decoded: only then the size of a picture is known that probing has not met.
                if ring is not None and (begun := begun or self._begin(ring, packet, stream, sound)):
                    ring.take(
                        packet, keyframe=packet.is_keyframe, arrived=time.monotonic() if packet.is_keyframe else 0.0
                    )

    def _take(self, packet: "av.Packet[Any]", unit: float, decoder: Decoder, pace: Pace | None) -> None:
        arrived = self._packet_at = time.monotonic()
        stamp = packet.dts if packet.dts is not None else packet.pts
        if pace is not None and stamp is not None and self.stop.wait(pace.wait(stamp * unit, arrived)):
            return
        if pace is not None:
            arrived = time.monotonic()
        self._feed.packet(None if packet.pts is None else packet.pts * unit, arrived)
        mode = self._feed.mode
        for frame in decoder.decode(packet, keyframe=packet.is_keyframe, mode=mode, arrived=arrived):
            self._feed.frame(frame, None if frame.pts is None else frame.pts * unit, arrived)

    def _begin(self, ring: Ring, packet: "av.Packet[Any]", stream: VideoStream, sound: AudioStream | None) -> bool:
        """Let the ring begin, with the connection's first keyframe; whether it has."""
        if not packet.is_keyframe:
            return False
        ring.begin_from(stream, packet, sound)
        return True

    def _video(self, container: InputContainer) -> VideoStream | None:
        """The stream to watch, the others discarded; None where another attempt may find one."""
        if not container.streams.video:
            self._without_video += 1
            if self._opening.finite or self._without_video >= ATTEMPTS_WITHOUT_VIDEO:
                what = "audio only" if container.streams.audio else "no video"
                raise StreamRefused(f"the stream carries {what}: publish video with it")
            self._feed.trouble("the stream carries no video")
            return None
        self._without_video = 0
        chosen = min(container.streams.video, key=_preference)
        for stream in container.streams.video:
            if stream is not chosen:
                stream.discard = Discard.all
        self._accept(chosen)
        return chosen

    def _accept(self, stream: VideoStream) -> None:
        """Raise StreamRefused for a codec or size that is not watched."""
        context = stream.codec_context
        name = "unknown" if context is None else context.codec.canonical_name
        if name not in CODECS:
            raise StreamRefused(f"the video codec is {name}: publish {', '.join(CODECS.values())}")
        if not self._limit.allows(context.width, context.height):
            raise self._limit.refusal(context.width, context.height)

    def _at_end(self, checked: CheckedUrl) -> None:
        """Tell a clean end: of a file or a closed playlist, the end; of a live stream, a failure like others."""
        if self.stop.is_set():
            return
        # A playlist that timed out ends as cleanly as one that is over; only its age tells them apart.
        if self._opening.finite and time.monotonic() - self._packet_at < self._patience.stall_after:
            self._feed.end("the file was played to its end" if checked.path else "the playlist came to its end")
            self.stop.set()
        elif not self._without_video:
            self._feed.trouble(f"{checked.origin}: the connection ended")


def hear(ring: Ring, packet: "av.Packet[Any]") -> None:
    """Keep a packet of sound; they are small and many, so that FFmpeg's own memory for each would be most of it."""
    stamp = packet.dts if packet.dts is not None else packet.pts
    if stamp is not None:
        ring.hear(Encoded(bytes(packet), stamp, keyframe=True, pts=packet.pts))


def _preference(stream: VideoStream) -> tuple[bool, int]:
    """Of several renditions the smallest that is large enough, else the largest."""
    lines = stream.codec_context.height if stream.codec_context is not None else 0
    return (lines < ENOUGH_LINES, lines if lines >= ENOUGH_LINES else -lines)


def _reason(error: Exception) -> str:
    """An error without the URL that FFmpeg puts in its text."""
    if isinstance(error, av.ExitError | TimeoutError):
        return "nothing came in time"
    return (error.strerror or type(error).__name__) if isinstance(error, av.FFmpegError) else str(error)
