"""``python -m samples.yardstick``: measure the table that ``nakanohito simulate`` draws from, anew.

To be run after a change of the judge's instruments (protocols/driving); takes about ten minutes on two cores.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np

import monitor.simulation
from monitor.observers.likeness.sight import Sight
from monitor.simulation.measured import Measured, Scene, load, save
from protocols.driving.calibration import CALIBRATION
from protocols.driving.track import TelemetryTrack
from samples.studio import AVATARS
from samples.studio.motion import Motion
from samples.studio.portrait import portrait
from samples.yardstick.copying import met
from samples.yardstick.reading import Showing, read
from samples.yardstick.scene import LENGTH, ORDINARY, engine, film, idle, loop, person, told, torn, whole

_SITTINGS = ("1_front", "2_yaw_left", "3_yaw_right", "4_mouth_smile", "5_warm_light")
_TEMPERAMENTS = ("lively", "average", "calm", "shy")
_PEOPLE, _LIMITED, _MACHINES, _IDLE, _STRANGERS = 3, 2, 4, 2, 2

Work = Callable[[], list[Scene]]


@cache
def sight() -> Sight:
    """The likeness model, once a process."""
    cv2.setNumThreads(1)
    return Sight.load()


@cache
def faces() -> dict[str, np.ndarray]:
    """Reference vectors of every avatar."""
    found = {name: [sight().look(portrait(name, sitting, 3)) for sitting in _SITTINGS] for name in AVATARS}
    return {name: np.stack([one.vector for one in seen if one is not None]) for name, seen in found.items()}


def people(seed: int, temperament: str) -> list[Scene]:
    """A person at their avatar, over a good network and over a bad one."""
    who = person(seed, temperament)
    seen = film(who.shown, seed, length=LENGTH, sight=sight(), faces=faces())
    samples = told(who.motion, seed, length=LENGTH)
    good = Showing(
        kind=f"driven {temperament}", name=f"{seed} {seen.avatar}", motion=seen.motion, telemetry=whole(samples),
        length=LENGTH, obeyed=True, glances=seen.glances,
    )  # fmt: skip
    scenes = [replace(read(good), met=met(samples, LENGTH, seed))]
    if temperament in ("lively", "average"):
        bad = replace(good, kind="driven laggy", motion=seen.stalling, telemetry=torn(samples, seed))
        scenes.append(read(bad))
    return scenes


def limited(seed: int, *, hands: bool, eyelids: bool) -> list[Scene]:
    """A person who cannot move everything."""
    who = person(seed, "average", hands=hands, eyelids=eyelids)
    seen = film(who.shown, seed, length=LENGTH, sight=sight(), faces=faces())
    samples = told(who.motion, seed, length=LENGTH, hands=hands, lids=eyelids)
    kind = "driven no hands" if eyelids else "driven no blink"
    showing = Showing(
        kind=kind, name=f"{seed} {seen.avatar}", motion=seen.motion, telemetry=whole(samples), length=LENGTH,
        obeyed=True, glances=seen.glances,
    )  # fmt: skip
    return [read(showing)]


def engines(seed: int) -> list[Scene]:
    """An avatar that an engine moves: with nobody's telemetry, strangers', its own as a script's or as a camera's."""
    motion = engine(seed)
    seen = film(motion, seed, length=LENGTH, sight=sight(), faces=faces())
    name = f"{seed} {seen.avatar}"
    nobody = Showing(
        kind="engine silent", name=name, motion=seen.motion, telemetry=TelemetryTrack(), length=ORDINARY,
        glances=seen.glances,
    )  # fmt: skip
    scenes = [read(nobody)]
    for stranger in _strangers(seed):
        feed = told(stranger, seed + 1, length=LENGTH)
        against = replace(nobody, kind="engine stranger", telemetry=whole(feed), length=LENGTH, obeyed=True)
        scenes.append(replace(read(against), met=met(feed, LENGTH, seed)))
    for kind, clean in (("engine clean", True), ("engine noisy", False)):
        own = whole(told(motion, seed, length=ORDINARY, clean=clean))
        scenes.append(read(replace(nobody, kind=kind, telemetry=own)))
    return scenes


def loops(seed: int, temperament: str) -> list[Scene]:
    """A recording that plays again, with a stranger's telemetry and with what was recorded along with it."""
    motion = loop(seed, temperament)
    seen = film(motion, seed, length=ORDINARY, sight=sight(), faces=faces())
    nobody = Showing(
        kind="", name=f"{seed} {seen.avatar}", motion=seen.motion, telemetry=TelemetryTrack(), length=ORDINARY,
        glances=seen.glances,
    )  # fmt: skip
    feeds = {"loop stranger": next(iter(_strangers(seed))), "loop own": motion}
    return [
        read(replace(nobody, kind=kind, telemetry=whole(told(feed, seed, length=ORDINARY))))
        for kind, feed in feeds.items()
    ]


