"""Shifts as pages begin them and a backend reads them."""

from pydantic import Field

from protocols.backend.operator import DeviceKey
from protocols.backend.part import Identifier, Moment, Part
from protocols.backend.passkey import Credential


class ShiftRequest(Part):
    """Somebody wants to begin a shift."""

    session: Identifier = Field(description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])
    operator: Identifier = Field(description="Id of the operator.", examples=["op_7h2m9q0d5k1wz"])
    channel_key: DeviceKey = Field(
        description="Ed25519 public key that signs the hellos of the channel: base64, the page's own is fine.",
        examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    )


class AssertionAnswer(Part):
    """The end of a ceremony."""

    credential: Credential


class ShiftView(Part):
    """A shift: an operator behind a session."""

    id: str = Field(description="Id of the shift.", examples=["sh_5d0k9s1w7e2xn"])
    session: str = Field(description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])
    operator: str = Field(description="Id of the operator.", examples=["op_7h2m9q0d5k1wz"])
    passkey: str | None = Field(
        None, description="Id of the passkey that it began by; null where none was asked for.", examples=["pk_5d0k9s1w"]
    )
    began_at: Moment = Field(description="When it began.", examples=["2026-11-22T08:30:00Z"])
    lapsed_at: Moment | None = Field(None, description="Since when the operator is not there.", examples=[None])
    ended_at: Moment | None = Field(None, description="When it ended.", examples=["2026-11-22T10:30:00Z"])
    ended_because: str | None = Field(None, description="Why it ended.", examples=["the operator has left"])
