"""How the gateway asks the house: who may come in, whether their shift has begun, and where what they say goes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protocols.channel.duty import ON_SHIFT, Duty
from protocols.channel.event import Happening
from protocols.channel.floor import Sharing
from protocols.channel.server import NOT_ADMITTED
from protocols.channel.violation import Closing
from protocols.observation import ChallengeAnswered, Presence, Rest
from protocols.telemetry import TelemetryBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """An operator may connect to a session, with one of these device keys (Ed25519, 32 bytes each).

    ``epoch`` fences the session; ``zero`` is the session's zero on the event loop's clock, in seconds;
    ``break_budget`` and ``performance_budget``: seconds within an hour of breaks and of segments without routine
    challenges.
    """

    device_keys: tuple[bytes, ...]
    epoch: int
    zero: float
    sharing: Sharing = Sharing.STANDBY
    break_budget: float = 0.0
    performance_budget: float = 0.0
    sessions_at_once: int | None = None
    """In how many sessions the operator may be at once; as the gateway's limits say where None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An operator may not connect. The default tells nobody who is on a roster."""

    code: str = Closing.NOT_ADMITTED
    message: str = NOT_ADMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An operator whose device key has been verified, and what they bring to begin their shift by, if anything."""

    operator: str
    session: str
    channel_key: bytes
    ceremony: str = ""
    credential: str = ""
    again: bool = False
    """Whether they were let in before, and it is asked how they stand by now."""


ChannelObservation = TelemetryBatch | Presence | Rest | ChallengeAnswered
Admit = Callable[[str, str], Awaitable[Admission | Refusal]]
"""``admit(operator, session)``."""
Arrive = Callable[[Arrival], Awaitable[Duty | Refusal]]
"""Whether an operator is on shift; asked when they have come in, and again with each answer of their passkey."""
Feed = Callable[[str, ChannelObservation], None]
"""``feed(session, observation)``; returns at once."""
Note = Callable[[str, Happening], None]
"""``note(session, happening)``: what is no observation but should be known, counted or kept; returns at once."""


def ignore(session: str, happening: Happening) -> None:
    """Take no note."""


async def on_shift(arrival: Arrival) -> Duty | Refusal:
    """Whoever has come in is on shift: nothing more is asked for."""
    return ON_SHIFT
