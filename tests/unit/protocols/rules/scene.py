"""A scene in numbers: an operator who moves, and a picture that follows, or does not."""

import numpy as np

from protocols.observation import DETAIL_COLUMNS, DETAIL_ROWS, GRID_COLUMNS, GRID_ROWS, Motion
from protocols.telemetry import TelemetrySample

RATE, FPS = 30, 25


def course(seed, seconds, *, size=12.0):
    """Angles in degrees at 100 Hz that wander as heads do: smooth, with a broad spectrum, never the same twice."""
    dice = np.random.default_rng(seed)
    count = round(seconds * 100) + 1
    steps = dice.normal(0, 1, count + 200)
    kernel = np.exp(-0.5 * (np.arange(-40, 41) / 14.0) ** 2)
    smooth = np.convolve(steps, kernel / np.sqrt((kernel**2).sum()), mode="same")[100 : count + 100]
    return size * smooth / smooth.std()


def angle(angles, at):
    return float(np.interp(at, np.arange(len(angles)) / 100, angles))


def telemetry(angles, seconds, *, noise=0.3, seed=9):
    """A tracker's samples: jitter in value and time."""
    dice = np.random.default_rng(seed)
    at = np.arange(0, seconds, 1 / RATE)
    return [
        TelemetrySample(
            at=float(t + dice.normal(0, 0.002)),
            yaw=angle(angles, t) + float(dice.normal(0, noise)),
            pitch=0.5 * angle(angles, t) + float(dice.normal(0, noise)),
        )
        for t in at
    ]


def picture(angles, seconds, *, lag=0.4, seed=3, start=0.0):
    """A picture whose middle moves as ``angles`` did ``lag`` seconds earlier."""
    dice = np.random.default_rng(seed)
    texture = dice.integers(40, 215, (DETAIL_ROWS, 3 * DETAIL_COLUMNS)).astype(np.float64)
    texture = (texture + np.roll(texture, 1, 1) + np.roll(texture, 2, 1)) / 3
    seen = []
    for frame in range(1, round(seconds * FPS)):
        now, before = frame / FPS, (frame - 1) / FPS
        speed = (angle(angles, max(0.0, now - lag)) - angle(angles, max(0.0, before - lag))) * FPS
        flow = dice.normal(0, 0.0006, (GRID_ROWS, GRID_COLUMNS, 2)).astype(np.float32)
        flow[3:12, 10:22, 0] += speed / 400
        flow[3:12, 10:22, 1] += 0.4 * speed / 400
        offset = round(DETAIL_COLUMNS + 1.5 * angle(angles, max(0.0, now - lag)))
        detail = np.full((DETAIL_ROWS, DETAIL_COLUMNS), 90.0)
        detail[12:48, 40:88] = texture[12:48, offset : offset + 48]
        shown = np.clip(detail, 0, 255).astype(np.uint8)
        seen.append(
            Motion(
                at=start + now,
                interval=1 / FPS,
                flow=flow,
                detail=shown,
            )
        )
    return seen
