"""A table in numbers, as the yardstick would measure clear-cut scenes; every kind that the species ask for."""

import numpy as np

from monitor.simulation.measured import Glance, Measured, Scene, Window
from protocols.driving.gesture import GestureOutcome
from protocols.driving.habit import Habit
from protocols.driving.lag import LAGS
from protocols.driving.plausibility import Plausibility
from protocols.gesture import Gesture
from tests.unit.protocols.test_judge import LIKENESS  # the calibration of a made-up encoder

PASSED = GestureOutcome(
    passed=True, score=2.0, seen_at=1.6, reaction=1.0, telemetry_score=3.0, picture_score=2.0, weight=4.0
)  # fmt: skip
FAILED = GestureOutcome(
    passed=False, score=0.0, seen_at=None, reaction=None, telemetry_score=0.0, picture_score=0.0
)  # fmt: skip
PERSON = Plausibility(score=1.0, weight=0.3, findings=())
MACHINE = Plausibility(score=0.0, weight=-7.7, findings=("clean", "few_lines"))


def window(height=0.0, *, silent=False, liveliness=1.0):
    """A window whose profile stands ``height`` nats high at a lag of 0.4 s, or says nothing but no where it is low."""
    profile = np.full(len(LAGS), min(height, -1.6))
    profile[10] = height
    return Window(
        profile=tuple(profile.tolist()),
        information=0.8,
        strength=max(0.0, height),
        silent=silent,
        liveliness=liveliness,
    )


def scene(kind, *windows, period=None, telemetry=PERSON, done=None, ignored=FAILED):
    return Scene(
        kind=kind,
        name=f"1 {kind}",
        windows=windows,
        repetition=(((8.0, None), (16.0, period)),),
        plausibility=(((6.0, telemetry), (15.0, telemetry)),),
        done={} if done is None else dict.fromkeys(Gesture, (done,)),
        ignored=dict.fromkeys(Gesture, (ignored,)),
        glances=(Glance(confidence=0.9, claimed=0.9, other=0.1),),
        habits=((0.0, dict.fromkeys(Gesture, Habit(watched=40.0))),),
        met=(30.0, None),
    )


def table(**changed):
    """Every kind of scene; ``changed`` by kind, with _ for spaces."""
    driven = [
        scene(f"driven {who}", window(7.0), window(6.0), done=PASSED)
        for who in ("lively", "average", "calm", "shy", "laggy", "no hands", "no blink")
    ]
    machines = [
        scene("engine silent", window(silent=True)),
        scene("engine stranger", window(-1.6), done=FAILED),
        scene("engine clean", window(7.0), telemetry=MACHINE),
        scene("engine noisy", window(7.0)),
        scene("loop stranger", window(-1.6), period=7.0),
        scene("loop own", window(7.0), period=7.0),
        scene("idle", window(silent=True, liveliness=0.1)),
    ]
    kinds = {one.kind: one for one in [*driven, *machines]} | {k.replace("_", " "): v for k, v in changed.items()}
    return Measured(calibration="made up", likeness=LIKENESS, scenes=tuple(kinds.values()))
