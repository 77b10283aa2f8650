"""People's telemetry in numbers, for what compares one motion with another."""

from dataclasses import replace
from functools import cache

import numpy as np

from protocols.driving.track import TelemetryTrack
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.rules.scene import angle, course

AXES = ("yaw", "pitch", "roll")


@cache
def person(seed: int, seconds: float = 100.0) -> tuple[TelemetrySample, ...]:
    """Somebody whose head wanders about on three axes, each for itself."""
    courses = [course(10 * seed + n, seconds, size=size) for n, size in enumerate((14.0, 6.0, 5.0))]
    times = np.arange(0.0, seconds, 1 / 30)
    return tuple(
        TelemetrySample(at=float(at), **{name: angle(one, at) for name, one in zip(AXES, courses, strict=True)})
        for at in times
    )


def changed(told, *, gain=1.0, offset=0.0, later=0.0, clock=1.0, noise=0.0, mirrored=False, seed=0):
    """The same motion as somebody would tell it who copies it."""
    dice = np.random.default_rng(seed)
    signs = dict(zip(AXES, (-1.0, 1.0, -1.0) if mirrored else (1.0, 1.0, 1.0), strict=True))
    return [
        replace(
            sample,
            at=later + clock * sample.at,
            **{
                name: float(np.clip(sign * gain * getattr(sample, name) + offset + dice.normal(0, noise), -180, 180))
                for name, sign in signs.items()
            },
        )
        for sample in told
    ]


def track(told) -> TelemetryTrack:
    """What keeps it all."""
    kept = TelemetryTrack(horizon=1e9)
    for sample in told:
        kept.add(sample)
    return kept
