"""Single looks at avatars of the set, through locator and encoder, for the harder test."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from monitor.observers.likeness import model
from monitor.observers.likeness.locator import Head, Locator
from monitor.observers.likeness.scaling import square
from monitor.observers.likeness.sight import CROP, LEAST_CONFIDENCE, OUTSIDE, bust, largeness, prominent
from monitor.observers.likeness.training import pictures, scene
from monitor.observers.likeness.training.conditions import FRAME, Condition, Rng

REFERENCES = 6
SEEN = 0.3  # least confidence of the locator, as in the calibration


class Eyes:
    """Locator and a bare encoder, before it has a calibration."""

    def __init__(self, encoder: Path, locator: Path | None = None) -> None:
        self._locator = Locator(_session(locator)) if locator else Locator.load()
        self._encoder = _session(encoder)

    def look(self, frame: NDArray[np.uint8], head: NDArray[np.float32]) -> tuple[NDArray[np.float32], float] | None:
        """Vector and confidence of the most prominent avatar; None where that is not the one at ``head``."""
        heads = [h for h in prominent(self._locator.heads(frame, least=LEAST_CONFIDENCE)) if _place(h) >= SEEN]
        if not heads:
            return None
        box = bust(heads[0].box)
        x, y, w, h = head  # a look at the other avatar of the frame is a miss, not an error of the encoder
        if not (x - w / 4 < box.centre[0] < x + w * 1.25 and y - h / 4 < box.y + box.h * 0.4 < y + h * 1.25):
            return None
        tile = square(frame, box.centre, box.w, CROP, OUTSIDE)
        vectors, *clear = self._encoder.run(None, {self._encoder.get_inputs()[0].name: tile[None]})
        return vectors[0], _place(heads[0]) * (float(clear[0][0]) if clear else 1.0)


def _session(file: Path) -> onnxruntime.InferenceSession:
    return model.session(model.contents(file), file.name)


def _place(head: Head) -> float:
    return head.confidence * largeness(head.box)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Vectors (k, d), confidence and identity (k,) of the looks that found an avatar; ``tried``: looks in all."""

    vectors: NDArray[np.float32]
    confidence: NDArray[np.float64]
    identity: NDArray[np.int64]
    tried: int

    def where(self, chosen: NDArray[np.bool_]) -> "Looks":
        """Only some of the looks."""
        return Looks(
            vectors=self.vectors[chosen],
            confidence=self.confidence[chosen],
            identity=self.identity[chosen],
            tried=self.tried,
        )


def references(
    rng: Rng, data: pictures.Pictures, eyes: Eyes, identities: list[int], each: int = REFERENCES
) -> dict[int, NDArray[np.float32]]:
    """So many clean pictures of each identity, 512x512, the first a frontal one."""
    out = {}
    for identity in identities:
        rows = np.flatnonzero(data.identity == identity)
        order = [rows[0], *rng.permutation(rows[1:])]
        found: list[NDArray[np.float32]] = []
        for row in order:
            made = scene.stage(rng, data, [int(row)], (512, 512), heads=(0.35, 0.7), spread=0.05)
            seen = eyes.look(made.frame, made.boxes[0])
            if seen is not None:
                found.append(seen[0])
            if len(found) == each:
                break
        out[identity] = np.stack(found)
    return out


def looks(
    rng: Rng, data: pictures.Pictures, eyes: Eyes, identities: list[int], condition: Condition, each: int
) -> Looks:
    """``each`` looks at every identity under ``condition``."""
    found, owners = [], []
    for identity in identities:
        rows = np.flatnonzero(data.identity == identity)
        if condition.turned:
            turned = rows[np.abs(data.angles[rows, 0]) >= 33]
            rows = turned if len(turned) else rows[np.argsort(-np.abs(data.angles[rows, 0]))[:4]]
        for _ in range(each):
            cast = [int(rng.choice(rows)), *(int(r) for r in rng.integers(len(data.boxes), size=condition.others))]
            made = scene.stage(rng, data, cast, FRAME, heads=condition.heads, spread=condition.spread)
            seen = eyes.look(condition.degrade(rng, made), made.boxes[0])
            if seen is not None:
                found.append(seen)
                owners.append(identity)
    return Looks(
        vectors=np.stack([vector for vector, _ in found]),
        confidence=np.array([confidence for _, confidence in found]),
        identity=np.array(owners),
        tried=each * len(identities),
    )
