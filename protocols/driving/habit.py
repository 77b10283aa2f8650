"""Habit: how often an operator's ordinary motion looks like a gesture that nobody asked for.

Whoever nods along to everything that they say proves little by a nod. So what was told before a question is looked
through as if the gesture had been asked for at every second of it. How often as much was done is the operator's own
figure, together with what is known of others, and all the more of others the less was told.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from protocols.driving.calibration import Calibration
from protocols.driving.form import FORMS, LONGEST, Form, Shape, course, enacted
from protocols.driving.track import Floats, TelemetryTrack
from protocols.gesture import FASTEST_REACTION, Gesture

REACH = 40.0  # seconds before a question that are looked through
_KNOWN = 5  # such spans of before that stay known
_KEPT_S = 300.0  # seconds of each gesture that are kept for other evenings
_BEFORE = 1.5  # seconds before a question that show where the operator was
_WINDOW = 4.0  # seconds after each question that was never asked
_EVERY = 1.0  # seconds between two of them
_LEAST_SIZE = 0.7  # of what is asked for; what is smaller is never compared with an answer
_AS_MUCH = 0.85  # of what was done: from here on the ordinary is as large
_SAME = 0.7  # seconds within which two beginnings are one
_SAMPLES = 20
_ALREADY = 0.7  # of the least size: whoever is turned so far away is there already

Spans = Sequence[tuple[float, float]]
"""Beginnings and ends in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What was done unasked: ``sizes`` of each time, 1 being the least that is asked for, within ``watched`` seconds.

    ``held``: whether the operator is turned that way just now, so that asking for it would be unfair. ``shape``: of the
    gesture. People often hold a pose for reasons of their own; to and fro they go more rarely.
    """

    sizes: tuple[float, ...] = ()
    watched: float = 0.0
    held: bool = False
    shape: Shape = Shape.HOLD

    def rate(self, size: float, calibration: Calibration) -> float:
        """Times a second that as much as ``size`` is done by chance."""
        own = sum(one >= _AS_MUCH * size for one in self.sizes)
        usual = calibration.habit_rate[self.shape is not Shape.HOLD]
        others = usual * float(np.exp(-max(0.0, size - 1.0) / calibration.habit_scale))
        known = calibration.habit_known_s
        return (own + calibration.habit_least + known * others) / (self.watched + known)

    def weight(self, size: float, reaction: float, calibration: Calibration) -> float:
        """Log-likelihood ratio of ``size``, ``reaction`` seconds after the question: because of it : by chance."""
        typical, spread = calibration.answer_size
        slight = min(0.0, float(np.log(size / typical)) / spread)
        return reaction_weight(reaction, calibration) - 0.5 * slight**2 - float(np.log(self.rate(size, calibration)))

    def telling(self, calibration: Calibration) -> float:
        """The weight that a usual answer would have; none where the operator is there already."""
        return -np.inf if self.held else self.weight(calibration.answer_size[0], calibration.reaction[0], calibration)


UNTOLD = Habit()
"""Nothing is known of the operator's ordinary motion."""


class Habits:
    """What is known of one operator over the minutes: of each gesture, what was seen when it was last thought of.

    Each is looked through for ``REACH`` seconds when it is asked after, and stays known beside what comes later, and
    beside what was ``known`` from other evenings."""

    def __init__(self, known: Mapping[Gesture, Habit] | None = None) -> None:
        self._before = dict(known or {})
        self._known: dict[Gesture, deque[tuple[float, Habit]]] = {}

    def of(self, gesture: Gesture, telemetry: TelemetryTrack, until: float, busy: Spans = ()) -> Habit:
        """The habit of ``gesture`` before ``until``; UNTOLD where it is not told just now."""
        known = self._known.setdefault(gesture, deque(maxlen=_KNOWN))
        if known and known[-1][0] > until:
            known.clear()  # time began anew
        present = habit(gesture, telemetry, until, busy)
        if present is UNTOLD:
            return UNTOLD
        before = [one for end, one in known if end <= until - REACH]
        if gesture in self._before:
            before.insert(0, self._before[gesture])
        if not known or known[-1][0] <= until - REACH:
            known.append((until, present))
        return _together(present, before)

    def learned(self) -> dict[Gesture, Habit]:
        """What is worth knowing on another evening: of each gesture that was thought of, the last minutes."""
        found = {}
        for gesture, known in self._known.items():
            if known:
                spans = [one for _, one in known]
                before = [self._before[gesture]] if gesture in self._before else []
                found[gesture] = _lately(_together(spans[-1], [*before, *spans[:-1]]))
        return found


