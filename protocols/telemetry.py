"""Telemetry: the operator's motion as the operator's side reports it.

On the wire a sample is one JSON object: ``t`` seconds; ``yaw``, ``pitch``, ``roll`` degrees (yaw > 0: to the
operator's own left, pitch > 0: up, roll > 0: tilted to the own right); ``mouthOpen``, ``eyeBlink``, ``smile`` 0..1;
``handL``, ``handR`` -1 hanging .. 1 straight up; torso angles in degrees. All but ``t`` are optional. Unknown names
are ignored, since tracking programs add their own; a value that is not a finite number is an error.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHANNELS: dict[str, str] = {
    "yaw": "yaw",
    "pitch": "pitch",
    "roll": "roll",
    "mouthOpen": "mouth_open",
    "eyeBlink": "eye_blink",
    "smile": "smile",
    "handL": "hand_l",
    "handR": "hand_r",
    "torsoYaw": "torso_yaw",
    "torsoPitch": "torso_pitch",
    "torsoRoll": "torso_roll",
}
"""Name on the wire → name of the field, in a fixed order."""

# Widest values that any tracking program reports; what lies outside is a broken or hostile sender, not a person.
_LIMITS = {"yaw": 180.0, "pitch": 180.0, "roll": 180.0, "torsoYaw": 180.0, "torsoPitch": 180.0, "torsoRoll": 180.0}
_UNIT_LIMIT = 2.0


class TelemetryRefused(ValueError):
    """A sample that cannot be used; the message says what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySample:
    """The operator's pose at ``at`` seconds on the session's clock; ``None`` where a channel is not tracked."""

    at: float
    yaw: float | None = None
    pitch: float | None = None
    roll: float | None = None
    mouth_open: float | None = None
    eye_blink: float | None = None
    smile: float | None = None
    hand_l: float | None = None
    hand_r: float | None = None
    torso_yaw: float | None = None
    torso_pitch: float | None = None
    torso_roll: float | None = None

    @classmethod
    def from_wire(cls, values: Mapping[str, Any], *, offset: float = 0.0) -> "TelemetrySample":
        """Read one wire object; ``offset`` seconds are added to its ``t``. Raises TelemetryRefused."""
        at = _number(values, "t", limit=math.inf)
        if at is None:
            raise TelemetryRefused("a telemetry sample has no 't': give its time in seconds")
        known = {name: _number(values, name, limit=_LIMITS.get(name, _UNIT_LIMIT)) for name in CHANNELS}
        return cls(at=at + offset, **{CHANNELS[name]: value for name, value in known.items()})

    def to_wire(self) -> dict[str, float]:
        """The wire object, without the channels that are not tracked."""
        tracked = {wire: getattr(self, field) for wire, field in CHANNELS.items()}
        return {"t": self.at} | {wire: value for wire, value in tracked.items() if value is not None}


STEPS = {field: 0.01 if wire in _LIMITS else 0.0001 for wire, field in CHANNELS.items()}
"""By the name of the field: what one step of a batch's whole numbers is, in degrees or as a share."""
MISSING = -32_768
"""The whole number of a value that was not tracked."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TelemetryBatch:
    """The samples of one heartbeat together, as they came: far cheaper to carry than one by one.

    ``times``, at least one, rise; ``steps`` int16 (k, n), a row for each of ``names``, which are fields of
    TelemetrySample, in STEPS of it; MISSING where a sample has no value.
    """

    times: Sequence[float]
    names: tuple[str, ...]
    steps: NDArray[np.int16]

    @property
    def at(self) -> float:
        """The time of the newest."""
        return self.times[-1]

    def __len__(self) -> int:
        return len(self.times)

    def samples(self) -> tuple[TelemetrySample, ...]:
        """The same one by one."""
        columns = [measured(name, row).tolist() for name, row in zip(self.names, self.steps, strict=True)]
        told = [{} for _ in self.times] if not columns else [self._row(row) for row in zip(*columns, strict=True)]
        return tuple(TelemetrySample(at=at, **values) for at, values in zip(self.times, told, strict=True))

    def _row(self, values: tuple[float, ...]) -> dict[str, float]:
        return {name: value for name, value in zip(self.names, values, strict=True) if not math.isnan(value)}


def measured(name: str, steps: NDArray[np.int16]) -> NDArray[np.float64]:
    """What so many steps of a channel are, within its limits; NaN where it was not tracked."""
    limit = 180.0 if STEPS[name] == 0.01 else _UNIT_LIMIT
    return np.where(steps == MISSING, np.nan, np.clip(steps * STEPS[name], -limit, limit))


def _number(values: Mapping[str, Any], name: str, *, limit: float) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TelemetryRefused(f"telemetry '{name}' is {value!r}: give a finite number or leave it out")
    if abs(value) > limit:
        raise TelemetryRefused(f"telemetry '{name}' is {value!r}: its magnitude is at most {limit:g}")
    return float(value)
