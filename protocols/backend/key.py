"""API keys as an administrator creates and reads them, and what each may do."""

from typing import Annotated

from pydantic import Field

from protocols.backend.part import Moment, Part, Title


class KeyRequest(Part):
    """A new API key."""

    name: Title = Field(description="Who or what it is for.", examples=["backend"])
    scopes: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z]+(:[a-z]+)?$")]], Field(min_length=1, max_length=20)
    ] = Field(description="What it may do; `admin` may do everything.", examples=[["sessions:write", "sessions:read"]])
    expires_at: Moment | None = Field(None, description="From when on it is refused; never where absent.")


class KeyView(Part):
    """An API key without its secret."""

    id: str = Field(description="Id of the key.", examples=["key_1b2c8e0t5m3vz"])
    name: str = Field(description="Who or what it is for.", examples=["backend"])
    scopes: list[str] = Field(description="What it may do.", examples=[["sessions:write", "sessions:read"]])
    created_at: Moment = Field(description="When it was created.", examples=["2026-11-22T08:00:00Z"])
    expires_at: Moment | None = Field(None, description="From when on it is refused; null: never.", examples=[None])
    revoked_at: Moment | None = Field(None, description="When it was revoked.", examples=[None])


class KeyCreated(KeyView):
    """A key just created."""

    secret: str = Field(description="The key itself. Not shown again.", examples=["nkh_1b2c_…"])
