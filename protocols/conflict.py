"""Conflict: whether two sets of reference pictures show one likeness, and by which pair a person can see it best."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols.evidence import probability
from protocols.likeness import LikenessCalibration

_BEST = 2  # pictures, and references of each, that must agree: one alone may agree by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """How alike two sets are.

    ``similarity`` -1..1: mean of the best cosines of the best pictures; ``probability`` 0..1 that they are one
    likeness, with even prior odds; ``picture`` and ``other``: indices of the two that are most alike.
    """

    similarity: float
    probability: float
    picture: int
    other: int


def resemblance(
    pictures: NDArray[np.float32],
    others: NDArray[np.float32],
    calibration: LikenessCalibration,
    *,
    generic: NDArray[np.float32] | None = None,
) -> Resemblance | None:
    """Compare vectors (n, d) with another likeness's (m, d), all of length one.

    ``generic`` (k, d): looks that are nobody's; a picture that is as much like one of these as like the other counts
    for nothing. None where no picture counts.
    """
    cosines = pictures @ others.T
    best = np.sort(cosines, axis=1)[:, -_BEST:].mean(axis=1)
    if generic is not None and len(generic):
        counts = best > (pictures @ generic.T).max(axis=1)
        if not counts.any():
            return None
        cosines, best = np.where(counts[:, None], cosines, -np.inf), best[counts]
    similarity = float(np.sort(best)[-_BEST:].mean())
    picture, other = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
    return Resemblance(
        similarity=similarity,
        probability=probability(calibration.slope * (similarity - calibration.centre)),
        picture=int(picture),
        other=int(other),
    )
