"""Avatars as the backend reads them."""

from typing import Annotated, Literal

from pydantic import Field

from protocols.backend.part import Moment, Part

AvatarStanding = Literal["active", "suspended", "revoked"]


class AvatarView(Part):
    """A registered avatar."""

    id: str = Field(description="Id of the avatar.", examples=["av_9s1d0k4w7e2xn"])
    name: str = Field(description="Its name, unique among its owner's avatars.", examples=["Hoshi"])
    owner: str = Field(description="Whose likeness it is.", examples=["studio-1"])
    state: AvatarStanding = Field(description="Only an active avatar may be claimed by a session.", examples=["active"])
    abilities: list[str] = Field(
        description="Movements that it can show; gestures beyond them are never asked for.",
        examples=[["eyelids", "head", "mouth"]],
    )
    model: str = Field(description="The encoder that its likeness was made with.", examples=["likeness-1"])
    registered_at: Moment = Field(description="When it was registered.", examples=["2026-11-01T10:00:00Z"])


class AvatarRegistered(AvatarView):
    """An avatar just registered."""

    pictures: Annotated[int, Field(ge=1)] = Field(description="Pictures that it was registered with.", examples=[8])
    vectors: Annotated[int, Field(ge=1)] = Field(description="Likeness vectors that they gave.", examples=[16])
