"""Registration: the claimed avatar may be on air. It is a matter of record, so that no blindness of ours excuses it."""

from protocols.evidence import Evidence, Finding, RuleName
from protocols.observation import Deregistered, Observation


class RegistrationRule:
    """A session begins with an avatar that may be on air; once it may not, nothing brings it back."""

    name = RuleName.REGISTRATION

    def __init__(self) -> None:
        self._gone: Deregistered | None = None

    def observe(self, observation: Observation) -> None:
        """Take note; the first reason stands."""
        if isinstance(observation, Deregistered) and self._gone is None:
            self._gone = observation

    def standing(self, at: float) -> tuple[Evidence, ...]:
        """Why it may not, with no weight: it does not tell who drives."""
        if self._gone is None:
            return ()
        facts = (("because", self._gone.because),)
        return (Evidence(rule=self.name, start=self._gone.at, end=max(at, self._gone.at), weight=0.0, facts=facts),)

    def finding(self, at: float) -> Finding:
        """PASS or FAIL."""
        return Finding.PASS if self._gone is None else Finding.FAIL
