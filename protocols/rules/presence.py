"""Presence: somebody of the roster is connected. It proves possession of a key, so being there weighs nothing."""

from protocols.evidence import Evidence, Finding, RuleName
from protocols.observation import Blindness, Observation, Presence, Rest
from protocols.policy import PresencePolicy


class PresenceRule:
    """Fails once nobody has been connected for as long as the policy allows.

    The monitor's own blind time is left out, and so are announced breaks. What goes on performing in a break is judged
    by the other rules as ever: they look at what moves, and a break excuses nobody from them.
    """

    name = RuleName.PRESENCE

    def __init__(self, policy: PresencePolicy, start: float = 0.0) -> None:
        self._policy = policy
        self._connected: set[str] = set()
        self._ever = False
        self._absent_since: float = start
        self._blind_since: float | None = None
        self._cause = "no operator has connected"
        self._rests_until = start

    def observe(self, observation: Observation) -> None:
        """Take note of comings and goings, and of the monitor's own blindness."""
        match observation:
            case Presence(connected=True):
                self._connected.add(observation.operator)
                self._ever = True
            case Presence():
                self._leave(observation)
            case Rest():
                self._rests_until = observation.until
            case Blindness(blind=True):
                self._blind_since = observation.at if self._blind_since is None else self._blind_since
            case Blindness():
                if self._blind_since is not None:
                    self._absent_since += max(0.0, observation.at - self._blind_since)
                self._blind_since = None
            case _:
                pass

    @property
    def connected(self) -> bool:
        """Whether anybody of the roster is there."""
        return bool(self._connected)

    def adopt(self, policy: PresencePolicy) -> None:
        """Count by another policy from now on."""
        self._policy = policy

    def fails_at(self, now: float) -> float | None:
        """When it fails, if nobody comes and nothing else happens; None where it never does, or has failed."""
        if self._connected or self._blind_since is not None or self.finding(now) is Finding.FAIL:
            return None
        return max(self._absent_since, self._rests_until) + self._allowed

    def absent_for(self, at: float) -> float:
        """Seconds for which nobody has been there, 0 while somebody is."""
        if self._connected:
            return 0.0
        until = at if self._blind_since is None else min(at, self._blind_since)
        return max(0.0, until - max(self._absent_since, self._rests_until))

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """Nothing while somebody is there; the policy's weight against once the time is over."""
        if self.finding(at) is not Finding.FAIL:
            return ()
        absent = self.absent_for(at)
        facts = (("absent_s", round(absent, 1)), ("allowed_s", self._allowed), ("because", self._cause))
        start = at - absent
        return (Evidence(rule=self.name, start=start, end=at, weight=-self._policy.weight, facts=facts),)

    def finding(self, at: float) -> Finding:
        """PASS while somebody is there, UNKNOWN until anybody must be, WARN on the way, FAIL after it."""
        if self._connected:
            return Finding.PASS
        if at < self._rests_until:  # an announced break: nobody need be there
            return Finding.UNKNOWN
        if self.absent_for(at) >= self._allowed:
            return Finding.FAIL
        return Finding.WARN if self._ever else Finding.UNKNOWN

    @property
    def _allowed(self) -> float:
        return self._policy.absent_after_s if self._ever else self._policy.connect_within_s

    def _leave(self, observation: Presence) -> None:
        was_connected = bool(self._connected)
        self._connected.discard(observation.operator)
        if was_connected and not self._connected:
            self._absent_since, self._cause = observation.at, observation.cause
