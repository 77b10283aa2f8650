"""The two ceremonies: a passkey is registered, and a registered one asserts a challenge.

User verification is always required: a passkey that was merely touched says that somebody is there, not who.
Attestation is not asked for, so that whether a passkey is bound to its device is what its own authenticator says
(flag BE): honest authenticators do, and a forger registers a passkey of their own making in any case.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from protocols.channel.seal import base64url, unbase64url
from protocols.channel.violation import TheirViolation

CHALLENGE_BYTES = 32
WITHIN_S = 120.0
"""Seconds that a ceremony may take: finding the phone, the finger, the PIN."""
LONGEST_CREDENTIAL = 16_384
"""Characters of a credential's JSON; real ones have two or three thousand."""
_ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_MILLISECONDS = 1000


class PasskeyRefused(ValueError):
    """A passkey's response that proves nothing; the text says what to do, and nothing about anybody's passkeys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """Whom the passkeys are for: a domain (``id``), a name that people see, and the web origins of its pages."""

    id: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a registration has proven. ``key`` is the COSE public key, ``synced`` its flag BE."""

    credential: bytes
    key: bytes
    sign_count: int
    synced: bool
    aaguid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """What an assertion has proven: this credential's holder is there and was verified."""

    credential: bytes
    sign_count: int
    synced: bool


def registration_options(
    party: RelyingParty, *, holder: str, label: str, challenge: bytes, known: Sequence[bytes] = ()
) -> dict[str, Any]:
    """The options for ``navigator.credentials.create``. ``holder`` is an id without meaning elsewhere.

    ``known``: credentials that the holder has; their authenticators are not taken twice.
    """
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=holder.encode(),
        user_name=label,
        user_display_name=label,
        challenge=challenge,
        timeout=int(WITHIN_S * _MILLISECONDS),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in known],
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json_dict(options)


def assertion_options(party: RelyingParty, *, challenge: bytes, allowed: Sequence[bytes] = ()) -> dict[str, Any]:
    """The options for ``navigator.credentials.get``; without ``allowed`` the authenticator offers whom it knows."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=int(WITHIN_S * _MILLISECONDS),
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in allowed],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def register(party: RelyingParty, credential: Mapping[str, Any], challenge: bytes) -> Registered:
    """Check the answer of ``navigator.credentials.create`` (as its ``toJSON``). Raises PasskeyRefused."""
    _bounded(credential)
    try:
        found = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        _at_home(credential)
    except Exception as error:  # the library raises whatever its parsers do
        raise PasskeyRefused("This passkey could not be registered; begin again on this page.") from error
    return Registered(
        credential=found.credential_id,
        key=found.credential_public_key,
        sign_count=found.sign_count,
        synced=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        aaguid=found.aaguid,
    )


def credential_id(credential: Mapping[str, Any]) -> bytes:
    """Which credential a response claims to be of. Raises PasskeyRefused."""
    text = credential.get("id")
    if not isinstance(text, str) or not 1 <= len(text) <= 1400:
        raise PasskeyRefused("This is not the response of a passkey; send what the browser gave, as it is.")
    try:
        return unbase64url(text, len(text) * 3 // 4)
    except TheirViolation:
        raise PasskeyRefused("This is not the response of a passkey; send what the browser gave, as it is.") from None


def verify(
    party: RelyingParty, credential: Mapping[str, Any], *, challenge: bytes, key: bytes, sign_count: int
) -> Asserted:
    """Check the answer of ``navigator.credentials.get`` (as its ``toJSON``) against a registered passkey.

    The signature counter must have risen, where the authenticator counts at all. Raises PasskeyRefused.
    """
    _bounded(credential)
    try:
        found = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
        _at_home(credential)
    except Exception as error:  # the library raises whatever its parsers do
        raise PasskeyRefused("The passkey's answer does not fit; begin again on this page.") from error
    return Asserted(
        credential=found.credential_id,
        sign_count=found.new_sign_count,
        synced=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def _bounded(credential: Mapping[str, Any]) -> None:
    if len(json.dumps(credential, ensure_ascii=True)) > LONGEST_CREDENTIAL:
        raise PasskeyRefused("This is longer than any passkey's response; send what the browser gave, as it is.")


def _at_home(credential: Mapping[str, Any]) -> None:
    """Refuse what was made in a frame on a page of another site."""
    text = cast("str", credential["response"]["clientDataJSON"])
    if parse_client_data_json(_octets(text)).cross_origin:
        raise PasskeyRefused("The passkey was used inside of another site's page.")


def _octets(text: str) -> bytes:
    return unbase64url(text, len(text) * 3 // 4)


def written(credential: bytes) -> str:
    """A credential's id as it goes over the wire."""
    return base64url(credential)
