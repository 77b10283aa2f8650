"""A token bucket: so many messages a second, and a few more at once."""

from protocols.channel.violation import Fault, TheirViolation


class Bucket:
    """Holds at most ``burst`` tokens and gains ``rate`` a second; each message takes one."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def spend(self, now: float) -> None:
        """Take the token of one message. Raises TheirViolation where none is left."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1.0:
            raise TheirViolation(Fault.RATE, f"more than {self._rate:g} messages a second, or {self._burst:g} at once")
        self._tokens -= 1.0
