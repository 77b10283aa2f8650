"""What one look costs: find the avatar on a 1280x720 picture and encode it, on one thread."""

import statistics
import time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness import Sight
from tests.unit.monitor.observers.likeness.conftest import drawn

FIGURES = ("likeness_ms_per_look",)
RUNS = 7
LOOKS = 30
LIMIT = 8.0


def figures() -> dict[str, dict[str, Any]]:
    """Return likeness_ms_per_look."""
    cv2.setNumThreads(1)
    sight, picture = Sight.load(), stage()
    once(sight, picture)
    costs = [statistics.median(once(sight, picture) for _ in range(LOOKS)) for _ in range(RUNS)]
    return {
        "likeness_ms_per_look": {
            "value": round(statistics.median(costs), 2),
            "unit": "ms",
            "limit": LIMIT,
            "how": (
                "CPU of one thread to locate and encode one avatar on a 1280x720 BGR picture, the whole picture"
                f" searched each time; {LOOKS} looks a run, medians"
            ),
            "runs": RUNS,
            "min": round(min(costs), 2),
            "max": round(max(costs), 2),
        }
    }


def stage() -> NDArray[np.uint8]:
    """A drawn avatar of head and shoulders on a noisy 1280x720 picture."""
    picture = np.random.default_rng(1).integers(90, 150, (720, 1280, 3), dtype=np.uint8)
    picture[220:720, 390:890] = drawn(side=500)
    return picture


def once(sight: Sight, picture: NDArray[np.uint8]) -> float:
    """Milliseconds of this thread's CPU for one look."""
    began = time.thread_time()
    seen = sight.look(picture)
    spent = (time.thread_time() - began) * 1e3
    if seen is None or seen.confidence < sight.encoder.calibration.least_confidence:
        raise RuntimeError("the avatar on the picture was not found")
    return spent


if __name__ == "__main__":
    print(figures())
