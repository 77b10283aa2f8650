"""When silence is a stall and when it is the end: pure, with time as an argument."""

import math

from monitor.sources.source import Ended, Patience, Refused, Resumed, Stalled


class Silence:
    """Watches the ages of the last packet and the last picture; times are of the monotonic clock."""

    def __init__(self, *, began: float, zero: float, patience: Patience) -> None:
        self._patience = patience
        self.began = began
        self._zero = zero
        self.packet_at = self._picture = -math.inf
        self._stalled_since: float | None = None
        self.trouble = ""
        """Why the last attempt to connect failed, told as the cause when patience ends."""

    @property
    def stalled(self) -> bool:
        """Whether a stall was told and nothing was seen since."""
        return self._stalled_since is not None

    def packet(self, now: float) -> None:
        """A packet of video has arrived."""
        self.packet_at = now

    def picture(self, now: float) -> Resumed | None:
        """Take in a decoded picture; tells whether a stall is over by it."""
        self.packet_at = max(self.packet_at, now)
        self._picture = now
        self.trouble = ""
        if self._stalled_since is None:
            return None
        self._stalled_since = None
        return Resumed(at=now - self._zero)

    @property
    def next_deadline(self) -> float:
        """When to ask again if nothing arrives until then."""
        if self._picture == -math.inf:
            return math.inf if self._patience.start_within is None else self.began + self._patience.start_within
        if self._stalled_since is not None:
            return self._stalled_since + self._patience.give_up_after
        return min(self.packet_at + self._patience.stall_after, self._picture + self._patience.picture_within)

    def check(self, now: float) -> Stalled | Ended | Refused | None:
        """Tell what the silence amounts to at ``now``."""
        if now < self.next_deadline:
            return None
        at = now - self._zero
        if self._picture == -math.inf:
            return Refused(at=at, cause=self.trouble or f"no picture came within {self._patience.start_within:g} s")
        if self._stalled_since is not None:
            cause = f"silent for {self._patience.give_up_after:g} s"
            return Ended(at=at, cause=f"{cause}; {self.trouble}" if self.trouble else cause)
        # Either no packet comes, or packets do and no picture comes out of them.
        self._stalled_since = self.packet_at if now >= self.packet_at + self._patience.stall_after else self._picture
        return Stalled(at=at, silent_for=now - self._stalled_since)
