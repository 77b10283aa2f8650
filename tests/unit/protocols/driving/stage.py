"""A stage for the tests of driving: a person's motion, telemetry of it, and a picture that follows a person."""

from collections.abc import Callable

import numpy as np

from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.observation import Motion
from protocols.telemetry import TelemetrySample

Course = Callable[[np.ndarray], np.ndarray]


def person(seed: int, *, size: float = 6.0, slowest: float = 0.1, fastest: float = 1.6) -> Course:
    """Broadband motion like a head's: many incommensurate components that fall off with frequency."""
    dice = np.random.default_rng(seed)
    rates = dice.uniform(slowest, fastest, 40)
    phases = dice.uniform(0, 2 * np.pi, 40)
    weights = dice.normal(0, 1, 40) / (0.3 + rates)
    weights *= size * np.sqrt(2 / (weights**2).sum())

    def course(t: np.ndarray) -> np.ndarray:
        return (weights * np.sin(2 * np.pi * np.asarray(t)[..., None] * rates + phases)).sum(axis=-1)

    return course


def told(
    channels: dict[str, Course],
    *,
    end: float,
    start: float = 0.0,
    rate: float = 30.0,
    noise: float = 0.3,
    missing: float = 0.02,
    seed: int = 1,
) -> TelemetryTrack:
    """Telemetry as a tracker reports it: jittered, noisy, with holes. ``noise`` in degrees, 1/40 of it for 0..1."""
    dice = np.random.default_rng(seed)
    track = TelemetryTrack()
    for at in np.arange(start, end, 1 / rate):
        if dice.random() < missing:
            continue
        when = at + dice.normal(0, 0.0025)
        values = {
            name: float(course(np.array(when)))
            + dice.normal(0, noise if name in ("yaw", "pitch", "roll") else noise / 40)
            for name, course in channels.items()
        }
        track.add(TelemetrySample(at=float(when), **values))
    return track


def shown(
    yaw: Course | None,
    *,
    end: float,
    lag: float = 0.6,
    rate: float = 25.0,
    gain: float = 0.004,
    pan: Course | None = None,
    seed: int = 2,
    pitch: Course | None = None,
) -> MotionTrack:
    """A picture whose head follows ``yaw`` sideways and ``pitch`` upwards, ``lag`` seconds late."""
    dice = np.random.default_rng(seed)
    track = MotionTrack()
    texture = dice.normal(0, 25, (72, 400))
    for at in np.arange(1 / rate, end, 1 / rate):
        before, now = at - 1 / rate - lag, at - lag
        flow = dice.normal(0, 0.002, (18, 32, 2))
        across = 0.0
        if yaw is not None:
            flow[4:10, 12:20, 0] += gain * rate * float(yaw(np.array(now)) - yaw(np.array(before)))
            across = gain * float(yaw(np.array(now)))
        if pitch is not None:
            flow[4:10, 12:20, 1] -= gain * rate * float(pitch(np.array(now)) - pitch(np.array(before)))
        if pan is not None:
            flow[..., 0] += rate * float(pan(np.array(at)) - pan(np.array(at - 1 / rate)))
        track.add(picture(at, 1 / rate, flow, texture, across))
    return track


def picture(at: float, interval: float, flow: np.ndarray, texture: np.ndarray, across: float) -> Motion:
    left = round(136 + 128 * across) % 272
    detail = np.full((72, 128), 90.0)
    detail[8:60, 30:100] = 120 + texture[8:60, left : left + 70]
    luma = detail.clip(0, 255).astype(np.uint8)
    return Motion(
        at=float(at),
        interval=float(interval),
        flow=flow.astype(np.float32),
        detail=luma,
    )