def idles(seed: int) -> list[Scene]:
    """An avatar whose person has gone for a moment; the software tells nothing."""
    seen = film(idle(seed), seed, length=ORDINARY, sight=sight(), faces=faces())
    away = Showing(
        kind="idle", name=f"{seed} {seen.avatar}", motion=seen.motion, telemetry=TelemetryTrack(), length=ORDINARY,
        glances=seen.glances,
    )  # fmt: skip
    return [read(away)]


def copied(scene: Scene, number: int) -> Scene:
    """The scene with how long its copies go unmet measured anew; ``number``: which of those with its name."""
    seed, temperament = int(scene.name.split()[0]), scene.kind.removeprefix("driven ")
    if temperament in _TEMPERAMENTS:
        motion, tracked = person(seed, temperament).motion, seed
    elif scene.kind == "engine stranger":
        motion, tracked = _strangers(seed)[number], seed + 1
    else:
        return scene
    return replace(scene, met=met(told(motion, tracked, length=LENGTH), LENGTH, seed))


def programme(share: float = 1.0) -> list[Work]:
    """Everything there is to measure; ``share`` 0..1 of it for a trial."""
    work: list[Work] = []
    for number in range(max(1, round(_PEOPLE * share))):
        work += [partial(people, 100 + 7 * number + n, t) for n, t in enumerate(_TEMPERAMENTS)]
    for number in range(max(1, round(_MACHINES * share))):
        work += [partial(engines, 200 + number), partial(loops, 300 + number, _TEMPERAMENTS[number % 3])]
    for number in range(max(1, round(_LIMITED * share))):
        work.append(partial(limited, 400 + number, hands=False, eyelids=True))
        work.append(partial(limited, 500 + number, hands=True, eyelids=False))
    work += [partial(idles, 600 + number) for number in range(max(1, round(_IDLE * share)))]
    return work


def measured(work: Sequence[Work], processes: int, tell: Callable[[str], None]) -> Iterator[Measured]:
    """Do the ``work``; everything that is measured so far, each time that there is more."""
    scenes: list[Scene] = []
    with ProcessPoolExecutor(processes) as pool:
        for number, done in enumerate(as_completed([pool.submit(one) for one in work]), start=1):
            scenes += done.result()
            tell(f"{number}/{len(work)} {', '.join(f'{scene.kind} {scene.name}' for scene in done.result())}")
            scenes.sort(key=lambda scene: (scene.kind, scene.name))
            yield Measured(calibration=CALIBRATION.version, likeness=sight().encoder.calibration, scenes=tuple(scenes))


def main() -> int:
    """Measure, and write the table."""
    table = Path(monitor.simulation.__file__).with_name("measured.json")
    parser = argparse.ArgumentParser(
        prog="python -m samples.yardstick", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=table, help=f"where to write the table (default {table.name})")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="of the scenes, for a trial (0..1)")
    parser.add_argument(
        "--copies", action="store_true", help="only how soon copies of telemetry are met; the rest stays as it is there"
    )
    options = parser.parse_args()
    tell = partial(print, file=sys.stderr, flush=True)
    if options.copies:
        save(_copied(load(), tell), options.to)
        return 0
    for so_far in measured(programme(options.share), options.processes, tell):
        save(so_far, options.to)
    return 0


def _copied(table: Measured, tell: Callable[[str], None]) -> Measured:
    """The table with ``copied`` scenes."""
    before, scenes = Counter[tuple[str, str]](), list[Scene]()
    for scene in table.scenes:
        scenes.append(copied(scene, before[scene.kind, scene.name]))
        before[scene.kind, scene.name] += 1
        tell(f"{len(scenes)}/{len(table.scenes)} {scene.kind} {scene.name}: {scenes[-1].met}")
    return replace(table, scenes=tuple(scenes))


def _strangers(seed: int) -> list[Motion]:
    return [person(900 + 2 * seed + n, ("lively", "calm")[n]).motion for n in range(_STRANGERS)]


if __name__ == "__main__":
    sys.exit(main())
