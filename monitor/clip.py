"""Clips: what a ring has kept, as files that a browser plays, and stills of them. Remuxed, never encoded anew."""

import io
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import cv2

from monitor.observers.picture import colour
from monitor.sources.ring import Excerpt, Sound

_SOUNDS = {"mp4": frozenset({"aac", "mp3", "opus", "ac3"}), "webm": frozenset({"opus", "vorbis"})}
"""What each container takes besides; any other sound is left out."""
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
    """Write an excerpt as a file, with its sound where the container takes that. Raises ClipRefused."""
    web = excerpt.take.codec in _WEB
    container, suffix, media = ("webm", "webm", "video/webm") if web else ("mp4", "mp4", "video/mp4")
    sound = excerpt.take.sound
    heard = sound is not None and sound.codec in _SOUNDS[container] and bool(excerpt.sounds)
    try:
        content = _content(excerpt, container, heard=heard)
    except (av.FFmpegError, OSError, ValueError) as error:
        if not heard:
            raise ClipRefused(f"the packets cannot be written as {container}: {error}") from error
        return clip_of(replace(excerpt, sounds=()))  # a picture without its sound is better than none
    return Clip(content=content, media_type=media, suffix=suffix, began=excerpt.began, packets=len(excerpt.packets))


def _content(excerpt: Excerpt, container: str, *, heard: bool) -> bytes:
    with tempfile.TemporaryDirectory(prefix="nakanohito-") as folder:
        file = Path(folder) / "clip"
        _write(excerpt, file, container, heard=heard)
        return file.read_bytes()


def _write(excerpt: Excerpt, file: Path, container: str, *, heard: bool) -> None:
    options = {"movflags": "+faststart"} if container == "mp4" else {}
    take, zero = excerpt.take, excerpt.packets[0].dts * excerpt.take.unit
    with av.open(str(file), "w", format=container, options=options) as out:
        tracks = [(_track(excerpt, out), take.unit, excerpt.packets)]
        if heard and take.sound is not None:
            tracks.append((_sound_track(take.sound, out), take.sound.unit, excerpt.sounds))
        told = [
            (kept.dts * unit - zero, track, unit, kept)
            for track, unit, packets in tracks
            for kept in packets
            if kept.dts * unit >= zero
        ]
        for _, track, unit, kept in sorted(told, key=lambda one: one[0]):
            begins = round(zero / unit)
            packet = av.Packet(bytes(kept.data))
            packet.pts, packet.dts, packet.time_base = kept.pts - begins, kept.dts - begins, unit
            packet.is_keyframe, packet.stream = kept.keyframe, track
            out.mux(packet)


def _sound_track(sound: Sound, out: Any) -> Any:
    with av.open(io.BytesIO(sound.head), "r", format="nut") as told:
        return out.add_stream_from_template(told.streams.audio[0])


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
