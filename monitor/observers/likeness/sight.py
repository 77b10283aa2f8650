"""Find the avatar on a picture and tell whose likeness it is: two small networks, run on one CPU core."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.encoder import Encoder
from monitor.observers.likeness.locator import Box, Head, Locator
from monitor.observers.likeness.scaling import square

CROP = 112  # the committed encoder sees CROP x CROP pixels
BUST_SIDE = 1.6  # side of the square round head and bust, in the longer side of the head's box
BUST_DROP = 0.1  # how far the square's centre lies below the head's, in sides of the square
OUTSIDE = 114  # grey of what lies outside of the frame
LEAST_SIDE = 16  # pixels; a picture smaller than that shows nothing
LEAST_CONFIDENCE = 0.15  # a head less sure than that is not reported at all
_SURELY = 1.25  # times the cap of a look, in nats, that an avatar is the one seen before
_CLEAR_HEAD = 40.0  # pixels; confidence falls in proportion for a head smaller than that


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """An avatar seen on a picture.

    ``head`` and ``bust`` in pixels of the picture; ``place`` 0..1 that this is an avatar's head, large enough to tell
    whose; ``confidence`` the same times how clearly it is seen, uncovered and sharp; ``vector`` float32 (d,) of length
    one.
    """

    head: Box
    bust: Box
    place: float
    confidence: float
    vector: NDArray[np.float32]


class Sight:
    """Locator and encoder together. May be shared between threads."""

    def __init__(self, locator: Locator, encoder: Encoder) -> None:
        self._locator = locator
        self.encoder = encoder

    @classmethod
    def load(cls, model: Path | None = None, sha256: str | None = None) -> Self:
        """With the encoder in the ONNX file ``model``, or the one that comes with the package.

        Raises ModelRefused for a file that is no likeness encoder, and for one whose hash is not ``sha256``.
        """
        return cls(Locator.load(), Encoder.load(model, sha256))

    def look(self, picture: NDArray[np.uint8]) -> Sighting | None:
        """The most prominent avatar on ``picture`` (H, W, 3) uint8 BGR, or None where none is seen.

        Raises ValueError for what is not such a picture.
        """
        seen = self.looks(picture, most=1)
        return seen[0] if seen else None

    def looks(self, picture: NDArray[np.uint8], *, most: int) -> list[Sighting]:
        """Up to ``most`` avatars on ``picture``, the most prominent (sure, large) first."""
        _checked(picture)
        if min(picture.shape[:2]) < LEAST_SIDE:
            return []
        heads = self._locator.heads(picture, least=LEAST_CONFIDENCE)
        heads = prominent(heads)[:most]
        if not heads:
            return []
        busts = [bust(h.box) for h in heads]
        squares = [square(picture, b.centre, b.w, self.encoder.side, OUTSIDE) for b in busts]
        vectors, clear = self.encoder.encode(np.stack(squares))
        return [
            Sighting(head=h.box, bust=b, place=place, confidence=place * float(c), vector=v)
            for h, b, v, c in zip(heads, busts, vectors, clear, strict=True)
            for place in (h.confidence * largeness(h.box),)
        ]

    def again(self, picture: NDArray[np.uint8], before: Sighting) -> Sighting | None:
        """Who stands where ``before`` stood, without looking for heads; None unless it is surely the same avatar.

        ``before`` was seen by the locator on an earlier picture of the same size. Surely: a quarter more like it
        than a look at a registered avatar must be to count in full.
        """
        _checked(picture)
        tile = square(picture, before.bust.centre, before.bust.w, self.encoder.side, OUTSIDE)
        vectors, clear = self.encoder.encode(tile[None])
        calibration = self.encoder.calibration
        if calibration.slope * (float(vectors[0] @ before.vector) - calibration.centre) < _SURELY * calibration.cap:
            return None
        return replace(before, vector=vectors[0], confidence=before.place * float(clear[0]))

    def middle(self, picture: NDArray[np.uint8]) -> Sighting:
        """What would be seen if an avatar stood in the middle of ``picture``, filling it; for what is none."""
        height, width = picture.shape[:2]
        side = min(height, width) / BUST_SIDE
        head = Box(x=(width - side) / 2, y=(height - side) / 2, w=side, h=side)
        around = bust(head)
        tile = square(picture, around.centre, around.w, self.encoder.side, OUTSIDE)
        vectors, _ = self.encoder.encode(tile[None])
        return Sighting(head=head, bust=around, place=0.0, confidence=0.0, vector=vectors[0])


def _checked(picture: NDArray[np.uint8]) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"a picture is uint8 (h, w, 3), not {picture.dtype} {picture.shape}")


def prominent(heads: list[Head]) -> list[Head]:
    """Of several heads those that are half as sure as the surest or more, the largest and surest first."""
    surest = max((h.confidence for h in heads), default=0.0)
    sure = [h for h in heads if h.confidence >= surest / 2]
    return sorted(sure, key=lambda h: h.confidence**2 * (h.box.w * h.box.h) ** 0.5, reverse=True)


def largeness(head: Box) -> float:
    """0..1: how far the head's size allows to tell whose it is."""
    return min(1.0, max(head.w, head.h) / _CLEAR_HEAD)


def bust(head: Box) -> Box:
    """The square round head and bust that the encoder sees."""
    side = BUST_SIDE * max(head.w, head.h)
    x, y = head.centre
    return Box(x=x - side / 2, y=y + BUST_DROP * side - side / 2, w=side, h=side)
