"""Say how well the thresholds of gestures part answers from chance, and strangers' pictures from the operator's own.

    python -m tests.bench.calibrate_gestures [SET]

First on telemetry of the sample studio's performers alone, none of which set a threshold: how telling are answers, and
how telling is what people do by chance after questions that nobody asked? Then, where SET is there (a folder with
MANIFEST.json, clips and telemetry; default ../shared/clips, or where NAKANOHITO_SHARED says): how clearly does the
operator's own picture show what was done, asked for or not, and how clearly strangers' pictures? With one avatar left
out each time, the threshold is what 98 in 100 of the other strangers' pictures stay below.
"""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from monitor.observers.likeness.following import Following
from monitor.observers.likeness.sight import Sight
from monitor.observers.picture import colour
from protocols.driving.calibration import CALIBRATION
from protocols.driving.gesture import GestureOutcome, answered
from protocols.driving.habit import habit
from protocols.driving.picture import Head
from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.gesture import Gesture
from protocols.policy import STANDARD
from protocols.telemetry import TelemetrySample
from samples.studio.gesture import Gesture as Enacted
from samples.studio.motion import Performer
from samples.studio.telemetry import Tracker
from tests.bench.calibrate_driving import SHARED, reported, takes, watched

WITHIN = STANDARD.challenge.within_s
PERFORMERS = range(500, 540)
TEMPERS = ("lively", "average", "calm", "shy")
ASKED_AT, END = 42.0, 54.0  # seconds; forty seconds before a question show the habits
UNASKED = (4.0, 9.0, 13.0)
STRANGERS = 3
STRANGERS_BELOW = 0.98


def performed(seed: int, gesture: Gesture | None) -> TelemetryTrack:
    """The telemetry of one of the studio's performers, who makes ``gesture`` when asked at ASKED_AT."""
    performer, track = Performer(seed, TEMPERS[seed % len(TEMPERS)]), TelemetryTrack()
    if gesture is not None:
        performer.answer(Enacted(gesture.value), ASKED_AT)
    for sample in Tracker(seed).samples(performer, 0.0, END):
        track.add(TelemetrySample.from_wire(sample))
    return track


def in_telemetry(gesture: Gesture, track: TelemetryTrack) -> float:
    """How telling the answer is, in nats; -inf where nothing was done."""
    nothing = MotionTrack()
    before = habit(gesture, track, ASKED_AT)
    outcome = answered(gesture, track, nothing, ASKED_AT, WITHIN, habit=before)
    return outcome.weight if outcome.began is not None else -math.inf


def studio() -> None:
    """Answers and chance, in the telemetry of performers."""
    answers, chance = [], []
    for seed in PERFORMERS:
        idle = performed(seed, None)
        chance += [in_telemetry(gesture, idle) for gesture in Gesture]
        asked = list(Gesture)[seed % len(Gesture)]
        answers.append(in_telemetry(asked, performed(seed, asked)))
    needed = CALIBRATION.gesture_telling
    missed, passed = sum(a < needed for a in answers), sum(c >= needed for c in chance)
    print(f"sample studio, telemetry alone, at least {needed} nats:")
    print(f"  answers that do not tell: {missed} of {len(answers)}; chance that does: {passed} of {len(chance)}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """A clip's picture: its motion and where the head is in the middle of it."""

    motion: MotionTrack
    head: Head | None


def seen(path: Path, sight: Sight) -> Side:
    """What a video shows."""
    following, head = Following(sight), None
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.key_frame:
                image = colour(frame)
                found = following.look(image, fresh=False)
                head = head if found is None else found.head.within(image)
    return Side(motion=watched(path), head=head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How clearly a picture of ``avatar`` showed a gesture: that of its operator (``own``), or a stranger's."""

    strength: float
    own: bool
    avatar: str


def pictures(root: Path) -> Iterator[Shown]:
    """Every gesture that was done on driven clips, asked for or not, against its own picture and strangers'."""
    everything = json.loads((root / "MANIFEST.json").read_text())["clips"]
    clips = [c for c in everything if c["operator_driving"] and c["telemetry_kind"] == "driver"]
    sight = Sight.load()
    sides = {clip["name"]: seen(root / clip["file"], sight) for clip in clips}
    for number, clip in enumerate(clips):
        track = reported(root / clip["telemetry"])
        strangers = [c for c in clips if not takes(c) & takes(clip)]
        others = [strangers[(number + n) % len(strangers)] for n in range(min(STRANGERS, len(strangers)))]
        asked = [(Gesture(c["gesture"]), c["t_issued"]) for c in clip.get("challenge") or [] if c.get("visible", True)]
        for gesture, at in [*asked, *((g, at) for g in Gesture for at in UNASKED)]:
            for other in [clip, *others]:
                side = sides[other["name"]]
                outcome = answered(
                    gesture, track, side.motion, at, WITHIN, clip["delay_s"], head=side.head,
                    habit=habit(gesture, track, at),
                )  # fmt: skip
                if judged(outcome):
                    strength = outcome.picture_score * CALIBRATION.gesture_seen_head[0]
                    yield Shown(strength=strength, own=other is clip, avatar=other["avatar"])


def judged(outcome: GestureOutcome) -> bool:
    """Whether it was done in the telemetry, and its time was seen."""
    return outcome.began is not None and outcome.instead is None and outcome.picture_score > 0


def left_out(shown: list[Shown]) -> None:
    """Thresholds with one avatar left out, and what they say of it."""
    missed, own, passed, strangers, thresholds = 0, 0, 0, 0, []
    for avatar in sorted({one.avatar for one in shown}):
        others = [one.strength for one in shown if one.avatar != avatar and not one.own]
        thresholds.append(float(np.quantile(others, STRANGERS_BELOW)))
        here = [one for one in shown if one.avatar == avatar]
        own, strangers = own + sum(one.own for one in here), strangers + sum(not one.own for one in here)
        missed += sum(one.own and one.strength < thresholds[-1] for one in here)
        passed += sum(not one.own and one.strength >= thresholds[-1] for one in here)
    print(
        f"pictures, thresholds {min(thresholds):.2f} to {max(thresholds):.2f}, each for the avatar that was left out:"
    )
    print(f"  own pictures that do not show it: {missed} of {own}; strangers' that do: {passed} of {strangers}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", nargs="?", type=Path, default=SHARED / "clips")
    options = parser.parse_args()
    studio()
    if (options.set / "MANIFEST.json").is_file():
        left_out(list(pictures(options.set)))
    else:
        print(f"no pictures: {options.set} is not there")


if __name__ == "__main__":
    main()
