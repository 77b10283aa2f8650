"""Plausibility: telemetry that is a machine's, however well it agrees with the picture.

A tracker that watches a person jitters, misses samples now and then, and reports motion whose spectrum is broad. A
script is clean, arrives on the tick, is made of few lines, or comes round again. One such trait may be a good tracker
or a resampling client; several together are a machine's.
"""

from dataclasses import dataclass

import numpy as np

from protocols.driving.repetition import telemetry_repetition
from protocols.driving.track import ANGLES, Floats, Telemetry, TelemetryTrack

SHORTEST = 5.0  # seconds of telemetry below which nothing can be said
_CLEAN_DEGREES, _CLEAN_UNIT = 0.06, 0.0045  # jitter below which no camera tracker gets while something moves
_MOVING_DEGREES, _MOVING_UNIT = 1.0, 0.05  # standard deviation from which a channel moves
_OVER_JITTER = 4.0
_TICK = 0.0004  # seconds; intervals that scatter less come from a counter
_FEW_LINES = 0.9  # share of the velocity's power in so few lines of the spectrum that it is a sum of sines
_LINES = 4
_FEW_VALUES = 16  # distinct values below which a moving channel is quantised

_WEIGHTS = {
    "clean": -1.5,
    "on_the_tick": -1.2,
    "quantised": -1.0,
    "few_lines": -2.0,
    "repeats": -4.0,
}
_TOGETHER = -3.0  # what two traits at once say beyond their sum
_LEAST, _CLEARED = -8.0, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """``score`` 0..1, 1 a person's; ``weight`` log-likelihood ratio person : machine, -8..0.3; ``findings``: what is
    a machine's about it: clean, on_the_tick, quantised, few_lines, repeats."""

    score: float
    weight: float
    findings: tuple[str, ...]


UNKNOWN = Plausibility(score=0.5, weight=0.0, findings=())


def plausibility(telemetry: TelemetryTrack, start: float, end: float) -> Plausibility:
    """Judge the telemetry of ``start``..``end`` seconds by itself; the longer, the surer."""
    told = telemetry.between(start, end)
    if len(told.times) < 60 or told.times[-1] - told.times[0] < SHORTEST:
        return UNKNOWN
    moving = _moving(told)
    findings = []
    jitters = [_jitter(v) / (_CLEAN_DEGREES if n in ANGLES else _CLEAN_UNIT) for n, v in moving.items()]
    coarse = told.unclear  # rounded for degrees, radians have few values and no jitter
    if jitters and np.median(jitters) < 1.0 and not coarse:
        findings.append("clean")
    if _on_the_tick(told.times):
        findings.append("on_the_tick")
    if moving and max(len(np.unique(v)) for v in moving.values()) < _FEW_VALUES and not coarse:
        findings.append("quantised")
    if moving and min(_lines(told.times, v) for v in moving.values()) > _FEW_LINES:
        findings.append("few_lines")
    if telemetry_repetition(told).detected:
        findings.append("repeats")
    if not findings:
        known = _CLEARED if moving else 0.0
        return Plausibility(score=1.0 if moving else 0.5, weight=known, findings=())
    weight = max(_LEAST, sum(_WEIGHTS[f] for f in findings) + (_TOGETHER if len(findings) > 1 else 0.0))
    return Plausibility(score=float(1.0 / (1.0 + np.exp(-weight))), weight=weight, findings=tuple(findings))


def _moving(told: Telemetry) -> dict[str, Floats]:
    """The channels that say something about the tracker: those of the head if they move, or else what does."""
    moving = {}
    for name, values in told.channels.items():
        tracked = values[np.isfinite(values)]
        least = _MOVING_DEGREES if name in ANGLES else _MOVING_UNIT
        if told.unclear and tracked.std() < _OVER_JITTER * _jitter(tracked):
            continue  # a tracker's noise about zero, which in radians would be a person's motion
        if len(tracked) == len(values) and tracked.std() > least:
            moving[name] = tracked
    head = {name: values for name, values in moving.items() if name in ANGLES}
    # A script's blinks are steps and its hands may be noise; the head tells, and the mouth where no head is told.
    return head or {name: values for name, values in moving.items() if name == "mouth_open"}


def _jitter(values: Floats) -> float:
    return float(np.median(np.abs(np.diff(values, 3)))) / 0.6745 / float(np.sqrt(20.0))


def _on_the_tick(times: Floats) -> bool:
    """Whether the samples lie on a regular comb and none is missing."""
    intervals = np.diff(times)
    return bool(np.abs(intervals - np.median(intervals)).max() < _TICK * 4 and intervals.std() < _TICK)


def _lines(times: Floats, values: Floats) -> float:
    """Share of the power of the velocity below 5 Hz that its few strongest lines hold."""
    grid = np.arange(times[0], times[-1], 0.05)
    speed = np.diff(np.interp(grid, times, values))
    window = np.hanning(len(speed))
    power = np.abs(np.fft.rfft((speed - speed.mean()) * window)) ** 2
    power = power[: max(8, int(len(power) * 0.5))].copy()
    total, held = float(power.sum()) + 1e-12, 0.0
    for _ in range(_LINES):
        peak = int(np.argmax(power))
        near = slice(max(0, peak - 2), peak + 3)  # a windowed line is four bins wide
        held += float(power[near].sum())
        power[near] = 0.0
    return held / total if len(power) > 8 * _LINES else 0.0
