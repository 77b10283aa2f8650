"""How fast recordings are judged: seconds of 640x360 video per CPU second, everything on one core's account."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

from monitor.observers.likeness.sight import Sight
from monitor.replay import Recording, Replay, pictures_of, telemetry_of
from protocols.policy import STANDARD
from tests.footage import Shot, footage

FIGURES = ("replay_speed",)
RUNS = 5
LIMIT = 20.0


def figures() -> dict[str, dict[str, Any]]:
    """Return replay_speed."""
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as folder:
        material = footage(Path(folder))
        shot = material.of("driven")[0]
        speeds = [_run(shot, Path(material.stills[shot.avatar][0]).parent) for _ in range(RUNS)]
    return {
        "replay_speed": {
            "value": round(statistics.median(speeds), 2),
            "unit": "s/s",
            "limit": LIMIT,
            "how": (
                f"seconds of 640x360 video with telemetry judged by the standard policy per CPU second"
                f" ({shot.seconds:g} s clip, models loaded before), median; higher is better"
            ),
            "runs": RUNS,
            "min": round(min(speeds), 2),
            "max": round(max(speeds), 2),
        }
    }


def _run(shot: Shot, stills: Path) -> float:
    """Judge the clip once; video seconds per CPU second of this process."""
    cv2.setNumThreads(1)
    sight = Sight.load()
    recording = Recording(
        video=shot.picture,
        claimed=pictures_of(stills, sight),
        gallery={},
        telemetry=None if shot.telemetry is None else telemetry_of(shot.telemetry),
        challenges=(),
    )
    began = time.process_time()
    lines = list(Replay(recording, sight, STANDARD, "standard").lines())
    if lines[-1]["type"] != "summary":
        raise RuntimeError(f"the replay did not come to its end: {lines[-1]}")
    return shot.seconds / (time.process_time() - began)


if __name__ == "__main__":
    print(figures())
