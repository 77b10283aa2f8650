import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.observers.likeness.picture_file import NEUTRAL, PictureRefused, decoded, read_header

from .conftest import drawn

PLAIN = drawn(side=128)


def encoded(form, picture=PLAIN):
    done, data = cv2.imencode(form, picture)
    assert done
    return data.tobytes()


def chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *, depth=8, colour=2, between=b"", rows=None):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    data = zlib.compress(rows if rows is not None else b"\0" * 64)
    return b"\x89PNG\r\n\x1a\n" + head + between + chunk(b"IDAT", data) + chunk(b"IEND")


def exif(orientation, order=">"):
    """EXIF data that gives an orientation, in either byte order."""
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    head = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(f"{order}I", 8)
    return head + struct.pack(f"{order}H", 1) + entry + struct.pack(f"{order}I", 0)


def turned(picture, orientation):
    """The file with EXIF data that gives its orientation."""
    if picture.startswith(b"\x89PNG"):
        return picture[:33] + chunk(b"eXIf", exif(orientation)) + picture[33:]
    if picture.startswith(b"RIFF"):
        return webp_turned(picture, exif(orientation, "<"))
    return jpeg_turned(picture, exif(orientation))


def webp_turned(webp, data):
    """The WebP in the extended form, which alone can hold EXIF data, behind the picture."""
    header = read_header(webp)
    size = (header.width - 1).to_bytes(3, "little") + (header.height - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x08\0\0\0" + size
    body = b"WEBP" + extended + webp[12:] + b"EXIF" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_turned(jpeg, tiff):
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def with_channels(jpeg, channels):
    at = next(jpeg.index(bytes([0xFF, c])) for c in (0xC0, 0xC2) if bytes([0xFF, c]) in jpeg)
    return jpeg[: at + 9] + bytes([channels]) + jpeg[at + 10 :]


@pytest.mark.parametrize("form", [".png", ".jpg", ".webp"])
def test_ordinary_pictures_are_decoded(form):
    out = decoded(encoded(form))
    assert out.shape == PLAIN.shape
    assert np.abs(out.astype(int) - PLAIN).mean() < 4


def test_grey_and_palette_and_progressive_pictures_become_colour():
    assert decoded(encoded(".png", PLAIN[..., 0])).shape == PLAIN.shape
    done, data = cv2.imencode(".jpg", PLAIN, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    assert done
    assert decoded(data.tobytes()).shape == PLAIN.shape


@pytest.mark.parametrize("form", [".png", ".webp"])
def test_a_transparent_picture_is_laid_on_neutral_grey(form):
    clear = np.zeros((96, 96, 4), np.uint8)
    clear[20:60, 20:60] = (10, 20, 200, 255)
    out = decoded(encoded(form, clear)).astype(int)
    assert np.abs(out[:10] - NEUTRAL).max() <= 2
    assert np.abs(out[30:50, 30:50] - (10, 20, 200)).max() <= 12


@pytest.mark.parametrize("form", [".jpg", ".png", ".webp"])
def test_an_exif_rotated_picture_is_turned_upright(form):
    wide = np.zeros((80, 160, 3), np.uint8)
    wide[:, :80] = 255
    out = decoded(turned(encoded(form, wide), 6))
    assert out.shape == (160, 80, 3)
    assert out[:60].mean() > 240
    assert out[100:].mean() < 15


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_as_opencv_turns_a_jpeg(orientation):
    quarters = np.zeros((64, 96, 3), np.uint8)
    quarters[:32, :48], quarters[:32, 48:], quarters[32:, :48] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    want = decoded(turned(encoded(".jpg", quarters), orientation)).astype(int)
    for form in (".png", ".webp"):
        assert np.abs(decoded(turned(encoded(form, quarters), orientation)).astype(int) - want).mean() < 8


def test_a_transparent_picture_is_turned_too():
    clear = np.zeros((80, 160, 4), np.uint8)
    clear[:, :80] = (10, 20, 200, 255)
    out = decoded(turned(encoded(".png", clear), 8)).astype(int)
    assert out.shape == (160, 80, 3)
    assert np.abs(out[100:] - (10, 20, 200)).max() <= 2
    assert np.abs(out[:60] - NEUTRAL).max() <= 2


@pytest.mark.parametrize(
    "data",
    [b"", b"MM\0*", exif(6)[:12], exif(9), exif(0), exif(6, "<").replace(b"II*", b"MM*"), b"MM\0*\xff\xff\xff\xff"],
)
def test_senseless_exif_data_turns_nothing(data):
    picture = encoded(".png", PLAIN)
    out = decoded(picture[:33] + chunk(b"eXIf", data) + picture[33:])
    assert np.array_equal(out, decoded(picture))


REFUSED = {
    "empty": (b"", "no JPEG, PNG or WebP"),
    "text": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG, PNG or WebP"),
    "gif": (b"GIF89a" + bytes(50), "GIF"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"),
    "bmp": (encoded(".bmp"), "no JPEG, PNG or WebP"),
    "png bomb": (png(50_000, 50_000), "50000x50000"),
    "png 16 bit": (encoded(".png", PLAIN.astype(np.uint16) * 257), "16 bits"),
    "animated png": (png(100, 100, between=chunk(b"acTL", bytes(8))), "animated"),
    "png cut": (encoded(".png")[:-30], "cut off"),
    "png of a header": (encoded(".png")[:20], "cut off"),
    "png without rows": (png(100, 100), "damaged"),
    "jpeg cut": (encoded(".jpg")[:-600], "cut off"),
    "jpeg of a header": (encoded(".jpg")[:12], "JPEG|cut off"),
    "jpeg cmyk": (with_channels(encoded(".jpg"), 4), "CMYK"),
    "jpeg bomb": (b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + bytes(20) + b"\xff\xd9", "65535x65535"),
    "webp cut": (encoded(".webp")[:-30], "cut off"),
    "webp animated": (
        b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02" + bytes(9),
        "animated",
    ),
    "webp unknown": (b"RIFF" + struct.pack("<I", 22) + b"WEBPJUNK" + bytes(14), "damaged"),
    "tiny": (encoded(".png", PLAIN[:40, :40]), "only 40x40"),
    "huge file": (b"\xff\xd8\xff" + bytes(26 * 2**20), "26 MiB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_with_what_to_do(name):
    data, complaint = REFUSED[name]
    with pytest.raises(PictureRefused, match=complaint):
        decoded(data)


def test_a_bomb_is_refused_by_its_header_alone(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(PictureRefused, match="megapixels"):
        decoded(png(20_000, 20_000))


@given(st.sampled_from([".png", ".jpg", ".webp"]), st.data())
def test_a_damaged_picture_is_decoded_or_refused_nothing_else(form, data):
    raw = bytearray(encoded(form, PLAIN[:64, :64]))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        out = decoded(bytes(raw))
    except PictureRefused:
        return
    assert out.dtype == np.uint8
    assert out.shape[2] == 3


@given(st.binary(max_size=200), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x10\0\0\0WEBP", b""]))
def test_noise_behind_a_signature_is_refused(tail, signature):
    try:
        read_header(signature + tail)
    except PictureRefused:
        return
