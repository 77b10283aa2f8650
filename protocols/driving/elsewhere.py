"""Elsewhere: a match at a lag that no stream has, where none was found at one that streams do have.

The picture may run many seconds behind, because a clock is wrong or a network slow. Or it leads: what moves first is
then not the operator, and the telemetry was made from the picture. A window alone may seem to match anywhere by chance;
two in a row do so at the same lag once in some hundred times.
"""

import numpy as np
from numpy.typing import NDArray

from protocols.driving.agreement import operator_motion, strengths
from protocols.driving.calibration import Calibration
from protocols.driving.lag import LAG_STEP, LAGS
from protocols.driving.picture import Picture
from protocols.driving.track import TelemetryTrack

LATEST, EARLIEST = 12.0, -6.0
"""Seconds that are searched: so far behind may the picture run, and so far ahead."""
_LEADS = -0.2  # seconds; what leads by less is in step: clocks are no better than that
_STEP = 2  # grid steps between the lags that are looked at
_BACK, _AHEAD = round(LATEST / LAG_STEP), round(-EARLIEST / LAG_STEP)
_LATE: NDArray[np.int_] = np.arange(len(LAGS) + _STEP, _BACK + 1, _STEP)
_EARLY: NDArray[np.int_] = np.arange(-_AHEAD, round(_LEADS / LAG_STEP) + 1, _STEP)
_SHIFTS: NDArray[np.int_] = np.concatenate([_EARLY, _LATE])
_CHANCE: NDArray[np.int_] = np.arange(0, len(LAGS), 4)


def elsewhere(
    picture: Picture, telemetry: TelemetryTrack, start: float, calibration: Calibration
) -> tuple[float, float]:
    """Seconds that the ``picture`` from ``start`` on most likely runs behind, if that is more than 3 or less than 0;
    and the strength of it, 0 where too little was told."""
    told = operator_motion(telemetry, start, len(picture.times), calibration, reach=(_BACK, _AHEAD))
    if told is None:
        return 0.0, 0.0
    found = strengths(picture, told, _SHIFTS, _CHANCE, calibration)
    best = int(np.argmax(found))
    return float(_SHIFTS[best] * LAG_STEP), float(found[best])
