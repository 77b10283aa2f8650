"""Attention: when a stream is watched at full rate. Decoding every frame costs about ten times the keyframes alone."""

from protocols.policy import WatchPolicy
from protocols.verdict import Driver


class Attention:
    """Full rate until somebody is known to drive, around every challenge, and now and then afterwards.

    A stream that stays undecided (a performer who sits still) is not stared at for ever: after ``_PATIENCE`` windows
    it falls back to scheduled openings, three times as often as for a stream whose driver is known.
    """

    _PATIENCE = 8

    def __init__(self, policy: WatchPolicy) -> None:
        self._policy = policy
        self._opened: float | None = None
        self._rested_since: float | None = None

    def wants(self, now: float, driver: Driver, *, suspected: bool, challenged: bool) -> bool:
        """Whether to watch at full rate now; to be asked about once a second."""
        if suspected or challenged:
            self._opened = self._opened if self._opened is not None else now
            return True
        if self._opened is None:
            return self._due(now, driver) and self._open(now)
        if now - self._opened < self._length(driver):
            return True
        self._opened, self._rested_since = None, now
        return False

    def next_deadline(self, now: float, driver: Driver) -> float:
        """When ``wants`` changes its mind by time alone, while nobody is suspected and nothing is asked."""
        if self._opened is not None:
            return self._opened + self._length(driver)
        return now if self._rested_since is None else self._rested_since + self._gap(driver)

    def _open(self, now: float) -> bool:
        self._opened = now
        return True

    def _due(self, now: float, driver: Driver) -> bool:
        if self._rested_since is None:
            return True
        return now - self._rested_since >= self._gap(driver)

    def _gap(self, driver: Driver) -> float:
        return self._policy.every_s if driver is Driver.HUMAN else self._policy.every_s / 3

    def _length(self, driver: Driver) -> float:
        settled = driver is Driver.HUMAN or self._rested_since is not None
        windows = self._policy.windows if settled else self._PATIENCE
        # Half a window more: telemetry arrives late, and a window is only judged when both sides are complete.
        return (windows + 0.5) * self._policy.window_s
