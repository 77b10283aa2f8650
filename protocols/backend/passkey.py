"""Passkeys as pages register and use them, and as a backend sees them: public keys, never who somebody is."""

from typing import Annotated, Any

from pydantic import Field

from protocols.backend.operator import DeviceKey
from protocols.backend.part import Moment, Part

Credential = Annotated[
    dict[str, Any],
    Field(
        description="What the browser gave (`PublicKeyCredential.toJSON()`), as it is.",
        examples=[{"id": "mGx5…", "rawId": "mGx5…", "type": "public-key", "response": {}}],
    ),
]


class InvitationView(Part):
    """An invitation to register one passkey, once."""

    id: str = Field(description="Id of the invitation.", examples=["inv_3k9d7m2x8q0ab"])
    holder: str = Field(description="Whose passkey it will be.", examples=["op_7h2m9q0d5k1wz"])
    code: str = Field(
        description="Give it to the person by a way that you trust. It is not shown again.",
        examples=["Zl0mJ8pXKq2b9VtS4nWcRyH1uEo"],
    )
    link: str = Field(
        description="The same as a link to the operator's page, which asks for the passkey.",
        examples=["https://monitor.example/operator/invitation#Zl0mJ8pXKq2b9VtS4nWcRyH1uEo"],
    )
    expires_at: Moment = Field(description="Until when it may be used.", examples=["2026-11-29T08:30:00Z"])


class RegistrationRequest(Part):
    """Begin to register a passkey."""

    code: Annotated[str, Field(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")] = Field(
        description="The code of the invitation.", examples=["Zl0mJ8pXKq2b9VtS4nWcRyH1uEo"]
    )


class CeremonyView(Part):
    """A ceremony that was begun; it can be ended once, within two minutes."""

    ceremony: str = Field(description="Id of the ceremony.", examples=["cer_8w1x5m0d3k9q7h2z6v4t1b0cjy"])
    options: dict[str, Any] = Field(
        description="For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.",
        examples=[{"challenge": "9tPq…", "rpId": "monitor.example", "userVerification": "required"}],
    )


class RegistrationAnswer(Part):
    """The end of a registration."""

    credential: Credential
    device_key: DeviceKey | None = Field(
        None,
        description="Ed25519 public key of this device, base64, where an operator will connect from it too.",
        examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    )


class PasskeyView(Part):
    """A registered passkey."""

    id: str = Field(description="Id of the passkey.", examples=["pk_5d0k9s1w7e2xn"])
    holder: str = Field(description="Whose it is.", examples=["op_7h2m9q0d5k1wz"])
    synced: bool = Field(
        description="Whether it may be on several devices, as its authenticator says; a policy may not count such.",
        examples=[False],
    )
    authenticator: str = Field(
        description="AAGUID of the kind of authenticator; zeros where it does not tell.",
        examples=["00000000-0000-0000-0000-000000000000"],
    )
    added_at: Moment = Field(description="When it was registered.", examples=["2026-11-22T08:30:00Z"])
    used_at: Moment | None = Field(None, description="When it was used last.", examples=["2026-11-25T19:00:00Z"])
    revoked_at: Moment | None = Field(None, description="Since when it counts no more.", examples=[None])
