"""What the channel's machines tell their shells, beside the observations that go to the session."""

from dataclasses import dataclass
from enum import StrEnum

from protocols.channel.packing import Records
from protocols.channel.violation import Fault
from protocols.gesture import Gesture
from protocols.observation import ChallengeAnswered, Presence, Rest
from protocols.telemetry import TelemetryBatch


class Outcome(StrEnum):
    """What became of an answer. Only the first is a claim that counts; none says whether the gesture was seen."""

    ACCEPTED = "accepted"
    LATE = "late"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    WRONG_NONCE = "wrong_nonce"
    WRONG_DIGITS = "wrong_digits"
    NOT_DRIVING = "not_driving"


# One connection, server ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloReceived:
    """Somebody claims to be ``operator``; nothing is proven until the signature is verified."""

    session: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatReceived:
    """A heartbeat; ``sent`` is on the operator's clock."""

    seq: int
    sent: float
    samples: Records


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReceived:
    """An answer to a challenge, not yet compared with what was asked."""

    challenge: str
    nonce: str
    typed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestReceived:
    """The device key has signed the first ``count`` sealed messages; ``statement`` is what it signed."""

    count: int
    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReceived:
    """The operator's passkey has answered, by a credential in JSON; nothing is proven yet."""

    ceremony: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakReceived:
    """The operator wants a break of so many seconds; 0 ends the one that is on."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformReceived:
    """The operator announces a segment of so many seconds in which nobody should ask; 0 ends the one that is on."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferReceived:
    """The operator offers the floor to another, signed."""

    to: str
    nonce: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptReceived:
    """The operator takes what another has offered, signed."""

    by: str
    nonce: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ByeReceived:
    """The operator leaves on purpose."""


ServerEvent = (
    HelloReceived
    | HeartbeatReceived
    | AnswerReceived
    | AttestReceived
    | ShiftReceived
    | BreakReceived
    | PerformReceived
    | OfferReceived
    | AcceptReceived
    | ByeReceived
)

# The floor of one session; ``at`` in seconds on its clock ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeExpired:
    """Nobody has answered in time."""

    at: float
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRefused:
    """An answer came that does not count."""

    at: float
    operator: str
    challenge: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped:
    """The operator's clock jumped ``by`` seconds (ahead: positive)."""

    at: float
    operator: str
    by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesRefused:
    """Samples of one heartbeat that cannot be true, by reason; ``standby`` are those of an operator not driving."""

    at: float
    operator: str
    future: int = 0
    stale: int = 0
    disordered: int = 0
    standby: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """The device key has signed the chain: evidence that holds without trusting this service."""

    at: float
    operator: str
    connection: str
    count: int
    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverChanged:
    """Who drives now; None where nobody does."""

    at: float
    operator: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violated:
    """An operator's software left the protocol; its connection is closed, its presence lapses unless it returns."""

    at: float
    operator: str
    fault: Fault
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftAsserted:
    """An operator wants to begin a shift by their passkey's answer, which the shell has to have checked."""

    at: float
    operator: str
    ceremony: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The floor went from one operator to another without a gap; both have signed ``statement``."""

    at: float
    giver: str
    taker: str
    statement: bytes
    giver_signature: bytes
    taker_signature: bytes


Happening = (
    ChallengeExpired
    | AnswerRefused
    | ClockJumped
    | SamplesRefused
    | Attested
    | DriverChanged
    | ShiftAsserted
    | HandedOver
    | Violated
)
"""What is told about a session's channel beside its observations."""
FloorEvent = TelemetryBatch | Presence | Rest | ChallengeAnswered | Happening

# One connection, operator's side; times on the operator's clock ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The channel is open."""

    driving: bool
    resumed: bool
    interval: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A heartbeat has arrived; ``round_trip`` seconds ago it was sent."""

    round_trip: float
    taken: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """Show ``gesture``, ``then`` those, or type ``digits`` before ``deadline``; after a resume an open challenge comes
    again with the same id."""

    challenge: str
    deadline: float
    gesture: Gesture | None = None
    then: tuple[Gesture, ...] = ()
    digits: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipted:
    """The answer has arrived, and whether it counts (an `Outcome`, or a word of a later version)."""

    challenge: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something to know or do; ``until`` where it has a time."""

    level: str
    code: str
    en: str
    zh: str
    until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorChanged:
    """Whether this operator drives now."""

    driving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyTold:
    """Whether this operator is on shift; where a passkey is asked for, until when it may answer."""

    on_shift: bool
    needs: str | None
    en: str
    zh: str
    ceremony: str | None
    options: str | None
    until: float | None
    verified_for: float | None
    break_until: float | None
    break_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorOffered:
    """``by`` offers the floor to this operator until ``until``."""

    by: str
    nonce: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Refused or closed by the server, with its code and words."""

    code: str
    message: str


ClientEvent = Opened | Acknowledged | Challenged | Receipted | Noticed | FloorChanged | DutyTold | FloorOffered | Ended
