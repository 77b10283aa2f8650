"""Bookings as the backend puts and reads them."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from protocols.backend.part import Identifier, Moment, Part, Title, Url
from protocols.backend.session import PlacementRequest, shown
from protocols.backend.source import infer
from protocols.booking import LARGEST_ROSTER, Booking, Rostered, Shift
from protocols.session import OperatorId


class ShiftPart(Part):
    """A time in which an operator may drive."""

    begins: Moment | None = Field(
        None, description="Its first moment; null: it has always been on.", examples=["2026-11-26T10:00:00Z"]
    )
    ends: Moment | None = Field(
        None, description="The first moment after it; null: it has no end.", examples=["2026-11-26T12:00:00Z"]
    )

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        self.shift()
        return self

    def shift(self) -> Shift:
        """As a value. Raises ValueError where it ends before it begins."""
        return Shift(begins=self.begins, ends=self.ends)


class RosteredPart(Part):
    """An operator of a booking."""

    operator: Identifier = Field(description="Id of the enrolled operator.", examples=["op_7h2m9q0d5k1wz"])
    shifts: Annotated[list[ShiftPart], Field(max_length=100)] = Field(
        default_factory=list, description="When the operator may drive; at any time where there is none.", examples=[[]]
    )

    @classmethod
    def of(cls, rostered: Rostered) -> "RosteredPart":
        """The operator, for the wire."""
        shifts = [ShiftPart(begins=shift.begins, ends=shift.ends) for shift in rostered.shifts]
        return cls(operator=rostered.operator, shifts=shifts)

    def rostered(self) -> Rostered:
        """As a value."""
        shifts = tuple(part.shift() for part in self.shifts)
        return Rostered(operator=OperatorId(self.operator), shifts=shifts)


Policy = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}(@[1-9][0-9]{0,8})?$")]
Roster = Annotated[list[RosteredPart], Field(min_length=1, max_length=LARGEST_ROSTER)]


class BookingRequest(Part):
    """What may be published at a place: which avatar, driven by whom and when."""

    avatar: Title = Field(
        description="The registered avatar: id, or name where only one bears it.", examples=["av_9s1d0k4w7e2xn"]
    )
    roster: Roster = Field(description="Who may drive it, 1 to 16 operators.")
    policy: Policy | None = Field(
        None,
        description="Policy that broadcasts are judged by: a name for its newest version, or `name@version`; the "
        "avatar's own profile where absent, `standard` where it has none.",
        examples=["standard"],
    )
    url: Url | None = Field(
        None,
        description="Where the stream is watched; null: where the settings of its server say.",
        examples=["rtmp://media.example/live/room-42"],
    )
    callback_url: Url | None = Field(
        None, description="Where webhooks about its sessions are sent.", examples=["https://backend.example/nakanohito"]
    )
    account: Identifier | None = Field(
        None, description="The broadcaster's account in your own system; opaque.", examples=["channel-1187"]
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.url is not None and infer(self.url) is None:
            raise ValueError("the kind of 'url' cannot be told from it: rtmp(s)://…, or http(s)://….m3u8, .flv, /whep")
        if len({each.operator for each in self.roster}) != len(self.roster):
            raise ValueError("'roster' names somebody twice")
        return self


class BookingView(Part):
    """A booking: a publisher at this place goes on air as this avatar, and is monitored from the first moment."""

    placement: PlacementRequest = Field(description="The place.")
    avatar: str = Field(description="Id of the avatar.", examples=["av_9s1d0k4w7e2xn"])
    roster: list[RosteredPart] = Field(description="Who may drive it, and when.")
    policy: str | None = Field(
        description="Policy that broadcasts are judged by; null: the avatar's own profile.", examples=["standard"]
    )
    url: str | None = Field(None, description="Where the stream is watched, where the booking says so itself.")
    callback_url: str | None = Field(None, description="Where webhooks are sent.")
    account: str = Field(description="The broadcaster's account in your system.", examples=["channel-1187"])
    booked_at: Moment = Field(description="When it was put.", examples=["2026-11-26T09:00:00Z"])

    @classmethod
    def of(cls, booking: Booking) -> "BookingView":
        """The booking, for the wire; credentials in its URLs are taken off."""
        return cls(
            placement=PlacementRequest.of(booking.placement),
            avatar=booking.avatar,
            roster=[RosteredPart.of(each) for each in booking.roster],
            policy=booking.policy,
            url=shown(booking.url),
            callback_url=shown(booking.callback_url),
            account=booking.account,
            booked_at=booking.booked_at,
        )
