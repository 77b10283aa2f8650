"""A short reference video from a stranger: some of its frames, spread over its length."""

import io

import av
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.picture_file import LARGEST_FILE, LARGEST_PICTURE, SMALLEST_SIDE, PictureRefused

LONGEST = 60.0  # seconds
FRAMES = 12
_MOST_DECODED = 3_700  # frames: a minute at 60 a second, and a little


def frames_of(data: bytes) -> list[NDArray[np.uint8]]:
    """Up to FRAMES frames (H, W, 3) uint8 BGR, evenly spread. Raises PictureRefused, saying what to send instead."""
    if len(data) > LARGEST_FILE:
        raise PictureRefused(f"video: the file has {len(data) >> 20} MiB; send one of at most {LARGEST_FILE >> 20} MiB")
    try:
        count = _count(data)
        wanted = {round(number) for number in np.linspace(0, count - 1, min(FRAMES, count))} if count else set()
        with av.open(io.BytesIO(data), mode="r") as container:
            frames = enumerate(container.decode(_stream(container)))
            return [_pixels(frame) for number, frame in frames if number in wanted]
    except (av.FFmpegError, OSError, ValueError, EOFError) as error:
        if isinstance(error, PictureRefused):
            raise
        raise PictureRefused("video: it cannot be decoded; send an MP4 or WebM") from error


def _count(data: bytes) -> int:
    """How many frames it has, by decoding it once: what a header says cannot be relied upon."""
    count = 0
    with av.open(io.BytesIO(data), mode="r") as container:
        for frame in container.decode(_stream(container)):
            count += 1
            if count > _MOST_DECODED or (frame.time or 0.0) > LONGEST:
                raise PictureRefused(f"video: it is too long; send one of at most {LONGEST:g} seconds")
    if not count:
        raise PictureRefused("video: no frame can be decoded; send an MP4 or WebM")
    return count


def _stream(container: av.container.InputContainer) -> av.VideoStream:
    if not container.streams.video:
        raise PictureRefused("video: it holds no picture; send a video that shows the avatar")
    stream = container.streams.video[0]
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > LARGEST_PICTURE or min(width, height) < SMALLEST_SIDE:
        raise PictureRefused(
            f"video: it has {width}x{height} pixels; send one of at least {SMALLEST_SIDE} a side and at most "
            f"{LARGEST_PICTURE // 1_000_000} megapixels"
        )
    stream.codec_context.thread_count = 1
    return stream


def _pixels(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
