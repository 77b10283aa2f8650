"""How long until HUMAN is said, and, once the driver is another, until it is no longer said.

    python -m tests.bench.time_to_verdict [SET]

SET is a folder with MANIFEST.json, clips and telemetry (default: ../shared/clips, or where NAKANOHITO_SHARED says;
without one, clips that the sample studio films). Every driven clip is judged by the whole judge, on motion alone.
For the second figure another driven clip's picture follows, told by the telemetry of a stranger to it: the motion goes
on, its driver does not. Seconds of the stream, judged twice a second; what was never said counts as longer than any.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from protocols.judge import Judge
from protocols.likeness import LikenessCalibration
from protocols.observation import Motion, Presence
from protocols.policy import STANDARD
from protocols.telemetry import TelemetrySample
from protocols.verdict import Driver
from samples.studio.clip import Clip, film
from tests.bench.calibrate_driving import SHARED, takes, watched

EVERY = 0.5
AVATARS = ("sakura", "kuro", "robo")
NOBODY = LikenessCalibration(
    centre=0.3, slope=12, cap=4, memory=0.6, independent_s=1, least_confidence=0.2, full_confidence=0.6, stale_s=20
)


def told(path: Path) -> list[TelemetrySample]:
    """The telemetry of a file of JSON lines."""
    return [TelemetrySample.from_wire(json.loads(line)) for line in path.read_text().splitlines()]


def later(observed: Sequence[Any], by: float) -> list[Any]:
    """The same so many seconds later."""
    return [replace(one, at=one.at + by) for one in observed]


def verdicts(seen: Sequence[Motion], samples: Sequence[TelemetrySample], end: float) -> Iterator[tuple[float, Driver]]:
    """What is said of the stream, twice a second until ``end``."""
    judge = Judge(
        policy=STANDARD, policy_id="bench", claimed=np.eye(4, dtype=np.float32)[[0]], gallery={}, likeness=NOBODY
    )
    waiting = sorted([*seen, *samples], key=lambda one: one.at)
    judge.consider([Presence(at=0.0, operator="op_bench", connected=True, cause="bench")], 0.0)
    taken = 0
    for at in np.arange(EVERY, end + EVERY, EVERY).tolist():
        first, taken = taken, next((n for n in range(taken, len(waiting)) if waiting[n].at > at), len(waiting))
        yield at, judge.consider(waiting[first:taken], at)[0].driver


def first(said: Sequence[tuple[float, Driver]], after: float, *, human: bool) -> float:
    """Seconds after ``after`` until HUMAN is said, or no longer is; infinite where that did not come."""
    return next((at - after for at, driver in said if at > after and (driver is Driver.HUMAN) is human), math.inf)


def filmed(folder: Path) -> Path:
    """A set that the sample studio films: three avatars, two takes each."""
    clips = [
        film(Clip(name=f"s{n}", kind="driven", avatar=AVATARS[n % 3], seed=40 + n, temperament="lively"), folder)
        for n in range(6)
    ]
    (folder / "MANIFEST.json").write_text(json.dumps({"clips": clips}))
    return folder


def measured(root: Path) -> tuple[list[float], list[float]]:
    """Seconds until HUMAN by clip; seconds until it is no longer said by pair of clips."""
    clips = [
        clip
        for clip in json.loads((root / "MANIFEST.json").read_text())["clips"]
        if clip["operator_driving"] and clip["telemetry_kind"] == "driver"
    ]
    seen = {clip["name"]: list(watched(root / clip["file"]).between(0.0, math.inf)) for clip in clips}
    own = {clip["name"]: told(root / clip["telemetry"]) for clip in clips}
    until, gone = [], []
    for number, clip in enumerate(clips):
        name, end = clip["name"], float(clip["duration_s"])
        said = list(verdicts(seen[name], own[name], end))
        until.append(first(said, 0.0, human=True))
        strangers = [o for o in clips if not takes(o) & takes(clip)]
        if until[-1] < end and len(strangers) > 1:
            picture, telemetry = (strangers[(number + n) % len(strangers)]["name"] for n in (0, 1))
            both = [*seen[name], *later(seen[picture], end)], [*own[name], *later(own[telemetry], end)]
            gone.append(first(list(verdicts(*both, 2 * end)), end, human=False))
    return until, gone


def show(name: str, seconds: Sequence[float]) -> None:
    """Median and 95th percentile."""
    ordered = sorted(seconds)
    middle, late = ordered[len(ordered) // 2], ordered[round(0.95 * (len(ordered) - 1))]
    print(f"{name}: median {middle:.1f} s, p95 {late:.1f} s, of {len(ordered)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", nargs="?", type=Path, default=SHARED / "clips")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        there = (options.set / "MANIFEST.json").is_file()
        until, gone = measured(options.set if there else filmed(Path(scratch)))
    show("until HUMAN is said", until)
    show("until it is no longer said of another driver", gone)


if __name__ == "__main__":
    main()
