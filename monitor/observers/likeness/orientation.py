"""The orientation in a picture's EXIF data: how the camera was held, and how the picture is turned upright again.

OpenCV turns JPEG alone, and nothing that keeps its transparency. Whatever makes no sense is upright: EXIF data is
written by strangers, and says nothing about whether a picture can be decoded.
"""

import struct

import numpy as np
from numpy.typing import NDArray

UPRIGHT = 1
_TAG = 0x0112
_SHORT = 3
_MOST_ENTRIES = 512
_PREFIX = b"Exif\0\0"  # JPEG's segment begins with it, and some WebP files' chunk


def orientation(exif: bytes) -> int:
    """1 to 8 as in EXIF 2.3, tag 274; ``exif``: a TIFF header and its first directory."""
    tiff = exif.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for number in range(min(count, _MOST_ENTRIES)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * number)
            if (tag, kind) == (_TAG, _SHORT):
                return value if UPRIGHT <= value <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """``pixels`` (H, W) or (H, W, C) as they are meant to be seen; 5 to 8 change places of width and height."""
    turned = pixels
    if orientation >= 5:
        turned = turned.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        turned = turned[::-1]
    if orientation in {2, 3, 6, 7}:
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)
