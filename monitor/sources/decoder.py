"""Decoding with two modes: keyframes only, or every frame from the next keyframe on."""

import math
from typing import Any

import av
from av.video.codeccontext import VideoCodecContext

from monitor.sources.source import Limit, Watch

CODECS = {"h264": "H.264", "hevc": "HEVC", "vp8": "VP8", "vp9": "VP9", "av1": "AV1"}
SHORTEST_GAP = 0.2
"""Seconds between keyframes in ambient watching; what has more of them, up to every frame, is thinned out."""


def make_thrifty(context: VideoCodecContext) -> None:
    """Let ``context``, which must not have been opened yet, decode on one thread, and smooth block edges on keyframes
    alone: the rest takes a sixth of the time, and what is looked for between them is motion."""
    context.thread_count = 1
    context.options = {**context.options, "skip_loop_filter": "nokey"}


class Decoder:
    """One thread's decoder around a codec context of its own, which must not have been opened yet.

    A keyframe alone is decoded by draining the decoder after it and flushing. Skipping the other frames inside of
    the decoder would give each keyframe of a stream with B-frames two keyframes late.
    """

    def __init__(self, context: VideoCodecContext, limit: Limit) -> None:
        make_thrifty(context)
        context.options = {**context.options, "max_pixels": str(limit.pixels)}
        self._context = context
        self._limit = limit
        self._flowing = False
        self._last_keyframe = -math.inf
        self.corrupt = 0

    def decode(self, packet: "av.Packet[Any]", *, keyframe: bool, mode: Watch, arrived: float) -> list[av.VideoFrame]:
        """Frames that are to be seen in this mode. Raises StreamRefused for pictures over the limit."""
        full = mode is Watch.FULL
        if not (full or keyframe or self._flowing):
            return []
        if not full and keyframe and not self._flowing and arrived - self._last_keyframe < SHORTEST_GAP:
            return []
        try:
            return self._seen(self._feed(packet, keyframe=keyframe, full=full, arrived=arrived))
        except av.FFmpegError as error:
            self._recover(error, keyframe=keyframe)
            return []

    def skip(self) -> None:
        """Go on at the next keyframe, after frames were left out."""
        if self._flowing:
            self._flowing = False
            self._context.flush_buffers()

    def _feed(self, packet: "av.Packet[Any]", *, keyframe: bool, full: bool, arrived: float) -> list[av.VideoFrame]:
        frames: list[av.VideoFrame] = []
        if self._flowing and not full:
            frames = self._drain()
            self._flowing = False
        if keyframe:
            self._last_keyframe = arrived
            frames += self._context.decode(packet)
            self._flowing = full
            if not full:
                frames += self._drain()
        elif self._flowing:
            frames += self._context.decode(packet)
        return frames

    def _drain(self) -> list[av.VideoFrame]:
        frames = list(self._context.decode(None))
        self._context.flush_buffers()
        return frames

    def _seen(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        for frame in frames:
            if not self._limit.allows(frame.width, frame.height):
                raise self._limit.refusal(frame.width, frame.height)
        whole = [frame for frame in frames if not frame.is_corrupt]
        self.corrupt += len(frames) - len(whole)
        return whole

    def _recover(self, error: av.FFmpegError, *, keyframe: bool) -> None:
        width, height = self._context.width, self._context.height
        if not self._limit.allows(width, height):
            raise self._limit.refusal(width, height) from error
        # How decoders refuse a keyframe over max_pixels; what is merely damaged is "invalid data" to all of them.
        if keyframe and isinstance(error, av.ArgumentError | av.MemoryError | av.OverflowError):
            raise self._limit.refusal() from error
        self.corrupt += 1
        self._flowing = False
        self._context.flush_buffers()
