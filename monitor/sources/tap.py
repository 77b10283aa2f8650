"""The tap into aiortc: where its receivers hand over encoded frames, a decoder of ours takes them.

aiortc has no public hook for this. Its receiving thread looks ``get_decoder`` up in ``aiortc.rtcrtpreceiver`` at run
time; that one name is replaced, by a function that gives the original's answer for every codec that is not tapped.
"""

import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, cast

import aiortc
import av
from aiortc import rtcrtpreceiver
from aiortc.codecs.base import Decoder as AiortcDecoder
from av.video.codeccontext import VideoCodecContext

from monitor.sources.decoder import Decoder
from monitor.sources.feed import Feed
from monitor.sources.ring import Encoded, Take
from monitor.sources.source import Limit, StreamRefused, Watch

KNOWN_VERSION = "1.16."
PATCHED = "get_decoder"
CLOCK_RATE = 90_000
BEHIND = 1.0
"""Seconds of media that may be decoded without a pause; then frames are left out up to the next keyframe, since the
backlog is decoded to its end before a connection can close."""
_BREATH = 0.002
_NATIVE = {"h264": "h264", "vp8": "vp8"}  # libvpx, which aiortc takes, would allocate a picture bomb before refusing it
_IDR, _FRAGMENTS = 5, b"\x00\x00\x01"


class EncodedFrame(Protocol):
    """What aiortc hands over: Annex B or a VP8 frame, stamped at 90 kHz."""

    data: bytes
    timestamp: int


@dataclass(slots=True)
class Tap:
    """One reception's end: frames go to ``feed``, keyframe requests come back by ``wanted``."""

    feed: Feed
    limit: Limit
    closing: bool = False
    keyframe_at: float = 0.0
    refused: str = ""
    wanted: bool = True

    def decoder(self, codec: str) -> "TappedDecoder":
        """Make the decoder for a codec's name in lower case."""
        return TappedDecoder(self, codec)


class TappedDecoder(AiortcDecoder):
    """Decodes what is to be seen into the feed and returns nothing, so that aiortc's queues stay empty."""

    def __init__(self, tap: Tap, codec: str) -> None:
        self._tap = tap
        self._codec = codec
        context = cast("VideoCodecContext", av.CodecContext.create(_NATIVE[codec], "r"))
        self._decoder = Decoder(context, tap.limit)
        self._paused_at = 0.0
        self._returned_at = 0.0
        self._before = tap.feed.corrupt
        if tap.feed.ring is not None:
            tap.feed.ring.begin(Take(codec=codec, unit=Fraction(1, CLOCK_RATE)))

    def decode(self, encoded_frame: EncodedFrame) -> list[Any]:
        """Take one encoded frame; called in the receiver's thread, must never be slower than the stream."""
        tap = self._tap
        if tap.closing or tap.refused:
            return []
        arrived, pts = time.monotonic(), encoded_frame.timestamp / CLOCK_RATE
        tap.feed.packet(pts, arrived)
        keyframe = is_keyframe(self._codec, encoded_frame.data)
        if tap.feed.ring is not None:
            kept = Encoded(encoded_frame.data, encoded_frame.timestamp, keyframe=keyframe)
            tap.feed.ring.take(kept, keyframe=keyframe, arrived=arrived)
        if keyframe:
            tap.keyframe_at, tap.wanted = arrived, False
        if not (self._is_behind(pts, arrived) and not keyframe):
            self._decode(encoded_frame, keyframe=keyframe, arrived=arrived)
        self._returned_at = time.monotonic()
        return []

    def _decode(self, encoded_frame: EncodedFrame, *, keyframe: bool, arrived: float) -> None:
        tap = self._tap
        packet = av.Packet(encoded_frame.data)
        packet.pts = encoded_frame.timestamp
        try:
            frames = self._decoder.decode(packet, keyframe=keyframe, mode=tap.feed.mode, arrived=arrived)
        except StreamRefused as refusal:
            tap.refused = str(refusal)
            tap.feed.refuse(str(refusal))
            return
        for frame in frames:
            tap.feed.frame(frame, None if frame.pts is None else frame.pts / CLOCK_RATE, arrived)
        corrupt = self._before + self._decoder.corrupt
        if corrupt > tap.feed.corrupt:
            tap.feed.corrupt = corrupt
            tap.wanted = True

    def _is_behind(self, pts: float, now: float) -> bool:
        if now - self._returned_at > _BREATH:
            self._paused_at = pts
        if pts - self._paused_at <= BEHIND:
            return False
        if self._tap.feed.mode is Watch.FULL:
            self._decoder.skip()
            self._tap.wanted = True
        return True


def is_keyframe(codec: str, data: bytes) -> bool:
    """Whether an encoded frame can be decoded by itself: an IDR slice in Annex B, or VP8's inverse key bit."""
    if codec == "vp8":
        return bool(data) and data[0] & 1 == 0
    start = data.find(_FRAGMENTS)
    while start >= 0 and start + 3 < len(data):
        kind = data[start + 3] & 0x1F
        if kind in (1, _IDR):  # the first slice tells; nothing after it needs to be searched
            return kind == _IDR
        start = data.find(_FRAGMENTS, start + 3)
    return False


_taps: dict[int, tuple[object, Tap]] = {}
_lock = threading.Lock()
_original: Callable[[Any], Any] | None = None


def attach(codecs: list[Any], tap: Tap) -> None:
    """Route frames of these negotiated codecs of one receiver (aiortc's own objects, known by identity) to ``tap``."""
    _install()
    with _lock:
        for codec in codecs:
            _taps[id(codec)] = (codec, tap)


def detach(tap: Tap) -> None:
    """Forget a tap."""
    with _lock:
        for key in [key for key, (_, other) in _taps.items() if other is tap]:
            del _taps[key]


def _tapped_decoder(codec: Any) -> Any:
    with _lock:
        found = _taps.get(id(codec))
    if found is None:
        if _original is None:
            raise RuntimeError("the tap is not installed")
        return _original(codec)
    return found[1].decoder(codec.name.lower())


def _install() -> None:
    global _original
    with _lock:
        if _original is not None:
            return
        if not aiortc.__version__.startswith(KNOWN_VERSION):
            warnings.warn(f"the tap was tested with aiortc {KNOWN_VERSION}x, not {aiortc.__version__}", stacklevel=3)
        if not hasattr(aiortc.RTCRtpReceiver, "_send_rtcp_pli"):
            raise RuntimeError(f"aiortc {aiortc.__version__} has no _send_rtcp_pli: install {KNOWN_VERSION}x")
        _original = getattr(rtcrtpreceiver, PATCHED)
        setattr(rtcrtpreceiver, PATCHED, _tapped_decoder)
