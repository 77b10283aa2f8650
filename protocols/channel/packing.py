"""Telemetry in a heartbeat: whole numbers, since numbers written as text cost more than all else together.

First the time of each sample, a signed 64-bit integer of microseconds on the operator's monotonic clock; then channel
after channel a signed 16-bit integer for each sample, hundredths of a degree or ten-thousandths of a share, -32768
where it has no value; all little end first, without gaps. Microseconds are whole, so that a sample sent again after a
resume is known as the one sent before.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from protocols.channel.message import NO_SAMPLES, Channel, Samples
from protocols.channel.violation import Fault, TheirViolation
from protocols.telemetry import CHANNELS, MISSING, STEPS, TelemetrySample

_MICROSECONDS = 1e6
_MOST = 32_767
_NOTHING = np.empty(0, dtype=np.int16)
_ORDER = {wire: place for place, wire in enumerate(CHANNELS)}


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """What was packed: ``times`` in microseconds, ``names`` of fields, ``steps`` int16 (k, n), a row for each."""

    times: tuple[int, ...]
    names: tuple[str, ...]
    steps: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.times)


def pack(samples: Sequence[TelemetrySample]) -> Samples:
    """Pack samples, without the channels that none has a value in."""
    if not samples:
        return NO_SAMPLES
    tracked: list[Channel] = [
        wire  # type: ignore[misc]  # the keys are those of the type; a test compares them
        for wire, name in CHANNELS.items()
        if any(getattr(sample, name) is not None for sample in samples)
    ]
    times = struct.pack(f"<{len(samples)}q", *(round(sample.at * _MICROSECONDS) for sample in samples))
    steps = np.array([[_steps(sample, CHANNELS[wire]) for sample in samples] for wire in tracked], dtype="<i2")
    return Samples(channels=tracked, values=times + steps.tobytes())


def unpack(samples: Samples) -> Records:
    """Read samples. Raises TheirViolation where they are not packed as they must be."""
    names = _names(tuple(samples.channels))
    count, over = divmod(len(samples.values), 8 + 2 * len(names))
    if over:
        raise TheirViolation(Fault.MALFORMED, "the samples do not end with a sample")
    times = struct.unpack_from(f"<{count}q", samples.values)
    steps = np.frombuffer(samples.values, dtype="<i2", offset=8 * count) if names and count else _NOTHING
    return Records(times, names, steps.reshape(len(names), count))


def _steps(sample: TelemetrySample, name: str) -> int:
    value = getattr(sample, name)
    return MISSING if value is None else max(-_MOST, min(_MOST, round(value / STEPS[name])))


@lru_cache(maxsize=256)
def _names(channels: tuple[Channel, ...]) -> tuple[str, ...]:
    """The fields of these channels."""
    places = [_ORDER[channel] for channel in channels]
    if any(later <= earlier for earlier, later in pairwise(places)):
        raise TheirViolation(Fault.MALFORMED, "the channels are not in their order, or one is there twice")
    return tuple(CHANNELS[channel] for channel in channels)
