"""Driving: the operator's motion moves the avatar on the picture, window by window."""

from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np

from protocols.driving.calibration import Calibration
from protocols.driving.correlation import Driving
from protocols.driving.lag import LagBelief
from protocols.evidence import HALF_LIVES, Evidence, Fact, Finding, RuleName, capped, decayed
from protocols.observation import Motion, Observation
from protocols.policy import Policy
from protocols.rules.tracks import Instruments
from protocols.rules.window import Span, Windows

_SETTLE = 1.5  # seconds; a heartbeat carries a second of telemetry, and takes its way
_EARLY = 6.0  # seconds of the very first window after which something is said already
_KEPT = 24  # windows; older ones have faded
_FAILS_BELOW = -1.0  # nats; from here on the rule itself says fail, for those who read findings
_LEAD = 3.0  # seconds by which a picture may lead what was made from it
_SAME_LAG = 0.13  # seconds within which two windows match at the same lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window's driving evidence; ``silent`` where the operator's side reported no motion at all; ``elsewhere``:
    the lag at which it matches that no stream has, where that is certain or the window before had the same."""

    driving: Driving
    silent: bool
    elsewhere: float | None
    weight: float
    facts: tuple[Fact, ...]


class DrivingRule:
    """Weights fade with the policy's half-life and are capped together.

    While no window stands, the open one is read after its first seconds, until it is complete: who begins to drive
    need not wait. And what was earned before a window that disagrees is limited, since drivers leave at once.
    """

    name = RuleName.DRIVING

    def __init__(self, policy: Policy, tracks: Instruments, calibration: Calibration) -> None:
        self._policy = policy.fusion
        self._tracks = tracks
        self._calibration = calibration
        self._windows = Windows(policy.watch.window_s, _SETTLE)
        self._belief = LagBelief.uninformed()
        self._early: Window | None = None
        self._faded_at: tuple[float, list[tuple[Window, float]]] | None = None
        self._elsewhere: float | None = None
        self.windows: deque[Window] = deque(maxlen=_KEPT)

    def adopt(self, policy: Policy) -> None:
        """Weigh by another policy from now on; windows stay as long as they are."""
        self._policy = policy.fusion
        self._faded_at = None

    @property
    def lag(self) -> float | None:
        """Seconds that the picture runs behind the telemetry: the median of the windows that show one."""
        found = [w.driving.lag for w in self.windows if w.driving.lag is not None]
        return float(median(found)) if found else None

    @property
    def elsewhere(self) -> float | None:
        """Seconds that the picture runs behind, more than 3 or less than 0, where it does."""
        return self._elsewhere

    @property
    def misplaced(self) -> bool:
        """Whether both sides agree so far apart that a clock must be wrong."""
        return self.elsewhere is not None and not -_LEAD <= self.elsewhere <= 0

    @property
    def score(self) -> float:
        """What all windows said together, neither faded nor capped, in nats: for comparing recordings."""
        return sum(w.driving.score if not w.silent else w.weight for w in self.windows)

    def observe(self, observation: Observation) -> None:
        """Note when motion was seen."""
        if isinstance(observation, Motion):
            self._windows.seen(observation.at)

    def close_windows(self, at: float) -> None:
        """Assess the windows that are complete at ``at``."""
        for span in self._windows.closed(at):
            self._assess(span)
        early = None if self._stands(at) else self._windows.begun(at, _EARLY)
        if early is not None:
            self._early = self._read(early)
            self._reckon()

    def close_rest(self) -> None:
        """Assess what is left of a window where the watching ends for good."""
        for span in self._windows.rest():
            self._assess(span)

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """One piece of evidence per window, faded, the sum of them within the cap."""
        faded = self._faded(at)
        total = sum(weight for _, weight in faded)
        share = self._told(total) / total if total else 1.0
        return tuple(
            Evidence(rule=self.name, start=w.driving.start, end=w.driving.end, weight=weight * share, facts=w.facts)
            for w, weight in faded
        )

    def finding(self, at: float) -> Finding:
        """By the weight that stands: PASS well above zero, FAIL well below."""
        total = self._told(sum(weight for _, weight in self._faded(at)))
        if total >= -_FAILS_BELOW:
            return Finding.PASS
        return Finding.FAIL if total <= _FAILS_BELOW else Finding.UNKNOWN

    @property
    def _open(self) -> list[Window]:
        """All windows, and what the open one has said so far."""
        return [*self.windows, self._early] if self._early is not None else list(self.windows)

    @property
    def _newest(self) -> Window | None:
        return self._early or (self.windows[-1] if self.windows else None)

    def _told(self, total: float) -> float:
        """What windows of ``total`` nats say together, within the cap.

        Where it is not clear what their angles are, it is as likely as not that nothing they say counts; and where
        both sides agree at a lag that no stream has, a clock may be wrong, or the picture lead what was made from it.
        """
        newest = self._newest
        if newest is not None and newest.driving.unclear and not newest.silent:
            total = float(np.logaddexp(total, 0.0) - np.log(2.0))
        if self.elsewhere is not None:
            total = max(total, 0.0 if self.misplaced else -self._calibration.doubted)
        return capped(total, self._policy.driving_cap)

    def _assess(self, span: Span) -> None:
        window = self._read(span)
        self._belief = self._belief.after(window.driving.profile)
        self._early = None
        self.windows.append(window)
        self._reckon()

    def _reckon(self) -> None:
        """Take in that windows have changed."""
        self._faded_at = None
        self._elsewhere = next((w.elsewhere for w in reversed(self._open) if not w.silent), None)

    def _read(self, span: Span) -> Window:
        start, end = span
        tracks = self._tracks
        driving = tracks.assess(start, end, self._belief, self._calibration)
        silent = tracks.silent(start, end)
        weight = -self._policy.silent_weight * tracks.liveliness(start, end) if silent else driving.weight
        if tracks.vacant(start, end):
            weight = max(0.0, weight)  # a game or a slate moves as it likes, while no avatar is shown
        there, before = driving.elsewhere, self.windows[-1].driving.elsewhere if self.windows else None
        again = there is not None and before is not None and abs(there - before) <= _SAME_LAG
        there = there if driving.certain or again else None
        facts = _facts(driving, silent, there)
        return Window(driving=driving, silent=silent, elsewhere=there, weight=weight, facts=facts)

    def _stands(self, at: float) -> bool:
        """Whether a window still says something."""
        newest = self._newest
        return newest is not None and newest.driving.end >= at - HALF_LIVES * self._policy.driving_half_life_s

    def _faded(self, at: float) -> list[tuple[Window, float]]:
        """The windows that still say something, each with what is left of its weight."""
        if self._faded_at is None or self._faded_at[0] != at:
            self._faded_at = at, self._fade(at)
        return self._faded_at[1]

    def _fade(self, at: float) -> list[tuple[Window, float]]:
        half_life = self._policy.driving_half_life_s
        oldest = at - HALF_LIVES * half_life
        faded = [(w, decayed(w.weight, at - w.driving.end, half_life)) for w in self._open if w.driving.end >= oldest]
        return _carried(faded, self._policy.driving_carry)


def _carried(faded: list[tuple[Window, float]], carry: float) -> list[tuple[Window, float]]:
    """The windows' weights, those before one that disagrees scaled down to ``carry`` together.

    A person may stop driving from one moment to the next, with a probability that e^-carry stands for; what was seen
    before is no better proof of now than that."""
    carried: list[tuple[Window, float]] = []
    total = 0.0
    for window, weight in faded:
        if weight < 0 and total > carry:
            carried = [(w, earlier * carry / total) for w, earlier in carried]
            total = carry
        carried.append((window, weight))
        total += weight
    return carried


def _facts(driving: Driving, silent: bool, there: float | None) -> tuple[Fact, ...]:
    strongest = max(driving.channels, key=lambda channel: channel.correlation, default=None)
    return (
        ("score", round(driving.score, 3)),
        ("lag_s", None if driving.lag is None else round(driving.lag, 3)),
        ("information", round(driving.information, 3)),
        ("telemetry_silent", silent),
        ("mirrored", driving.mirrored),
        ("elsewhere_s", None if there is None else round(there, 2)),
        ("units_unclear", driving.unclear),
        ("best_channel", None if strongest is None else strongest.channel),
        ("best_correlation", None if strongest is None else round(strongest.correlation, 3)),
    )
