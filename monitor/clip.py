"""Clips: what a ring has kept, as files that a browser plays, and stills of them. Remuxed, never encoded anew."""

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2

from monitor.observers.picture import colour
from monitor.sources.ring import Excerpt

_WEB = frozenset({"vp8", "vp9", "av1"})  # what a browser plays in WebM; all else goes into MP4
_RAW = {"h264": "h264", "hevc": "hevc"}
_STILLS = 6
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 85)


class ClipRefused(Exception):
    """The packets cannot be written as a clip; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A clip: the file, what it is, when its first packet arrived (monotonic), and how many packets it holds."""

    content: bytes
    media_type: str
    suffix: str
    began: float
    packets: int


def clip_of(excerpt: Excerpt) -> Clip:
    """Write an excerpt as a file. Raises ClipRefused."""
    web = excerpt.take.codec in _WEB
    container, suffix, media = ("webm", "webm", "video/webm") if web else ("mp4", "mp4", "video/mp4")
    try:
        with tempfile.TemporaryDirectory(prefix="nakanohito-") as folder:
            file = Path(folder) / f"clip.{suffix}"
            _write(excerpt, file, container)
            content = file.read_bytes()
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ClipRefused(f"the packets cannot be written as {container}: {error}") from error
    return Clip(content=content, media_type=media, suffix=suffix, began=excerpt.began, packets=len(excerpt.packets))


def _write(excerpt: Excerpt, file: Path, container: str) -> None:
    options = {"movflags": "+faststart"} if container == "mp4" else {}
    unit, zero = excerpt.take.unit, excerpt.packets[0].dts
    with av.open(str(file), "w", format=container, options=options) as out:
        track = _track(excerpt, out)
        for kept in excerpt.packets:
            packet = av.Packet(bytes(kept.data))
            packet.pts, packet.dts, packet.time_base = kept.pts - zero, kept.dts - zero, unit
            packet.is_keyframe, packet.stream = kept.keyframe, track
            out.mux(packet)


def _track(excerpt: Excerpt, out: Any) -> Any:
    """The stream to write to, with the parameters of the one that was read."""
    take, first = excerpt.take, bytes(excerpt.packets[0].data)
    if take.head or take.codec in _RAW:
        form = "nut" if take.head else _RAW[take.codec]
        with av.open(io.BytesIO(take.head or first), "r", format=form) as told:
            return out.add_stream_from_template(told.streams.video[0])
    width, height = _vp8_size(first)
    return out.add_mux_stream(take.codec, width=width, height=height)


def _vp8_size(keyframe: bytes) -> tuple[int, int]:
    """Width and height in a VP8 keyframe's header (RFC 6386, 9.1). Raises ValueError."""
    if len(keyframe) < 10 or keyframe[3:6] != b"\x9d\x01\x2a":
        raise ValueError("the keyframe has no header")
    width, height = (int.from_bytes(keyframe[place : place + 2], "little") & 0x3FFF for place in (6, 8))
    return width, height


def stills_of(clip: Clip) -> list[tuple[float, bytes]]:
    """Up to six keyframes of a clip as JPEG, each with its time in the clip. Raises ClipRefused where none decodes."""
    found: list[tuple[float, av.VideoFrame]] = []
    try:
        with av.open(io.BytesIO(clip.content), "r") as container:
            track = container.streams.video[0]
            track.codec_context.skip_frame = "NONKEY"
            track.codec_context.thread_count = 1
            found += [(float(frame.time or 0.0), frame) for frame in container.decode(track)]
    except (av.FFmpegError, ValueError) as error:
        if not found:
            raise ClipRefused(f"no picture of the clip can be decoded: {error}") from error
    if not found:
        raise ClipRefused("no picture of the clip can be decoded")
    chosen = found[:: max(1, -(-len(found) // _STILLS))]
    return [(at, _jpeg(frame)) for at, frame in chosen]


def _jpeg(frame: av.VideoFrame) -> bytes:
    return bytes(cv2.imencode(".jpg", colour(frame), _JPEG)[1])
