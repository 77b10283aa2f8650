"""The claim of a shift as it is kept between asking and answering, and what is compared when the answer comes."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from monitor.operator.entry import Arrival
from protocols.passkey.ceremony import PasskeyRefused
from protocols.passkey.shift import ShiftClaim
from protocols.session import Session
from registry.session import stream_name


def claim_of(arrival: Arrival, session: Session, nonce: bytes) -> ShiftClaim:
    """What the passkey of somebody who has arrived is to sign."""
    return ShiftClaim(
        session=session.id,
        stream=stream_name(session),
        avatar=session.avatar,
        operator=arrival.operator,
        epoch=session.epoch,
        nonce=nonce,
        channel_key=arrival.channel_key,
    )


def written(claim: ShiftClaim) -> dict[str, Any]:
    """The claim as JSON: whoever has it can compute the challenge that the passkey signed."""
    return {
        "session": claim.session,
        "stream": claim.stream,
        "avatar": claim.avatar,
        "operator": claim.operator,
        "epoch": claim.epoch,
        "nonce": b64encode(claim.nonce).decode(),
        "channel_key": b64encode(claim.channel_key).decode(),
    }


def arrival_of(context: Mapping[str, Any]) -> Arrival:
    """Whose channel a kept claim is of."""
    key = b64decode(context["channel_key"])
    return Arrival(operator=context["operator"], session=context["session"], channel_key=key)


def same_channel(asked: Arrival, answered: Arrival) -> None:
    """Raise PasskeyRefused where an answer comes over another channel than was asked."""
    for part in ("operator", "session", "channel_key"):
        if getattr(asked, part) != getattr(answered, part):
            raise PasskeyRefused("This answer is to another channel's question.")


def credential_of(text: str) -> Mapping[str, Any]:
    """What the browser gave. Raises PasskeyRefused."""
    try:
        credential = json.loads(text)
    except (ValueError, RecursionError):
        credential = None
    if not isinstance(credential, dict):
        raise PasskeyRefused("This is not the response of a passkey; send what the browser gave, as it is.")
    return credential
