"""One operator's place on the floor of a session. It outlives connections; a resume finds it as it was left."""

from dataclasses import dataclass

from protocols.channel.event import ClockJumped, FloorEvent, HeartbeatReceived, SamplesRefused
from protocols.channel.intake import Intake, Taken
from protocols.channel.limits import Limits
from protocols.channel.message import NO_SAMPLES
from protocols.channel.packing import unpack
from protocols.channel.presence import Attendance
from protocols.channel.server import ServerConnection
from protocols.observation import Presence

_NONE = unpack(NO_SAMPLES)


@dataclass(slots=True)
class Seat:
    """Who sits here, whether they are there, and by which connection; None between a loss and a resume."""

    operator: str
    zero: float
    attendance: Attendance
    intake: Intake
    connection: ServerConnection | None = None
    on_shift: bool = True

    @classmethod
    def taken(cls, operator: str, limits: Limits, zero: float, now: float, *, on_shift: bool) -> "Seat":
        """A seat that an operator takes now, on shift or not yet."""
        return cls(operator, zero, Attendance(limits, now), Intake(limits, zero), on_shift=on_shift)

    def presence(self, now: float, *, connected: bool, cause: str) -> Presence:
        """The observation that the operator is there, or is not."""
        return Presence(at=now - self.zero, operator=self.operator, connected=connected, cause=cause)

    def alive(self, now: float) -> list[FloorEvent]:
        """A sign of life has come; it may end a lapse. Whoever is not on shift is missed by nobody."""
        if self.attendance.beat(now) and self.on_shift:
            return [self.presence(now, connected=True, cause="heartbeats are back")]
        return []

    def vacate(self, connection: ServerConnection, cause: str) -> None:
        """That connection is gone. Nothing changes where another has taken over."""
        if self.connection is connection:
            self.connection = None
            self.attendance.lose(cause)

    def lapse(self, now: float) -> list[FloorEvent]:
        """Find out whether the operator has lapsed."""
        cause = self.attendance.expire(now)
        return [] if cause is None or not self.on_shift else [self.presence(now, connected=False, cause=cause)]

    def leave(self, now: float, cause: str = "the operator has left") -> list[FloorEvent]:
        """The operator leaves on purpose, or is sent away."""
        self.connection = None
        left = self.attendance.leave()
        missed = left and self.on_shift
        return [self.presence(now, connected=False, cause=cause)] if missed else []

    def heartbeat(
        self, connection: ServerConnection, beat: HeartbeatReceived, now: float, *, driving: bool
    ) -> list[FloorEvent]:
        """Take in a heartbeat and acknowledge it; only who drives is heard for their motion."""
        taken = self.intake.take(beat.sent, beat.samples if driving else _NONE, now)
        standby = 0 if driving else len(beat.samples)
        connection.ack(beat, taken=taken.count, refused=taken.refused + standby, now=now)
        batch: list[FloorEvent] = [] if taken.batch is None else [taken.batch]
        return batch + self._doubts(taken, standby, now)

    def _doubts(self, taken: Taken, standby: int, now: float) -> list[FloorEvent]:
        at, operator = now - self.zero, self.operator
        events: list[FloorEvent] = []
        if taken.jumped is not None:
            events.append(ClockJumped(at=at, operator=operator, by=taken.jumped))
        if taken.refused or standby:
            future, stale, disordered = taken.future, taken.stale, taken.disordered
            refused = SamplesRefused(
                at=at, operator=operator, future=future, stale=stale, disordered=disordered, standby=standby
            )
            events.append(refused)
        return events
