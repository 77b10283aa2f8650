"""The wall: every stream that is on air, as the console shows them together."""

from pydantic import Field

from protocols.backend.part import Part
from protocols.backend.session import SessionStatus


class WallEntry(Part):
    """One stream on the wall."""

    session: SessionStatus = Field(description="Where it stands.")
    avatar_name: str = Field(description="Name of the avatar that it claims to show.", examples=["Hoshi"])
    picture: str | None = Field(
        description="Path of a reference picture of that avatar; null where none is kept.",
        examples=["/v1/avatars/av_9s1d0k4w7e2xn/pictures/9f86d081884c7d659f86d081884c7d65"],
    )
