"""Picture files from strangers: what they are is read from their headers before anything is decoded."""

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.orientation import UPRIGHT, orientation, upright

LARGEST_FILE = 25 * 2**20  # bytes
LARGEST_PICTURE = 40_000_000  # pixels
SMALLEST_SIDE = 64  # pixels
NEUTRAL = 128  # grey that transparent pictures are laid on
KEPT_SIDE = 384  # pixels
_KEPT_QUALITY = 85
_MOST_SEGMENTS = 4096


class PictureRefused(ValueError):
    """A picture cannot serve as a reference; the message says why and what to send instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a picture file says of itself: ``form`` ``png``, ``jpeg`` or ``webp``, and its size in pixels as stored.

    ``orientation`` of PNG and WebP as in EXIF, 1 to 8; OpenCV sees to that of JPEG.
    """

    form: str
    width: int
    height: int
    orientation: int = UPRIGHT


def decoded(data: bytes) -> NDArray[np.uint8]:
    """The picture as (H, W, 3) uint8 BGR: turned upright by its EXIF orientation, transparency laid on grey.

    Raises PictureRefused for anything but one whole still JPEG, PNG or WebP of 64 pixels a side to 40 megapixels,
    25 MiB at most, with 8 bits a channel in grey, RGB or a palette.
    """
    header = read_header(data)
    if header.width * header.height > LARGEST_PICTURE:
        raise PictureRefused(
            f"the picture has {header.width}x{header.height} pixels; send one of at most "
            f"{LARGEST_PICTURE // 1_000_000} megapixels"
        )
    if min(header.width, header.height) < SMALLEST_SIDE:
        raise PictureRefused(
            f"the picture is only {header.width}x{header.height}; send one of at least {SMALLEST_SIDE} pixels a side"
        )
    # Alpha is kept by IMREAD_UNCHANGED, which ignores EXIF.
    flags = cv2.IMREAD_COLOR if header.form == "jpeg" else cv2.IMREAD_UNCHANGED
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise PictureRefused("the picture cannot be decoded; export it again as PNG or JPEG") from error
    if pixels is None:
        raise PictureRefused("the picture is damaged or cut off; export it again as PNG or JPEG")
    if pixels.dtype != np.uint8:
        raise PictureRefused("the picture has more than 8 bits a channel; export it with 8")
    if {header.width, header.height} != set(pixels.shape[:2]):
        raise PictureRefused("the picture's size is not what its header says; export it again as PNG or JPEG")
    return _opaque(upright(np.asarray(pixels, dtype=np.uint8), header.orientation))


def small_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """``pixels`` (H, W, 3) uint8 BGR as a JPEG of at most KEPT_SIDE a side: what is kept for reviewers to look at.

    It is encoded from the pixels alone, so that nothing of the file's metadata is left.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, KEPT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _KEPT_QUALITY])[1].tobytes()


def read_header(data: bytes) -> Header:
    """What the file says of itself, without decoding. Raises PictureRefused."""
    if len(data) > LARGEST_FILE:
        raise PictureRefused(f"the file has {len(data) >> 20} MiB; send one of at most {LARGEST_FILE >> 20} MiB")
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError) as error:
        raise PictureRefused("the picture is cut off; send the whole file") from error
    if data.startswith((b"GIF8", b"\x00\x00\x00")) and (data[:4] == b"GIF8" or data[4:8] == b"ftyp"):
        raise PictureRefused("GIF, HEIC, AVIF and videos are not taken; send a still JPEG, PNG or WebP")
    raise PictureRefused("this is no JPEG, PNG or WebP picture; send one of those")


def _png(data: bytes) -> Header:
    width, height, depth = struct.unpack(">IIB", data[16:25])
    if data[12:16] != b"IHDR":
        raise PictureRefused("the PNG is damaged; export it again")
    if depth > 8:
        raise PictureRefused("the PNG has 16 bits a channel; export it with 8")
    at, ended, turned = 8, False, UPRIGHT
    for _ in range(_MOST_SEGMENTS):
        if at >= len(data):
            break
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"acTL":
            raise PictureRefused("the PNG is animated; send a still picture")
        if kind == b"eXIf":
            turned = orientation(data[at + 8 : at + 8 + length])
        ended = kind == b"IEND" and at + 12 <= len(data)
        if ended:
            break
        at += 12 + length
    if not ended:
        raise PictureRefused("the PNG is cut off; send the whole file")
    return Header(form="png", width=width, height=height, orientation=turned)


def _jpeg(data: bytes) -> Header:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        marker, code, length = struct.unpack(">BBH", data[at : at + 4])
        if marker != 0xFF:
            break
        if code in range(0xC0, 0xD0) and code not in {0xC4, 0xC8, 0xCC}:
            return _jpeg_frame(data, at + 4)
        if code == 0xFF:  # a fill byte
            at += 1
            continue
        at += 2 + length
    raise PictureRefused("the JPEG is damaged; export it again")


def _jpeg_frame(data: bytes, at: int) -> Header:
    depth, height, width, channels = struct.unpack(">BHHB", data[at : at + 6])
    if depth != 8:
        raise PictureRefused(f"the JPEG has {depth} bits a channel; export it with 8")
    if channels not in {1, 3}:
        raise PictureRefused("the JPEG is CMYK, made for print; export it in RGB")
    if b"\xff\xd9" not in data[-1024:]:
        raise PictureRefused("the JPEG is cut off; send the whole file")
    return Header(form="jpeg", width=width, height=height)


def _webp(data: bytes) -> Header:
    if struct.unpack("<I", data[4:8])[0] + 8 > len(data):
        raise PictureRefused("the WebP is cut off; send the whole file")
    turned = UPRIGHT
    match data[12:16]:
        case b"VP8X":
            if data[20] & 0x02 or b"ANIM" in data[: min(len(data), 4096)]:
                raise PictureRefused("the WebP is animated; send a still picture")
            width, height = (int.from_bytes(data[n : n + 3], "little") + 1 for n in (24, 27))
            turned = _webp_orientation(data)
        case b"VP8L":
            bits = struct.unpack("<I", data[21:25])[0]
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (n & 0x3FFF for n in struct.unpack("<HH", data[26:30]))
        case _:
            raise PictureRefused("the WebP is damaged; export it again")
    return Header(form="webp", width=width, height=height, orientation=turned)


def _webp_orientation(data: bytes) -> int:
    at = 12
    for _ in range(_MOST_SEGMENTS):
        if at + 8 > len(data):
            break
        kind, length = struct.unpack("<4sI", data[at : at + 8])
        if kind == b"EXIF":
            return orientation(data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return UPRIGHT


def _opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if pixels.shape[2] == 3:
        return pixels
    if pixels.shape[2] != 4:
        raise PictureRefused("the picture has an unusual kind of colour; export it in RGB")
    alpha = pixels[..., 3:].astype(np.uint16)
    laid = (pixels[..., :3] * alpha + NEUTRAL * (255 - alpha) + 127) // 255
    return laid.astype(np.uint8)
