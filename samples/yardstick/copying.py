"""Copies: a scene's telemetry is told again by somebody else, and how long it takes until it is met again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from protocols.driving.encounter import Encounters, Hit
from protocols.driving.fingerprint import AROUND, Print, prints
from protocols.driving.track import TelemetryTrack
from protocols.telemetry import TelemetrySample

__all__ = ["met"]

_LONGEST = 111.0  # seconds; what is not met by then is looked for anew, as monitor/simulation/copies.py has it
_BEGINNINGS = (0.0, 12.0, 24.0, 36.0)
_EVERY = 5.0  # seconds between two look-ups, as live
_LATE = 2.0  # seconds: a heartbeat's delay, and the look-up
_NOISE = 0.4  # degrees that the copier adds
_CLOCK = 1.004  # by which their clock runs slower
_ORIGINAL = "original"


def met(samples: Iterable[TelemetrySample], length: float, seed: int) -> tuple[float | None, ...]:
    """After how many seconds a copy of ``samples`` is met again, for several beginnings; None where it is not."""
    length = min(length, _LONGEST)
    told = list(samples)
    kept: dict[int, list[float]] = defaultdict(list)
    for _, one in _turns(_track(told), 0.0, length):
        for turn in one:
            kept[turn.key].append(turn.at)
    rng = np.random.default_rng([seed, 16])
    return tuple(_after([s for s in told if s.at >= begin], begin, length, kept, rng) for begin in _BEGINNINGS)


def _after(
    told: list[TelemetrySample], begin: float, length: float, kept: dict[int, list[float]], rng: np.random.Generator
) -> float | None:
    encounters = Encounters()
    copy = _track(_noisy(sample, rng) for sample in told)
    for now, turns in _turns(copy, begin * _CLOCK, length * _CLOCK):
        hits = [
            Hit(at=turn.at, session=_ORIGINAL, then=then)
            for turn in encounters.tell(turns)
            for key in turn.alike
            for then in kept.get(key, ())
        ]
        if encounters.meet(hits, now) is not None:
            return round(now - begin * _CLOCK, 1)
    return None


def _turns(track: TelemetryTrack, begin: float, length: float) -> Iterator[tuple[float, list[Print]]]:
    """The turns of each tick, and when they are looked up."""
    for start in np.arange(begin, length - _EVERY, _EVERY).tolist():
        yield start + _EVERY + AROUND + _LATE, list(prints(track, start, start + _EVERY))


def _noisy(sample: TelemetrySample, rng: np.random.Generator) -> TelemetrySample:
    axes = {name: getattr(sample, name) for name in ("yaw", "pitch", "roll")}
    noisy = {name: value + float(rng.normal(0.0, _NOISE)) for name, value in axes.items() if value is not None}
    return replace(sample, at=sample.at * _CLOCK, **noisy)


def _track(samples: Iterable[TelemetrySample]) -> TelemetryTrack:
    track = TelemetryTrack(horizon=1e9)
    for sample in samples:
        track.add(sample)
    return track
