"""Enrolment: reference pictures of an avatar become the vectors that it is recognised by."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.locator import Box
from monitor.observers.likeness.picture_file import LARGEST_FILE, PictureRefused, decoded, small_jpeg
from monitor.observers.likeness.sight import Sight, Sighting
from monitor.observers.likeness.video_file import frames_of

__all__ = [
    "EnrolledPicture",
    "PictureRefused",
    "kept_vectors_of",
    "scene_vectors_of",
    "vectors_of",
    "video_vectors_of",
]

_MOST_PICTURES = 64
_LEAST_CONFIDENCE = 0.3
_LEAST_HEAD = 32.0  # pixels
_REPEATED = 0.98  # similarity from which a frame tells nothing that another did not
_RIVAL = 0.5  # a second head of this share of the first one's size and confidence makes two avatars


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnrolledPicture:
    """A reference picture that was taken: ``vector`` float32 (d,), ``head`` in pixels of the upright picture,
    ``sha256`` of the file, its ``width`` and ``height`` in pixels and how surely an avatar was found, 0..1; ``kept``:
    the picture as a small JPEG."""

    vector: NDArray[np.float32]
    head: Box
    confidence: float
    sha256: str
    width: int
    height: int
    kept: bytes


def vectors_of(pictures: Sequence[bytes | Path], sight: Sight) -> list[EnrolledPicture]:
    """Encode every reference picture (a file's bytes or its path), in order.

    Raises PictureRefused, naming the picture, as soon as one cannot be taken: see picture_file.decoded, and those
    that show no avatar, a tiny one, or two of about the same size. Nothing is half enrolled.
    """
    if not pictures:
        raise PictureRefused("no pictures were given; send at least one that shows the avatar's head")
    if len(pictures) > _MOST_PICTURES:
        raise PictureRefused(f"{len(pictures)} pictures were given; {_MOST_PICTURES} at most are taken")
    enrolled = []
    for number, picture in enumerate(pictures, start=1):
        name = picture.name if isinstance(picture, Path) else f"picture {number}"
        try:
            enrolled.append(_enrolled(_bytes_of(picture), sight))
        except PictureRefused as refusal:
            raise PictureRefused(f"{name}: {refusal}") from refusal
    return enrolled


def video_vectors_of(video: bytes, sight: Sight) -> list[EnrolledPicture]:
    """Encode frames of a short video, those that show the avatar and differ from each other.

    Raises PictureRefused where it is no video that can be taken, or too few of its frames show one avatar.
    """
    digest = hashlib.sha256(video).digest()
    enrolled: list[EnrolledPicture] = []
    for number, pixels in enumerate(frames_of(video)):
        try:
            taken = _seen(pixels, hashlib.sha256(digest + number.to_bytes(4, "big")).hexdigest(), sight)
        except PictureRefused:
            continue
        if all(float(taken.vector @ other.vector) < _REPEATED for other in enrolled):
            enrolled.append(taken)
    if not enrolled:
        raise PictureRefused("video: no frame shows one avatar alone; send one that shows its head and shoulders")
    return enrolled


def scene_vectors_of(pictures: Sequence[bytes], sight: Sight) -> list[EnrolledPicture]:
    """Encode pictures of backgrounds and things: whatever is mistaken for a head on them, or else their middle."""
    enrolled = []
    for number, data in enumerate(pictures, start=1):
        try:
            pixels = decoded(data)
        except PictureRefused as refusal:
            raise PictureRefused(f"picture {number}: {refusal}") from refusal
        digest = hashlib.sha256(data).hexdigest()
        enrolled += [_of(pixels, seen, digest) for seen in sight.looks(pixels, most=4) or [sight.middle(pixels)]]
    return enrolled


def kept_vectors_of(kept: bytes, sight: Sight, *, scene: bool) -> list[NDArray[np.float32]]:
    """The vectors of a picture that was taken before and is kept, for a model that is new; none where it shows nobody.

    It was found fit to register with once, so that only what cannot be compared is left out.
    """
    try:
        if scene:
            return [one.vector for one in scene_vectors_of([kept], sight)]
        return [seen.vector for seen in sight.looks(decoded(kept), most=1)]
    except PictureRefused:
        return []


def _bytes_of(picture: bytes | Path) -> bytes:
    if isinstance(picture, bytes):
        return picture
    try:
        with picture.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise PictureRefused(f"the file cannot be read ({error.strerror})") from error


def _enrolled(data: bytes, sight: Sight) -> EnrolledPicture:
    return _seen(decoded(data), hashlib.sha256(data).hexdigest(), sight)


def _seen(pixels: NDArray[np.uint8], digest: str, sight: Sight) -> EnrolledPicture:
    seen = sight.looks(pixels, most=2)
    if not seen or seen[0].confidence < _LEAST_CONFIDENCE:
        raise PictureRefused("no avatar was found; send a picture that shows its head and shoulders from the front")
    first = seen[0]
    if max(first.head.w, first.head.h) < _LEAST_HEAD:
        raise PictureRefused("the avatar is too small; send a picture that its head fills more of")
    if len(seen) > 1 and _rivals(first, seen[1]):
        raise PictureRefused("two avatars were found; send a picture that shows only the one to be registered")
    return _of(pixels, first, digest)


def _of(pixels: NDArray[np.uint8], seen: Sighting, digest: str) -> EnrolledPicture:
    height, width = pixels.shape[:2]
    return EnrolledPicture(
        vector=seen.vector,
        head=seen.head,
        confidence=seen.confidence,
        sha256=digest,
        width=width,
        height=height,
        kept=small_jpeg(pixels),
    )


def _rivals(first: Sighting, second: Sighting) -> bool:
    x, y = second.head.centre
    inside = 0 <= x - first.head.x <= first.head.w and 0 <= y - first.head.y <= first.head.h
    if inside:  # a bun, an ear or a hat that looks like a head of its own
        return False
    large = second.head.w * second.head.h >= _RIVAL**2 * first.head.w * first.head.h
    return large and second.confidence >= max(_LEAST_CONFIDENCE * 1.5, _RIVAL * first.confidence)
