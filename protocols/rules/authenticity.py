"""Authenticity: the telemetry is a person's, tracked live, and not a script's, however well it fits the picture."""

from protocols.driving.plausibility import UNKNOWN, Plausibility
from protocols.evidence import Evidence, Fact, Finding, RuleName, capped, decayed
from protocols.observation import Observation
from protocols.policy import FusionPolicy
from protocols.rules.tracks import Instruments
from protocols.telemetry import TelemetryBatch, TelemetrySample

_EVERY = 5.0  # seconds between two examinations
_EVERY_CLEARED = 15.0  # the same once the last one has found nothing: half of what it looks at is new by then
_REACH = 30.0  # seconds of telemetry that are examined
_HALF_LIFE = 60.0
_MACHINE = -5.0  # nats from which several traits of a machine have met: agreement acquits no more


class AuthenticityRule:
    """Examines the newest telemetry now and then; the last examination stands, fading once no more comes."""

    name = RuleName.AUTHENTICITY

    def __init__(self, policy: FusionPolicy, tracks: Instruments) -> None:
        self._cap = policy.authenticity_cap
        self._tracks = tracks
        self._newest: float | None = None
        self._examined_at: float | None = None
        self._facts: tuple[Fact, ...] = ()
        self.plausibility: Plausibility = UNKNOWN

    def adopt(self, policy: FusionPolicy) -> None:
        """Weigh by another policy from now on."""
        self._cap = policy.authenticity_cap

    def observe(self, observation: Observation) -> None:
        """Note how far the telemetry goes."""
        if isinstance(observation, TelemetrySample | TelemetryBatch):
            self._newest = observation.at if self._newest is None else max(self._newest, observation.at)

    def examine(self, *, now: bool = False) -> None:
        """Examine the telemetry, if enough is new since the last time, or ``now``."""
        if self._newest is None:
            return
        if self._examined_at is not None and self._newest - self._examined_at < self._gap() and not now:
            return
        self._examined_at = self._newest
        found = self._tracks.plausibility(self._newest - _REACH, self._newest)
        if found is not UNKNOWN:
            self.plausibility = found
            self._facts = (("score", round(found.score, 4)), ("findings", ", ".join(found.findings) or None))

    def _gap(self) -> float:
        cleared = self.plausibility is not UNKNOWN and not self.plausibility.findings
        return _EVERY_CLEARED if cleared else _EVERY

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """What the last examination says, within the policy's cap."""
        if self._examined_at is None or self.plausibility is UNKNOWN:
            return ()
        end = self._examined_at
        weight = decayed(capped(self.plausibility.weight, self._cap), at - end, _HALF_LIFE)
        return (Evidence(rule=self.name, start=max(0.0, end - _REACH), end=end, weight=weight, facts=self._facts),)

    def finding(self, at: float) -> Finding:
        """FAIL where several traits of a machine meet, WARN where there is one."""
        if self.plausibility is UNKNOWN:
            return Finding.UNKNOWN
        if self.plausibility.weight <= _MACHINE:
            return Finding.FAIL
        return Finding.WARN if self.plausibility.findings else Finding.PASS
