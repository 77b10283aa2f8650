"""The conditions of the harder test: streams as they look at their worst."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.training import scene, spoil

FRAME = (640, 360)
Rng = np.random.Generator
Degrade = Callable[[Rng, scene.Scene], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the looks of one row of the table are made: which head sizes and places, then what is done to the frame."""

    degrade: Degrade
    heads: tuple[float, float] = (0.22, 0.6)
    spread: float = 0.12
    turned: bool = False
    others: int = 0


def _plain(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    return spoil.h264([spoil.light(rng, made.frame)], {"preset": "veryfast", "qp": "27"})[0]


def _starved(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    """The second key frame of a moving picture at 150 kbit/s."""
    frames: list[NDArray[np.uint8]] = []
    width, height = FRAME
    for n in range(51):
        shift = np.array([6 * np.sin(n / 7), 4 * np.sin(n / 5)])
        matrix = spoil.placing(
            (width / 2, height / 2),
            1 + 0.02 * np.sin(n / 9),
            2 * np.sin(n / 11),
            False,
            (width / 2 + shift[0], height / 2 + shift[1]),
        )
        moved = cv2.warpAffine(made.frame, matrix, FRAME, borderMode=cv2.BORDER_REPLICATE)
        frames.append(np.asarray(moved, dtype=np.uint8))
    options = {"preset": "veryfast", "b": "150k", "maxrate": "150k", "bufsize": "150k", "g": "50", "bf": "0"}
    return spoil.h264(frames, options)[50]


def _covered(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    """Half of the head hidden behind a card or a picture."""
    x, y, w, h = (int(v) for v in made.boxes[0])
    half = [(x, y, w // 2, h), (x + w // 2, y, w // 2, h), (x, y, w, h // 2), (x, y + h // 2, w, h // 2)]
    frame = np.ascontiguousarray(made.frame)
    spoil.panel(rng, frame, half[int(rng.integers(4))], 1.0)
    return _plain(rng, scene.Scene(frame=frame, boxes=made.boxes))


def _busy(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    frame = np.ascontiguousarray(made.frame)
    spoil.overlays(rng, frame, often=0.6)
    return _plain(rng, scene.Scene(frame=frame, boxes=made.boxes))


CONDITIONS = {
    "plain": Condition(degrade=_plain),
    "150 kbit/s": Condition(degrade=_starved),
    "50 % of the head hidden": Condition(degrade=_covered),
    "head turned 33 to 50 degrees": Condition(degrade=_plain, turned=True),
    "small (head 9 to 15 % of the height)": Condition(degrade=_plain, heads=(0.09, 0.15), spread=0.2),
    "off-centre, overlays, a second avatar": Condition(degrade=_busy, spread=0.3, others=1),
}