def _together(present: Habit, before: Sequence[Habit]) -> Habit:
    """``present`` with what was seen ``before``, oldest first."""
    every = (*before, present)
    return replace(
        present, sizes=tuple(size for one in every for size in one.sizes), watched=sum(one.watched for one in every)
    )


def _lately(whole: Habit) -> Habit:
    """As much of ``whole`` as is kept, the newest; not how the operator is turned just now."""
    share = min(1.0, _KEPT_S / whole.watched) if whole.watched else 1.0
    newest = round(share * len(whole.sizes))
    return replace(whole, sizes=whole.sizes[len(whole.sizes) - newest :], watched=share * whole.watched, held=False)


def habit(
    gesture: Gesture, telemetry: TelemetryTrack, until: float, busy: Spans = (), *, reach: float = REACH
) -> Habit:
    """The habit of ``gesture`` over ``reach`` seconds before ``until``, without those ``busy`` with other answers."""
    return habit_of(FORMS[gesture], telemetry, until, busy, reach=reach)


def habit_of(form: Form, telemetry: TelemetryTrack, until: float, busy: Spans = (), *, reach: float = REACH) -> Habit:
    """The same of any ``form``."""
    of_channels = [_of_channel(form, telemetry, channel, until, busy, reach) for channel in form.channels]
    told = [one for one in of_channels if one is not None]
    if not told:
        return UNTOLD
    return Habit(
        sizes=tuple(size for one in told for size in one.sizes),
        watched=max(one.watched for one in told),
        held=all(one.held for one in told),
        shape=form.shape,
    )


def _of_channel(
    form: Form, telemetry: TelemetryTrack, channel: str, until: float, busy: Spans, reach: float
) -> Habit | None:
    told = telemetry.between(until - reach, until)
    values = told.channels.get(channel, np.empty(0))
    tracked = np.isfinite(values)
    if tracked.sum() < _SAMPLES:
        return None
    grid, moved = course(form, told.times[tracked], values[tracked])
    asks = [ask for ask in np.arange(grid[0] + _BEFORE, grid[-1] - _WINDOW, _EVERY).tolist() if _free(ask, busy)]
    sizes = tuple(_apart(sorted(_unasked(form, grid, moved, asks))))
    return Habit(sizes=sizes, watched=_EVERY * len(asks), held=_held(form, grid, moved))


def _unasked(form: Form, grid: Floats, moved: Floats, asks: Iterable[float]) -> Iterator[tuple[float, float]]:
    """When the gesture was done, and how large, after each of ``asks`` that was never asked."""
    for ask in asks:
        first, last = np.searchsorted(grid, (ask - _BEFORE, ask + _WINDOW + LONGEST))
        found = enacted(form, grid[first:last], moved[first:last], ask, _WINDOW)
        yield from ((one.start, one.score) for one in found if one.score >= _LEAST_SIZE)


def _apart(done: Sequence[tuple[float, float]]) -> Iterator[float]:
    """The sizes of what was ``done``, the largest of those that begin at the same time."""
    group: list[tuple[float, float]] = []
    for start, size in done:
        if group and start - group[-1][0] > _SAME:
            yield max(one for _, one in group)
            group = []
        group.append((start, size))
    if group:
        yield max(one for _, one in group)


def _free(ask: float, busy: Spans) -> bool:
    return not any(start < ask + _WINDOW and ask < end for start, end in busy)


def _held(form: Form, grid: Floats, moved: Floats) -> bool:
    """Whether the operator is turned already where the gesture goes."""
    now = float(np.median(moved[grid > grid[-1] - 0.6]))
    return form.shape is Shape.HOLD and now - float(np.median(moved)) > _ALREADY * form.size


def reaction_weight(seconds: float, calibration: Calibration) -> float:
    """Log of the density, a second, of people's reaction times: log-normal, and some who answer when they please."""
    typical, spread, late = calibration.reaction
    seconds = max(seconds, FASTEST_REACTION)
    density = np.exp(-0.5 * (np.log(seconds / typical) / spread) ** 2) / (seconds * spread * np.sqrt(2 * np.pi))
    return float(np.log((1 - late) * density + late * calibration.reaction_any))
