"""A booking: which avatar goes on air at a place, and who may drive it when. A publish hook is answered by it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from protocols.session import AvatarId, OperatorId, Placement

LARGEST_ROSTER = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A time in which an operator may drive; open at an end that is None. ``ends`` is not part of it."""

    begins: datetime | None = None
    ends: datetime | None = None

    def __post_init__(self) -> None:
        if self.begins is not None and self.ends is not None and self.ends <= self.begins:
            raise ValueError("a shift ends after it begins")

    def covers(self, now: datetime) -> bool:
        """Whether it is on now."""
        return (self.begins is None or self.begins <= now) and not self.over(now)

    def over(self, now: datetime) -> bool:
        """Whether it has ended."""
        return self.ends is not None and self.ends <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Rostered:
    """An operator of a booking; without shifts, one who may drive at any time."""

    operator: OperatorId
    shifts: tuple[Shift, ...] = ()

    def on_shift(self, now: datetime) -> bool:
        """Whether the operator may drive now."""
        return not self.shifts or any(shift.covers(now) for shift in self.shifts)

    def to_come(self, now: datetime) -> bool:
        """Whether the operator may drive now or later."""
        return not self.shifts or any(not shift.over(now) for shift in self.shifts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One place's booking. ``url`` is where the stream is watched, None for where its server's settings say.

    ``policy`` is a name for its newest version, or ``name@version``; None for the avatar's own profile.
    """

    placement: Placement
    avatar: AvatarId
    roster: tuple[Rostered, ...]
    booked_at: datetime
    policy: str | None = None
    url: str | None = None
    callback_url: str | None = None
    account: str = ""

    def operators(self, now: datetime) -> tuple[OperatorId, ...]:
        """The operators of a broadcast that begins now: those on shift, and those whose shift is to come."""
        return tuple(each.operator for each in self.roster if each.to_come(now))

    def refusal(self, operator: str | None, now: datetime) -> str | None:
        """Why a publisher must not go on air now, None where it may.

        ``operator`` is whom the publisher says to be; None where it does not say, and then anybody on shift will do.
        """
        if operator is None:
            if any(each.on_shift(now) for each in self.roster):
                return None
            return f"No operator of this stream's roster is on shift.{_next(self.roster, now)}"
        ours = [each for each in self.roster if each.operator == operator]
        if not ours:
            return "This operator is not on the roster of this stream."
        if not any(each.on_shift(now) for each in ours):
            return f"This operator is not on shift.{_next(ours, now)}"
        return None


def _next(roster: Collection[Rostered], now: datetime) -> str:
    """When the next shift begins, as a sentence of its own; nothing where none does."""
    begins = [shift.begins for each in roster for shift in each.shifts if shift.begins is not None]
    coming = min((moment for moment in begins if moment > now), default=None)
    return "" if coming is None else f" The next shift begins at {coming.isoformat(timespec='seconds')}."
