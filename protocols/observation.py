"""Observations: one thing seen or heard, each at a media time ``at`` (seconds on the session's clock)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols.gesture import FASTEST_REACTION, FASTEST_TYPED, Gesture
from protocols.telemetry import TelemetryBatch, TelemetrySample

GRID_ROWS, GRID_COLUMNS = 18, 32
DETAIL_ROWS, DETAIL_COLUMNS = 72, 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """How the picture moved between the frame before and this one, on a grid of 18 rows by 32 columns.

    ``flow`` float32 (18, 32, 2): mean optical flow of each cell, x to the right and y down, in picture widths per
    second; ``detail`` uint8 (72, 128): mean luma of a quarter of a cell's sides, fine enough for a mouth to show.
    ``interval`` is the time since the frame before, in seconds.
    """

    at: float
    interval: float
    flow: NDArray[np.float32]
    detail: NDArray[np.uint8]

    def __deepcopy__(self, memo: object) -> "Motion":
        """Itself: it never changes, and a copy of whoever keeps many of them is to be cheap."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One look at who is on screen: the avatar's encoded likeness, or no vector where no avatar could be seen.

    ``vector`` float32 (d,), L2-normalised; ``confidence`` 0..1 that the located region is an avatar; ``fresh`` marks
    the first look after a scene cut, a change of resolution or a restart of the encoder; ``head``: the box of its head
    (left, top, width, height) in widths and heights of the picture, where it was located.
    """

    at: float
    vector: NDArray[np.float32] | None
    confidence: float
    fresh: bool = False
    head: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The operator's channel came up (``connected``) or was found lapsed, down or closed, with the cause."""

    at: float
    operator: str
    connected: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The operators take an announced break until ``until``; a rest that is over already ends the one before."""

    at: float
    operator: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeAsked:
    """A gesture was asked of the operator, ``then`` others in order; the answer is looked for until ``at + within``
    seconds. What begins sooner than ``soonest`` seconds after the question is no answer to it."""

    at: float
    challenge: str
    gesture: Gesture
    within: float
    then: tuple[Gesture, ...] = ()
    soonest: float = FASTEST_REACTION

    @property
    def gestures(self) -> tuple[Gesture, ...]:
        """All that were asked for, in order."""
        return self.gesture, *self.then


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsAsked:
    """Digits were to be typed by the operator until ``at + within`` seconds, no sooner than ``soonest`` after ``at``:
    programs are faster. No picture shows the answer."""

    at: float
    challenge: str
    digits: str
    within: float
    soonest: float = FASTEST_TYPED


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeAnswered:
    """The operator's side says that the gesture is done: a claim, what counts is the motion. Or it has typed the
    digits that were asked for, compared by the channel."""

    at: float
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blindness:
    """The monitor itself could not see (``blind``) or sees again; never the operator's fault."""

    at: float
    blind: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rival:
    """A registered likeness that the picture was found to be like among all; ``references`` float32 (n, d)."""

    at: float
    avatar: str
    references: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What ``avatar`` was known by has been purged or revoked: nothing is compared with it any more."""

    at: float
    avatar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deregistered:
    """The claimed avatar may not be on air any more, and why: suspended, revoked, expired or consent withdrawn."""

    at: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBefore:
    """The motion told since ``since`` (media seconds) was told in ``session`` too, ``apart`` seconds before.

    Near zero it is told there at the same time, by whichever side. ``told`` and ``before`` are the times of day (UTC,
    ISO 8601) of the end of it here and there; ``turns`` of the head agree, ``mirrored`` in a mirror.
    """

    since: float
    session: str
    apart: float
    told: str
    before: str
    turns: int
    mirrored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The operator's motion up to ``at`` was compared with that of other sessions, by ``turns`` of the head."""

    at: float
    turns: int
    found: ToldBefore | None = None


Seen = Motion | Look | Rival | Blindness
Told = (
    TelemetrySample
    | TelemetryBatch
    | Presence
    | Rest
    | ChallengeAsked
    | DigitsAsked
    | ChallengeAnswered
    | Compared
    | Deregistered
    | Forgotten
)
Asked = ChallengeAsked | DigitsAsked
Observation = Seen | Told
