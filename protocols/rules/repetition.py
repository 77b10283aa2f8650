"""Repetition: the picture plays again what it has shown. A person in front of a camera never does."""

from protocols.driving.repetition import NOTHING, Repetition
from protocols.evidence import Evidence, Finding, RuleName, decayed
from protocols.observation import Motion, Observation
from protocols.policy import FusionPolicy
from protocols.rules.tracks import Instruments

_EVERY = 4.0  # seconds between two searches; one takes longer than assessing a window
_EVERY_CLEARED = 8.0  # the same once all that is reached was searched, and nothing found
_LATELY = 8.0  # seconds: whether the avatar is moved is a matter of now, what returns goes further back
_REACH = 40.0  # seconds that are searched: periods of up to about 36 s
_HALF_LIFE = 60.0
_IDLE, _MOVED = 0.4, 0.8  # liveliness of an avatar that breathes by itself at most; of one that is moved at least
_STALE = 120.0  # seconds after which a loop that was not seen again no longer makes the rule fail


class RepetitionRule:
    """Searches while motion is seen; what it found fades unless it is found again."""

    name = RuleName.REPETITION

    def __init__(self, policy: FusionPolicy, tracks: Instruments) -> None:
        self._weight = policy.repetition_weight
        self._tracks = tracks
        self._began: float | None = None
        self._newest = 0.0
        self._searched_at = 0.0
        self._found_at: float | None = None
        self._liveliness = 0.0
        self.repetition: Repetition = NOTHING

    def adopt(self, policy: FusionPolicy) -> None:
        """Weigh by another policy from now on."""
        self._weight = policy.repetition_weight

    def observe(self, observation: Observation) -> None:
        """Note when motion was seen."""
        if isinstance(observation, Motion):
            if self._began is None:
                self._began = self._searched_at = observation.at
            self._newest = observation.at

    def search(self, *, now: bool = False) -> None:
        """Search what is at hand, if enough is new since the last time, or ``now``."""
        if self._began is None or (self._newest - self._searched_at < self._gap(self._began) and not now):
            return
        self._searched_at = self._newest
        start = max(self._began, self._newest - _REACH)
        found = self._tracks.repetition(start, self._newest)
        if found.detected:
            self.repetition, self._found_at = found, self._newest
            # An avatar whose person has gone for a moment breathes on, round and round, and hardly moves.
            self._liveliness = self._tracks.liveliness(max(start, self._newest - _LATELY), self._newest)

    def _gap(self, began: float) -> float:
        cleared = self._searched_at - began >= _REACH and not self._fresh(self._searched_at)
        return _EVERY_CLEARED if cleared else _EVERY

    def _fresh(self, at: float) -> bool:
        """Whether a loop was seen not long ago."""
        return self._found_at is not None and at - self._found_at < _STALE

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """The policy's weight against, as far as what returns is lively, fading since the loop was last seen."""
        if self._found_at is None:
            return ()
        period = self.repetition.period or 0.0
        facts = (
            ("period_s", round(period, 2)),
            ("share", round(self.repetition.score, 3)),
            ("liveliness", round(self._liveliness, 3)),
        )
        moved = min(1.0, max(0.0, (self._liveliness - _IDLE) / (_MOVED - _IDLE)))
        weight = -decayed(self._weight * moved, at - self._found_at, _HALF_LIFE)
        start = max(0.0, self._found_at - 2 * period)
        return (Evidence(rule=self.name, start=start, end=self._found_at, weight=weight, facts=facts),)

    def finding(self, at: float) -> Finding:
        """FAIL while a loop is fresh, PASS once enough was searched without one."""
        if self._fresh(at):
            return Finding.FAIL
        searched = self._began is not None and self._searched_at - self._began >= _REACH / 2
        return Finding.PASS if searched else Finding.UNKNOWN
