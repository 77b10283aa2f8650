"""Operators as the backend enrols and reads them. No real name and no ID number: who somebody is, the issuer knows."""

import base64
from typing import Annotated, Literal

from pydantic import Field

from protocols.backend.part import Identifier, Moment, Part
from protocols.gesture import Ability


def key_bytes(text: str) -> bytes:
    """The 32 bytes of a key written as base64 or base64url, padded or not. Raises ValueError."""
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    if len(key) != 32:
        raise ValueError(f"an Ed25519 public key has 32 bytes, not {len(key)}")
    return key


DeviceKey = Annotated[str, Field(min_length=43, max_length=44, pattern=r"^[A-Za-z0-9+/_-]{43}=?$")]
"""An Ed25519 public key: 32 bytes in base64 or base64url."""


Issuer = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x20\x7f<>\"\\^`{|}]+$")]
"""A name or a URL: printable, without spaces."""


class EnrolOperator(Part):
    """An operator whose real-name authentication was done by an issuer, and the key of the operator's device."""

    issuer: Issuer = Field(
        description="Who authenticated the person: the identity provider's name, or its OpenID Connect issuer URL.",
        examples=["https://id.example"],
    )
    pseudonym: Identifier = Field(
        description="The pairwise pseudonym that the issuer gave for this person. Never a real name or ID number.",
        examples=["b2f6c0d1"],
    )
    assurance: Identifier = Field(description="The issuer's assurance level.", examples=["high"])
    verified_at: Moment | None = Field(
        None,
        description="When the issuer authenticated the person; now where absent.",
        examples=["2026-11-01T10:00:00Z"],
    )
    device_key: DeviceKey = Field(
        description="Ed25519 public key of the operator's device, base64. More can be added later.",
        examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    )


class VerifyOperator(Part):
    """What an identity provider has verified: the person is enrolled by it, or verified anew."""

    token: Annotated[str, Field(min_length=16, max_length=16_384, pattern=r"^[A-Za-z0-9_.-]+$")] = Field(
        description="The ID token with `verified_claims`, or the platform's assertion, as the issuer signed it. It is "
        "not kept, and nothing is taken of it but issuer, pseudonym, level and time.",
        examples=["eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOi…"],
    )
    device_key: DeviceKey | None = Field(
        None,
        description="Ed25519 public key of the operator's device, base64; a passkey's page can bring one later.",
        examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    )


class ProfileRequest(Part):
    """What an operator cannot do. No reason is asked for."""

    cannot: list[Annotated[Ability, Field(strict=False)]] = Field(
        max_length=len(Ability),
        description="Movements that the operator is never asked for: head, mouth, eyelids, hands.",
        examples=[["hands"]],
    )


class DeviceKeyRequest(Part):
    """Another device of an operator."""

    device_key: DeviceKey = Field(
        description="Ed25519 public key of the device, base64.",
        examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    )


OperatorStanding = Literal["active", "revoked"]


class OperatorView(Part):
    """An enrolled operator."""

    id: str = Field(description="Id of the operator.", examples=["op_7h2m9q0d5k1wz"])
    issuer: str = Field(description="Who authenticated the person.", examples=["https://id.example"])
    pseudonym: str = Field(description="The issuer's pairwise pseudonym.", examples=["b2f6c0d1"])
    assurance: str = Field(description="The issuer's assurance level.", examples=["high"])
    verified_at: Moment = Field(description="When the person was authenticated.", examples=["2026-11-01T10:00:00Z"])
    state: OperatorStanding = Field(description="Only an active operator may drive.", examples=["active"])
    cannot: list[str] = Field(
        default_factory=list, description="Movements that the operator is never asked for.", examples=[["hands"]]
    )
    device_keys: list[str] = Field(
        description="Ed25519 public keys of the operator's devices, base64, oldest first.",
        examples=[["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]],
    )
